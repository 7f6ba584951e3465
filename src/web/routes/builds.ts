/** Builds: shared by all who wait for them, they hold nothing of anybody's launch. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { SlipwayError } from '../../errors.ts';
import type { AskedBuild } from '../../service/types.ts';
import { checkOperator, clientOf, limitedName } from '../client.ts';
import type { Web } from '../context.ts';
import { BuildAnswer, Failure, IdParams, RequestBody } from '../schemas.ts';
import { lastSeen } from '../sse.ts';
import { admit } from './launches.ts';

const tags = ['builds'];

function answer(record: AskedBuild, isOperator: boolean): Static<typeof BuildAnswer> {
  const { askedBy, ask, asks: _asks, ...rest } = record;
  const path = `/api/v1/builds/${record.id}`;
  return {
    ...rest,
    ...(isOperator && { askedBy }),
    ...(ask !== undefined && { cancel: `${path}?ask=${ask}` }),
    events: `${path}/events`,
    log: `${path}/log`,
  };
}

export async function buildRoutes(plain: FastifyInstance, web: Web): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { service, config, streams } = web;

  const known = async (id: string) => {
    const record = await service.buildRecord(id);
    if (record) return record;
    throw new SlipwayError('build_not_found', 'There is no such build, or it is no longer known.');
  };

  app.post(
    '/builds',
    {
      schema: {
        tags,
        summary: 'Build only',
        description: 'Begins a build, or joins the one of the same commit; one that was done already is completed.',
        body: RequestBody,
        response: { 200: BuildAnswer, 202: BuildAnswer, '4xx': Failure, '5xx': Failure },
      },
    },
    async (request, reply) => {
      await admit(request, reply, request.body, web);
      const client = clientOf(request, config);
      const record = await service.build({ ...request.body, buildOnly: true }, client);
      reply.header('location', `/api/v1/builds/${record.id}`);
      return reply.code(record.state === 'completed' ? 200 : 202).send(answer(record, client.isOperator));
    },
  );

  app.get(
    '/builds/:id',
    {
      schema: {
        tags,
        summary: 'What became of a build',
        params: IdParams,
        response: { 200: BuildAnswer, '4xx': Failure, '5xx': Failure },
      },
    },
    async (request) => answer(await known(request.params.id), clientOf(request, config).isOperator),
  );

  app.get(
    '/builds/:id/log',
    {
      schema: {
        tags,
        summary: 'The log of a build, also after the fact',
        params: IdParams,
        produces: ['text/plain'],
      },
    },
    async (request, reply) => {
      const log = await service.buildLog((await known(request.params.id)).id);
      if (!log) throw new SlipwayError('build_not_found', 'The log of this build is not kept any more.');
      return reply.header('content-type', 'text/plain; charset=utf-8').send(log);
    },
  );

  app.get(
    '/builds/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Follow a build (server-sent events)',
        description: 'As the events of a launch, without session; ends when the build does.',
        params: IdParams,
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      const { id } = await known(request.params.id);
      const last = lastSeen(request.headers['last-event-id']);
      const told = { story: id, seen: last?.story === id ? last.n : undefined };
      await streams.tell(reply, limitedName(request), told, (from, signal) => service.watchBuild(id, from, signal));
    },
  );

  app.delete(
    '/builds/:id',
    {
      schema: {
        tags,
        summary: 'Cancel a build',
        description:
          'By the path that asking for it gave: it ends when nobody else wants it. Operators end it for all.',
        security: [{ operator: [] }, {}],
        params: IdParams,
        querystring: Type.Object({ ask: Type.Optional(Type.String({ maxLength: 64 })) }),
        response: { 204: Type.Null(), '4xx': Failure },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { ask } = request.query;
      if (ask === undefined || !(await service.takeBackBuild(id, ask))) {
        checkOperator(request, config);
        await service.cancelBuild((await known(id)).id);
      }
      return reply.code(204).send(null);
    },
  );
}
