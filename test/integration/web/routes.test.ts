/** Routes of the built service beside its streams: BinderHub's, pages, badges, the API's description, what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plain } from '../../support/builds.ts';
import { listen } from '../../support/event-stream.ts';
import { ADMIN_TOKEN, openServed, type Part, type Served } from '../../support/served.ts';

let served: Served;
let part: Part;
let tides: string;

beforeAll(async () => {
  served = await openServed({ SLIPWAY_SITE_RECENT: 'on' });
  part = await served.serve();
  tides = (await served.world.repo('tides', plain('routes'))).url;
});
afterAll(async () => {
  await served?.close();
});

function get(path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> {
  return fetch(served.url + path, { redirect: 'manual', headers, ...init });
}

const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe("BinderHub's routes", () => {
  it('say which service it is, and which repositories it takes', async () => {
    const versions = await get('/versions', { origin: 'https://elsewhere.example' });
    expect(versions.headers.get('access-control-allow-origin')).toBe('*');
    expect(await versions.json()).toEqual({
      builder_info: { name: 'slipway', version: expect.stringMatching(/^\d/) },
      binderhub: expect.stringMatching(/^\d/),
      builder: 'slipway',
    });
    const providers = (await (await get('/api/repoproviders')).json()) as { id: string; spec: object; repo: object }[];
    expect(providers.map(({ id }) => id)).toEqual(['gh', 'gl', 'gist', 'zenodo', 'git']);
    for (const one of providers)
      expect(one).toMatchObject({
        displayName: expect.any(String),
        spec: { validateRegex: expect.any(String) },
        repo: { label: expect.any(String), placeholder: expect.any(String) },
        ref: one.id === 'zenodo' ? { enabled: false, default: '' } : { enabled: true, default: 'HEAD' },
      });
  });

  it('tell its health, also by HEAD', async () => {
    const health = await get('/health');
    const body = (await health.json()) as { checks: { service: string; ok: boolean }[] };
    expect(health.status).toBe(200);
    expect(body).toMatchObject({ ok: true });
    expect(body.checks.length).toBeGreaterThan(2);
    for (const check of body.checks) expect(check).toMatchObject({ service: expect.any(String), ok: true });
    expect(body.checks.find(({ service }) => service === 'Pod quota')).toHaveProperty('quota');
    const head = await get('/health', {}, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    ['/repo/org/name', '/v2/gh/org/name/HEAD'],
    ['/repo/org/name/', '/v2/gh/org/name/HEAD'],
    ['/repo/org/name/notebooks/a.ipynb', '/v2/gh/org/name/HEAD?urlpath=%2Fnotebooks%2Fa.ipynb'],
    ['/repo//evil.example/x', '/v2/gh//evil.example/HEAD?urlpath=%2Fx'],
  ])('lead %s to the launch page', async (path, target) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, target]);
  });

  it('let pages of other sites ask with the headers that their clients send', async () => {
    for (const path of ['/build/gh/a/b/HEAD', '/api/v1/launches']) {
      const answer = await get(
        path,
        {
          origin: 'https://elsewhere.example',
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'cache-control,authorization',
        },
        { method: 'OPTIONS' },
      );
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('access-control-allow-headers')).toMatch(/cache-control.*authorization/);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it.each([
    ['/build/gh/%zz/x/HEAD', 400],
    ['/build/nowhere/a/b', 400],
    ['/build/git/file%3A%2F%2F%2Fetc/HEAD', 400],
    ['/build/git/http%3A%2F%2F10.0.0.1%2Fx/HEAD', 403],
    ['/build/gh/org/repo/--upload-pack=x', 400],
    ['/build/gh/', 404],
  ])('refuse %s in a stream', async (path, status) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const data = /^data: (.*)$/m.exec(await answer.text())?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({ phase: 'failed', status_code: status, code: expect.any(String) });
  });
});

describe('pages', () => {
  it('are whole, compressed, and load nothing from elsewhere', async () => {
    for (const path of ['/', '/about', `/v2/${served.spec(tides)}`]) {
      const answer = await get(path, { ...PAGE, 'accept-encoding': 'gzip, br' });
      const text = await answer.text();
      expect(answer.status, path).toBe(200);
      expect(answer.headers.get('content-encoding')).toBe('br');
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/default-src 'none'/);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(text).toMatch(/^<!doctype html>/i);
      for (const [, file] of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
        const asset = await get(file ?? '');
        expect([file, asset.status]).toEqual([file, 200]);
        expect(asset.headers.get('cache-control')).toMatch(/immutable/);
      }
      const etag = answer.headers.get('etag') ?? '';
      expect((await get(path, { ...PAGE, 'if-none-match': etag })).status).toBe(304);
    }
  });

  it('of a launch begin nothing by being looked at', async () => {
    for (let look = 0; look < 3; look += 1) await get(`/v2/${served.spec(tides)}`, PAGE);
    await get(`/badge/${served.spec(tides)}.svg`);
    const { body } = await served.call<{ waiting: number; active: number }>('/api/v1/queue');
    expect(body).toMatchObject({ waiting: 0, active: 0 });
    expect(served.world.server.requests).toEqual([]);
  });

  it('work without script: a form that leads to the launch page, a button that begins, a page that tells', async () => {
    const form = await get(`/launch?${new URLSearchParams({ repo: tides, ref: 'HEAD', path: 'tides.ipynb' })}`, PAGE);
    expect(form.status).toBe(303);
    const link = form.headers.get('location') ?? '';
    expect(link).toBe(`/v2/${served.spec(tides)}?labpath=tides.ipynb`);
    const page = await (await get(link, PAGE)).text();
    const token = /name="token" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const begun = await get(link, PAGE, { method: 'POST', body: new URLSearchParams({ token }) });
    expect(begun.status).toBe(303);
    const launch = begun.headers.get('location') ?? '';
    expect(launch).toMatch(/^\/launches\/[0-9a-f]{32}$/);
    await listen(`${served.url}/api/v1${launch}/events`);
    const ready = await get(launch, PAGE);
    expect(ready.headers.get('cache-control')).toBe('no-store');
    const session = new RegExp(`href="(${served.sessionUrl}/user/[^"]+)"`).exec(await ready.text())?.[1] ?? '';
    expect(session).toMatch(/\/doc\/tree\/tides\.ipynb\?token(?:=|&#x3D;)[0-9a-f]{64}$/);
    const { status } = await served.call(`/api/v1${launch}`, { method: 'DELETE' });
    expect(status).toBe(204);
  });

  it('say what is wrong with what was typed, and keep it', async () => {
    const answer = await get(`/launch?${new URLSearchParams({ repo: '"><script>alert(1)</script>' })}`, PAGE);
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('keep a pasted page whole, of which only its host knows where the branch ends', async () => {
    const repo = 'https://github.com/org/name/blob/feature/x/a.ipynb';
    const answer = await get(`/launch?${new URLSearchParams({ repo })}`, PAGE);
    expect(answer.headers.get('location')).toBe(`/v2/git/${encodeURIComponent(repo)}`);
    expect((await get(answer.headers.get('location') ?? '', PAGE)).status).toBe(200);
  });

  it('of a DOI have nothing looked up for them', async () => {
    const form = await get(`/launch?${new URLSearchParams({ repo: 'doi:10.5281/zenodo.1234' })}`, PAGE);
    expect([form.status, form.headers.get('location')]).toEqual([303, '/v2/zenodo/10.5281/zenodo.1234']);
    const page = await get('/v2/zenodo/10.5281/zenodo.1234/', PAGE);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('10.5281/zenodo.1234 on Slipway')]);
    const withRef = await get(`/launch?${new URLSearchParams({ repo: '10.5281/zenodo.1234', ref: 'main' })}`, PAGE);
    expect([withRef.status, await withRef.text()]).toEqual([400, expect.stringContaining('stands for one version')]);
  });

  it('that there are not are 404: a page for people, JSON for programs', async () => {
    const page = await get('/no/such/page', PAGE);
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    const program = await get('/api/v1/nothing', PAGE);
    expect(program.status).toBe(404);
    expect(await program.json()).toMatchObject({ code: 'not_found', blame: 'user' });
    expect((await get('/%c0%ae/', PAGE)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('badges', () => {
  it('are small pictures that other sites may show and keep', async () => {
    for (const path of [
      '/badge.svg',
      '/badge_logo.svg',
      '/assets/images/badge.svg',
      `/badge/${served.spec(tides)}.svg`,
    ]) {
      const answer = await get(path);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, 'image/svg+xml']);
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
      expect(await answer.text()).toMatch(/^<svg /);
    }
  });
});

describe('the API', () => {
  it('describes itself', async () => {
    const docs = (await (await get('/api/docs/json')).json()) as { paths: Record<string, object>; openapi: string };
    expect(docs.openapi).toBe('3.1.0');
    expect(Object.keys(docs.paths)).toEqual(
      expect.arrayContaining(['/api/v1/launches', '/api/v1/launches/{id}/events', '/api/v1/builds/{id}/log']),
    );
    const page = await get('/api/docs/', PAGE);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe/);
  });

  it.each([
    ['nothing', undefined, 400],
    ['no repository', {}, 400],
    ['a number', { repo: 7 }, 400],
    ['an unknown field', { repo: 'gh/a/b', token: 'x' }, 400],
    ['a prototype', '{"repo":"gh/a/b","__proto__":{"x":1}}', 400],
    ['too much', { repo: 'gh/a/b', urlpath: 'x'.repeat(70_000) }, 413],
    ['a long field', { repo: 'gh/a/b', urlpath: 'x'.repeat(3000) }, 400],
    ['broken JSON', '{"repo":', 400],
    ['a rebuild', { repo: 'gh/a/b', refresh: true }, 403],
    ['a path that leads out', { repo: 'gh/a/b/HEAD', urlpath: 'https://evil.example/' }, 400],
  ])('refuses %s', async (_what, body, status) => {
    const answer = await get(
      '/api/v1/launches',
      { 'content-type': 'application/json' },
      { method: 'POST', ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }) },
    );
    expect([answer.status, await answer.json()]).toEqual([
      status,
      expect.objectContaining({ code: expect.any(String), message: expect.any(String), status }),
    ]);
  });

  it('lets nobody but the operator cancel what others wait for', async () => {
    const path = '/api/v1/builds/01JD0000000000000000000000';
    expect((await served.call(path, { method: 'DELETE' })).status).toBe(403);
    expect((await served.call(path, { method: 'DELETE', asOperator: true })).status).toBe(404);
  });
});

describe("the operator's board", () => {
  it('shows its page, and nothing else, without the token', async () => {
    const page = await get('/admin/queues', PAGE);
    const text = await page.text();
    expect(page.status).toBe(200);
    expect(text).toMatch(/<script type="module" src="\/assets\/board-[^"]+"><\/script>\s*<script defer/);
    expect(text).not.toMatch(/https?:\/\/fonts/);
    expect(page.headers.getSetCookie()).toEqual([]);
    expect((await get('/admin/queues/api/queues')).status).toBe(403);
    for (const path of ['/admin/queues/api/queues', '/admin/queues//api/queues', '/admin/queues/%61pi/queues']) {
      expect((await get(path)).status, path).toBeGreaterThanOrEqual(400);
      const basic = `Basic ${Buffer.from(`admin:${ADMIN_TOKEN}`).toString('base64')}`;
      expect((await get(path, { authorization: basic })).status, path).toBeGreaterThanOrEqual(400);
      expect((await get(path, { cookie: `token=${ADMIN_TOKEN}` })).status, path).toBeGreaterThanOrEqual(400);
    }
    const queues = await get('/admin/queues/api/queues', { authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(queues.status).toBe(200);
    expect(((await queues.json()) as { queues: { name: string }[] }).queues.map(({ name }) => name)).toEqual([
      'builds',
      'tiers',
    ]);
  });
});

describe('metrics', () => {
  it('count what ended, by outcome and not by watcher', async () => {
    const text = await (await get('/metrics')).text();
    expect(text).toMatch(/^slipway_launch_seconds_count\{provider="git",outcome="ready",cached="[^"]+"\} [1-9]/m);
    expect(text).toMatch(/^slipway_queue_builds\{state="waiting"\} 0$/m);
    expect(text).toMatch(/^slipway_sessions \d+$/m);
    expect(text).toMatch(/^slipway_http_requests_total\{method="GET",route="\/v2\/\*",status="200"\} [1-9]/m);
    expect(text).not.toMatch(/token=|[0-9a-f]{32}/);
  });
});

describe('the log', () => {
  it('holds neither tokens nor ids of launches', () => {
    expect(part.log()).toContain('Slipway is ready');
    expect(part.log()).not.toMatch(/[?&]token=|launches\/[0-9a-f]{32}/);
    expect(part.log()).not.toContain(ADMIN_TOKEN);
  });
});
