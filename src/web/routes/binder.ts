/** BinderHub's routes, as its clients expect them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { repoProviders } from '../../pipeline.ts';
import { VERSION } from '../../root.ts';
import { failedEvent } from '../../service/failures.ts';
import { clientOf, limitedName } from '../client.ts';
import type { Web } from '../context.ts';
import { ALLOWED_HEADERS } from '../plugins/cors.ts';
import { caught } from '../plugins/errors.ts';
import { parameter, specOf } from '../spec.ts';
import { lastSeen, singleEvent } from '../sse.ts';

/** The launch that a stream shows: one that the client lost its stream of, else a new one. */
async function launchFor(
  request: FastifyRequest,
  reply: FastifyReply,
  { service, limits, streams, config, inTurn }: Web,
): Promise<{ story: string; seen: number | undefined }> {
  streams.checkRoom(limitedName(request));
  const last = lastSeen(request.headers['last-event-id']);
  if (last && (await service.launchRecord(last.story))) return { story: last.story, seen: last.n };
  const repo = specOf(request);
  await limits.count(request, reply, { repo, token: parameter(request, 'build_token') });
  const buildOnly = /^(true|1)$/i.test(parameter(request, 'build_only') ?? '');
  const { id } = await inTurn(() => service.launch({ repo, buildOnly }, clientOf(request, config)));
  return { story: id, seen: undefined };
}

export async function binderRoutes(app: FastifyInstance, web: Web): Promise<void> {
  const { service, streams } = web;

  await app.register(async (scope) => {
    // Clients look for a refusal in the stream, and take any other status for an outage.
    scope.setErrorHandler((thrown, request, reply) => {
      reply.code(200).header('access-control-allow-headers', ALLOWED_HEADERS);
      return singleEvent(reply, failedEvent(caught(request, thrown)));
    });
    scope.get('/build/*', { exposeHeadRoute: false, schema: { hide: true } }, async (request, reply) => {
      const told = await launchFor(request, reply, web);
      reply.header('access-control-allow-headers', ALLOWED_HEADERS);
      await streams.tell(reply, limitedName(request), told, (from, signal) => service.watch(told.story, from, signal));
    });
  });

  const providers = repoProviders();
  app.get('/api/repoproviders', { schema: { hide: true } }, () => providers);

  const versions = { builder_info: { name: 'slipway', version: VERSION }, binderhub: VERSION, builder: 'slipway' };
  app.get('/versions', { schema: { hide: true } }, () => versions);

  app.get('/repo/*', { schema: { hide: true } }, (request, reply) => {
    const [user = '', repo = '', ...path] = (request.params as { '*': string })['*'].split('/');
    const inner = path.join('/').replace(/^\/+|\/+$/g, '');
    const query = inner === '' ? '' : `?${new URLSearchParams({ urlpath: `/${inner}` })}`;
    return reply.redirect(`/v2/gh/${encodeURIComponent(user)}/${encodeURIComponent(repo)}/HEAD${query}`);
  });
}
