/** Other sites may call the API: it knows no cookies, so that nothing is theirs to misuse. */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.ts';

/** Headers that a page of another site may send. Plain answers say so too: clients of BinderHub expect it there. */
export const ALLOWED_HEADERS = 'cache-control, authorization, content-type, last-event-id, x-build-token';

export async function addCors(app: FastifyInstance, config: Config): Promise<void> {
  const origins = config.SLIPWAY_CORS_ORIGINS;
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : origins,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: 'x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, location',
    maxAge: 86_400,
  });
}
