/** Headers that keep browsers from doing what none of our pages asks for. */
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/**
 * @param policy directives of the pages' Content-Security-Policy; other answers narrow or replace it
 * @param isHttps browsers are told to stay with https
 */
export async function addSecurityHeaders(
  app: FastifyInstance,
  policy: Record<string, string[]>,
  isHttps: boolean,
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    hsts: isHttps,
  });
}
