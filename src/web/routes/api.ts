/** Our own API, `/api/v1`. */
import type { FastifyInstance } from 'fastify';
import type { Web } from '../context.ts';
import { buildRoutes } from './builds.ts';
import { launchRoutes } from './launches.ts';
import { overviewRoutes } from './overview.ts';

export async function apiRoutes(app: FastifyInstance, web: Web): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    // Answers may hold what is only for who asked.
    reply.header('cache-control', 'no-store');
  });
  await launchRoutes(app, web);
  await buildRoutes(app, web);
  await overviewRoutes(app, web);
}
