/** What would be built, what is being built, what runs. */
import { once } from 'node:events';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { clientOf } from '../client.ts';
import type { Web } from '../context.ts';
import { Failure, QueueAnswer, SessionsAnswer } from '../schemas.ts';
import { specOf } from '../spec.ts';

export async function overviewRoutes(plain: FastifyInstance, { service, limits, config }: Web): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.get(
    '/plan/*',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'What would be built, and why',
        description: '`/plan/<provider>/<spec>`; fetches the commit when it is not known yet, and builds nothing.',
        querystring: Type.Object({ subdir: Type.Optional(Type.String({ maxLength: 500 })) }),
      },
    },
    async (request, reply) => {
      const repo = specOf(request);
      const token = request.headers['x-build-token'];
      const given = typeof token === 'string' ? token : undefined;
      await limits.count(request, reply, { what: 'previews', repo, token: given });
      const gone = new AbortController();
      once(reply.raw, 'close', { signal: gone.signal }).then(
        () => gone.abort(),
        () => undefined,
      );
      const { subdir } = request.query;
      return service.preview({ repo, ...(subdir && { subdir }) }, clientOf(request, config), gone.signal);
    },
  );

  app.get(
    '/queue',
    {
      schema: {
        summary: 'Builds that wait or are being done; who asked for them, for operators',
        response: { 200: QueueAnswer, '5xx': Failure },
      },
    },
    async (request) => {
      const queue = await service.queue();
      if (clientOf(request, config).isOperator) return queue;
      return { ...queue, builds: queue.builds.map(({ askedBy: _askedBy, ...rest }) => rest) };
    },
  );

  app.get(
    '/sessions',
    {
      schema: {
        summary: 'How many sessions run; which, for operators',
        response: { 200: SessionsAnswer, '5xx': Failure },
      },
    },
    async (request) => {
      if (!clientOf(request, config).isOperator) return { running: await service.sessions.count() };
      const sessions = await service.sessions.list();
      return { running: sessions.filter(({ state }) => state !== 'ended').length, sessions };
    },
  );
}
