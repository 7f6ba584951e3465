/** Headers that keep browsers from doing what none of our pages asks for. */
import helmet from '@fastify/helmet';
import { type FastifyInstance, fastify } from 'fastify';

/**
 * @param policy directives of the pages' Content-Security-Policy; other answers narrow or replace it
 * @param isHttps browsers are told to stay with https
 */
export async function addSecurityHeaders(
  app: FastifyInstance,
  policy: Record<string, string[]>,
  isHttps: boolean,
): Promise<void> {
  const headers = await helmetHeaders(policy, isHttps);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}

/** Taken from one answer: helmet puts the same text together anew for each, which takes longer than all else of a page. */
async function helmetHeaders(policy: Record<string, string[]>, isHttps: boolean): Promise<Record<string, string>> {
  const sample = fastify();
  await sample.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    hsts: isHttps,
  });
  sample.get('/', (_request, reply) => reply.code(204).send());
  const { headers } = await sample.inject('/');
  await sample.close();
  const { date: _date, connection: _connection, ...own } = headers as Record<string, string>;
  return own;
}
