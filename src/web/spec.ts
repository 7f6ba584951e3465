/** Paths that end in a spec: `/build/gh/org/repo/ref`, of which the percent-encoding is part. */
import type { FastifyRequest } from 'fastify';
import { SlipwayError } from '../errors.ts';
import { repoProviders } from '../pipeline.ts';

const SPEC_PATH = /^\/(?:build|v2|badge|api\/v1\/plan)\/([^/]+)\/(.+)$/;

/**
 * What the router is given instead of a URL: percent signs of a spec escaped, so that it takes any of them and decodes
 * none. Whoever reads the spec decodes, exactly once.
 */
export function keepEncoding(url: string): string {
  const path = pathOf(url);
  return SPEC_PATH.test(path) ? path.replaceAll('%', '%25') + url.slice(path.length) : url;
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/** The query as it was written, `?` included, '' for none. */
export function queryOf(request: FastifyRequest): string {
  return request.originalUrl.slice(pathOf(request.originalUrl).length);
}

/**
 * `<provider>/<spec>` at the end of a request's path, still encoded.
 * @throws not_found, bad_spec for a provider that there is not
 */
export function specOf(request: FastifyRequest): string {
  const [, provider, spec] = SPEC_PATH.exec(pathOf(request.originalUrl)) ?? [];
  if (provider === undefined || spec === undefined) throw new SlipwayError('not_found', 'There is no such page.');
  if (repoProviders().some(({ id }) => id === provider)) return `${provider}/${spec.replace(/\/+$/, '')}`;
  const known = repoProviders().map(({ id }) => id);
  throw new SlipwayError('bad_spec', 'No provider of repositories has this name.', {
    hint: `There are ${known.join(', ')}.`,
  });
}

/** A parameter of the query; of several with one name the first. */
export function parameter(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, string | string[] | undefined>)[name];
  return Array.isArray(value) ? value[0] : value;
}
