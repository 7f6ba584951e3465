import { type FastifyInstance, fastify } from 'fastify';
import { beforeAll, describe, expect, it } from 'vitest';
import { keepEncoding, parameter, queryOf, specOf } from '../../../src/web/spec.ts';

let app: FastifyInstance;

beforeAll(() => {
  app = fastify({
    rewriteUrl: (request) => keepEncoding(request.url ?? ''),
    routerOptions: { maxParamLength: 8000 },
  });
  for (const path of ['/build/*', '/v2/*', '/api/v1/plan/*'])
    app.get(path, (request) => ({
      spec: specOf(request),
      query: queryOf(request),
      urlpath: parameter(request, 'urlpath'),
    }));
});

const get = async (url: string) => (await app.inject(url)).json();

describe('the spec of a path', () => {
  it.each([
    ['/build/gh/org/repo/feature/x', 'gh/org/repo/feature/x'],
    ['/build/gh/org%2Frepo/HEAD', 'gh/org%2Frepo/HEAD'],
    ['/build/gl/group%2Fsub%2Fproject/main/', 'gl/group%2Fsub%2Fproject/main'],
    ['/build/gh/org/repo/a%252Fb', 'gh/org/repo/a%252Fb'],
    ['/build/gh/org/repo/100%', 'gh/org/repo/100%'],
    ['/build/gh/org/repo/%zz', 'gh/org/repo/%zz'],
    ['/api/v1/plan/git/https%3A%2F%2Fhost%2Frepo/HEAD', 'git/https%3A%2F%2Fhost%2Frepo/HEAD'],
  ])('%s keeps its encoding', async (url, spec) => {
    expect(await get(url)).toMatchObject({ spec });
  });

  it('is told from the query, which is decoded as ever', async () => {
    const url = '/v2/gh/org/repo/HEAD?urlpath=lab%2Ftree%2Fa%2520b.ipynb&urlpath=other';
    expect(await get(url)).toEqual({
      spec: 'gh/org/repo/HEAD',
      query: '?urlpath=lab%2Ftree%2Fa%2520b.ipynb&urlpath=other',
      urlpath: 'lab/tree/a%20b.ipynb',
    });
  });

  it.each(['/build/nonsense/a/b', '/build/constructor/a/b', '/build/https:/host/repo', '/build/GH/a/b'])(
    '%s names no provider',
    async (url) => {
      expect(await get(url)).toMatchObject({ code: 'bad_spec' });
    },
  );
});
