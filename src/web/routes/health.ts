/** `/health` and `/metrics`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Health } from '../../service/types.ts';
import type { Web } from '../context.ts';
import { Kept } from '../kept.ts';

const LONGEST = 8000;

/** A part that never answers must not make the whole answer late. */
async function inTime(health: Promise<Health>): Promise<Health> {
  const over = new AbortController();
  const late = sleep(LONGEST, undefined, { signal: over.signal }).then(() => {
    return { ok: false, checks: [{ service: 'Slipway', ok: false, message: `No answer within ${LONGEST / 1000} s` }] };
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([health, late]);
  } finally {
    over.abort();
  }
}

export async function healthRoutes(
  app: FastifyInstance,
  { service, metrics }: Pick<Web, 'service' | 'metrics'>,
): Promise<void> {
  // Tried once for all who ask within a second.
  const kept = new Kept<Health>(1000, 1);
  app.get('/health', async (_request, reply) => {
    const health = await kept.get('health', () => inTime(service.health()));
    return reply
      .code(health.ok ? 200 : 503)
      .headers({ 'cache-control': 'no-store', 'access-control-allow-origin': '*' })
      .send(health);
  });

  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.registry.metrics();
    return reply.headers({ 'content-type': metrics.registry.contentType, 'cache-control': 'no-store' }).send(text);
  });
}
