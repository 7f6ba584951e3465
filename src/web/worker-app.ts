/** What a worker answers: how it is and what it counted, for whoever watches it. */
import { type FastifyInstance, fastify, LogController } from 'fastify';
import type { Web } from './context.ts';
import { healthRoutes } from './routes/health.ts';

/** Not listening yet. */
export async function createWorkerApp({
  log,
  ...parts
}: Pick<Web, 'service' | 'metrics' | 'log'>): Promise<FastifyInstance> {
  const logController = new LogController({ disableRequestLogging: true });
  const app = fastify({ loggerInstance: log, logController }) as unknown as FastifyInstance;
  await healthRoutes(app, parts);
  return app;
}
