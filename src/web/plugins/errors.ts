/** Whatever was thrown → an answer: for people a page, for programs JSON. One of the three places where errors are translated. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SlipwayError } from '../../errors.ts';
import { failureOf } from '../../service/failures.ts';
import type { Failure } from '../../service/types.ts';
import { bodyOf } from '../bytes.ts';
import { renderError, type Site } from '../pages/index.ts';

/** Faults that Fastify finds in a request before any code of ours sees it. */
function asFailure(thrown: FastifyError | SlipwayError): Failure {
  const status = 'statusCode' in thrown ? (thrown.statusCode ?? 500) : 500;
  if (thrown instanceof SlipwayError || status >= 500) return failureOf(thrown);
  return { ...failureOf(new SlipwayError('bad_request', `${thrown.message}.`)), status };
}

/** As the request goes to the API, or asks for JSON before HTML. */
function wantsJson({ originalUrl, headers }: FastifyRequest): boolean {
  return originalUrl.startsWith('/api/') || !/text\/html/.test(headers.accept ?? '');
}

/** Answers with a failure; @returns what Fastify's handlers return */
export function sendFailure(request: FastifyRequest, reply: FastifyReply, failure: Failure, site: Site): FastifyReply {
  reply.code(failure.status).header('cache-control', 'no-store');
  if (failure.status === 503) reply.header('retry-after', 60);
  if (wantsJson(request)) return reply.send(failure);
  const page = bodyOf(renderError(site, { status: failure.status, failure }), 'text/html; charset=utf-8', 'no-store');
  return reply.header('content-type', page.type).send(page.bytes);
}

/** What a handler threw, as a failure; faults of ours are logged with their cause. */
export function caught(request: FastifyRequest, thrown: unknown): Failure {
  const failure = asFailure(thrown as FastifyError);
  if (failure.blame === 'bug') request.log.error({ err: thrown }, 'a request failed');
  else if (failure.blame === 'operator') request.log.warn({ code: failure.code }, failure.message);
  return failure;
}

export function addErrorHandler(app: FastifyInstance, site: Site): void {
  app.setErrorHandler((thrown, request, reply) => sendFailure(request, reply, caught(request, thrown), site));
  app.setNotFoundHandler((request, reply) => {
    const failure = failureOf(new SlipwayError('not_found', 'There is no such page.'));
    return sendFailure(request, reply, failure, site);
  });
}
