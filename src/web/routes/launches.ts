/** Launches: begin, see, follow, cancel. Whoever knows a launch's id may. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { SlipwayError } from '../../errors.ts';
import type { LaunchRecord } from '../../service/types.ts';
import { checkOperator, clientOf, limitedName } from '../client.ts';
import type { Web } from '../context.ts';
import { documentPolicy, renderDocument } from '../pages/index.ts';
import { Failure, IdParams, LaunchAnswer, RequestBody } from '../schemas.ts';
import { parameter } from '../spec.ts';
import { lastSeen } from '../sse.ts';
import { type Entry, entryOf } from '../story.ts';

const tags = ['launches'];

export function launchPath(id: string): string {
  return `/api/v1/launches/${id}`;
}

/** What may be told of a launch to who has its id. */
function answer(record: LaunchRecord, { link, over }: Entry = {}): Static<typeof LaunchAnswer> {
  const { id, state, spec, subdir, urlpath, buildOnly, createdAt, endedAt, resolved, build, image } = record;
  const { timings, error } = record;
  const { canonicalUrl, provider } = resolved?.spec ?? spec;
  return {
    id,
    state,
    repo: canonicalUrl,
    provider,
    ref: resolved?.ref ?? spec.ref ?? 'HEAD',
    subdir,
    buildOnly,
    createdAt,
    ...(resolved && { commit: resolved.commit }),
    ...(urlpath !== undefined && { urlpath }),
    ...(endedAt !== undefined && { endedAt }),
    ...(build !== undefined && { build }),
    ...(image !== undefined && { image }),
    ...(timings && { timings }),
    ...(link !== undefined && { link }),
    ...(over !== undefined && { over }),
    ...(error && { error }),
    events: `${launchPath(id)}/events`,
  };
}

/** Counts a request that begins something, and refuses what only operators may. */
export async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Static<typeof RequestBody>,
  { limits, config }: Web,
): Promise<void> {
  if (body.refresh) checkOperator(request, config);
  const token = request.headers['x-build-token'];
  await limits.count(request, reply, { repo: body.repo, token: typeof token === 'string' ? token : undefined });
}

export async function launchRoutes(plain: FastifyInstance, web: Web): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { service, config, streams, site, inTurn } = web;
  const policy = documentPolicy(site);

  const known = async (id: string) => {
    const record = await service.launchRecord(id);
    if (record) return record;
    throw new SlipwayError('launch_not_found', 'There is no such launch, or it is no longer known.');
  };

  app.post(
    '/launches',
    {
      schema: {
        tags,
        summary: 'Begin a launch',
        description:
          'Follow its events; it goes on without, but is given up when nobody looks for long while it waits.',
        body: RequestBody,
        response: { 201: LaunchAnswer, '4xx': Failure, '5xx': Failure },
      },
    },
    async (request, reply) => {
      await admit(request, reply, request.body, web);
      const record = await inTurn(() => service.launch(request.body, clientOf(request, config)));
      return reply.code(201).header('location', launchPath(record.id)).send(answer(record));
    },
  );

  app.get(
    '/launches/:id',
    {
      schema: {
        tags,
        summary: 'What became of a launch',
        params: IdParams,
        response: { 200: LaunchAnswer, '4xx': Failure, '5xx': Failure },
      },
    },
    async (request) => {
      const record = await known(request.params.id);
      return answer(record, await entryOf(service, record));
    },
  );

  app.get(
    '/launches/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Follow a launch (server-sent events)',
        description:
          "BinderHub's events, and named ones of ours (queue). Resumes after `Last-Event-ID`, in the header or as a parameter; ends after ready or failed.",
        params: IdParams,
        querystring: Type.Object({ 'last-event-id': Type.Optional(Type.String()) }),
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      const { id } = await known(request.params.id);
      const last = lastSeen(request.headers['last-event-id'] ?? parameter(request, 'last-event-id'));
      const told = { story: id, seen: last?.story === id ? last.n : undefined };
      await streams.tell(reply, limitedName(request), told, (from, signal) => service.watch(id, from, signal));
    },
  );

  app.get(
    '/launches/:id/document',
    { schema: { tags, summary: 'The notebook or README that a launch opens, to be read', params: IdParams } },
    async (request, reply) => {
      const document = await service.document((await known(request.params.id)).id);
      if (!document) throw new SlipwayError('not_found', 'There is nothing to read yet.');
      const headers = {
        'content-security-policy': policy,
        'x-frame-options': 'SAMEORIGIN',
        'content-type': 'text/html; charset=utf-8',
      };
      return reply.headers(headers).send(await renderDocument(site, document));
    },
  );

  app.delete(
    '/launches/:id',
    {
      schema: {
        tags,
        summary: 'Cancel a launch, or end its session',
        params: IdParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await service.cancel(request.params.id);
      return reply.code(204).send(null);
    },
  );
}
