/** A session through its own origin: pages, API, websockets, and what its server may not say. */
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { Session } from '../../../src/types.ts';
import { callServer, runCode } from '../../support/kernel.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { openSessions, resolvedOf, type SessionsUnderTest } from '../../support/sessions.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
let redis: TestRedis;
let given: { image: string; resolved: ReturnType<typeof resolvedOf> };
let open: SessionsUnderTest;
let session: Session;

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), startRedis()]);
  const { url, shas } = await world.repo('proxied', [
    { date: '2024-05-10', files: { 'index.md': '# x', 'pages/a b.html': '<h1>hi</h1>' } },
  ]);
  const { imageName } = await world.build([url]);
  given = { image: imageName, resolved: resolvedOf(url, shas[0] ?? '') };
  open = await openSessions(world, redis, given);
  session = await open.start({ urlpath: 'lab/tree/index.md' });
}, 600_000);

afterAll(async () => {
  await open?.close();
  await world?.close();
  await redis?.close();
});

/** A request with this very path: fetch would tidy it up, and set headers of its own. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { hostname: host, port } = new URL(open.origin);
  const sent = request({ host, port, path, method, headers, agent: false }).end();
  const [answer] = await once(sent, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode as number, headers: answer.headers as Record<string, string>, text };
}

const PAGE = { accept: 'text/html', 'sec-fetch-dest': 'document' };

describe('a session', () => {
  it('has its own path on the origin, and its link leads there', () => {
    expect(session.url).toBe(`${open.origin}user/${session.id}/`);
    expect(session.link).toBe(`${session.url}lab/tree/index.md?token=${session.token}`);
  });

  it('runs code by websockets through the proxy, with its variables', async () => {
    const code = 'import os; print(os.environ["JUPYTERHUB_SERVICE_PREFIX"], os.environ["BINDER_LAUNCH_HOST"], 6 * 7)';
    expect(await runCode(session, code)).toBe(
      `/user/${session.id}/ http://127.0.0.1:${open.config.SLIPWAY_PORT}/ 42\n`,
    );
  });

  it('takes a file larger than any limit of ours, and gives it back', async () => {
    const content = 'x'.repeat(8 * 2 ** 20);
    await callServer(session, 'api/contents/big.txt', 'PUT', { type: 'file', format: 'text', content });
    const file = await callServer<{ content: string }>(session, 'api/contents/big.txt');
    expect(file.content.length).toBe(content.length);
  });

  it('lets both ends of a websocket agree on a protocol', async () => {
    const { id } = await callServer<{ id: string }>(session, 'api/kernels', 'POST', { name: 'python3' });
    const url = `${session.url.replace('http', 'ws')}api/kernels/${id}/channels?token=${session.token}`;
    const known = new WebSocket(url, ['v1.kernel.websocket.jupyter.org']);
    await once(known, 'open');
    expect(known.protocol).toBe('v1.kernel.websocket.jupyter.org');
    known.terminate();
    const unknown = new WebSocket(url, []);
    await once(unknown, 'open');
    expect(unknown.protocol).toBe('');
    unknown.terminate();
  });

  it('takes no websocket without its token, or from a page of another origin', async () => {
    const url = `${session.url.replace('http', 'ws')}api/events/subscribe`;
    for (const options of [{}, { origin: 'https://evil.example' }]) {
      const [error] = await once(new WebSocket(url, options), 'error');
      expect((error as Error).message).toMatch(/40[0-9]/);
    }
  });

  it('sets cookies for its own path only', async () => {
    const answer = await ask(`/user/${session.id}/lab?token=${session.token}`, PAGE);
    const cookies = [answer.headers['set-cookie'] ?? []].flat();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) expect(cookie).toContain(`Path=/user/${session.id}/`);
  });

  it('has a countdown behind its pages, and not behind its files', async () => {
    const page = await ask(`/user/${session.id}/lab?token=${session.token}`, PAGE);
    const script = /<script type="module" src="(\/assets\/session-[^"]+\.js)"><\/script>\s*$/.exec(page.text)?.[1];
    expect(page.text).toMatch(/<\/html>/);
    expect((await ask(script ?? '')).headers['content-type']).toMatch(/javascript/);
    const token = { authorization: `token ${session.token}` };
    const file = await ask(`/user/${session.id}/files/pages/a%20b.html`, { ...PAGE, ...token });
    expect(file.text).toBe('<h1>hi</h1>');
    const left = JSON.parse((await ask(`/user/${session.id}/_slipway/time`)).text);
    expect(left).toEqual({ left: expect.any(Number), extendable: true });
    expect(left.left).toBeLessThanOrEqual(600_000);
    const kept = await ask(`/user/${session.id}/_slipway/keep`, {}, 'POST');
    expect(JSON.parse(kept.text).left).toBeGreaterThan(599_000);
    expect((await ask(`/user/${session.id}/_slipway/keep`, { 'sec-fetch-site': 'cross-site' }, 'POST')).status).toBe(
      403,
    );
  });
});

describe('what is no session', () => {
  it('is a page that says so, or JSON for programs', async () => {
    const page = await ask('/user/nobody-12345678/lab', PAGE);
    expect(page.status).toBe(404);
    expect(page.text).toMatch(/This session has ended/);
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'/);
    const answer = await ask('/user/nobody-12345678/api/contents');
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([404, 'session_not_found']);
    const worker = await ask('/user/nobody-12345678/sw.js', { ...PAGE, 'service-worker': 'script' });
    expect(worker.headers['content-type']).toMatch(/json/);
    const [error] = await once(new WebSocket(`${open.origin.replace('http', 'ws')}user/nobody-12345678/x`), 'error');
    expect((error as Error).message).toMatch(/404/);
  });

  it.each(['/', '/about', '/user', '/user/', '/hub/login'])('leads from %s to the service', async (path) => {
    const answer = await ask(path, PAGE);
    expect([answer.status, answer.headers.location]).toEqual([302, `http://127.0.0.1:${open.config.SLIPWAY_PORT}/`]);
  });

  it.each([
    (name: string) => `/user/${name}/../other/`,
    (name: string) => `/user/${name}/%2e%2e/other/`,
    (name: string) => `/user/${name}/..%2fother`,
    (name: string) => `/user/${name.toUpperCase()}/api`,
    (name: string) => `/user/%${name.charCodeAt(0).toString(16)}${name.slice(1)}/api`,
    (name: string) => `//user/${name}/api`,
  ])('nor is one reached by another spelling', async (spell) => {
    const answer = await ask(spell(session.id), { authorization: `token ${session.token}` });
    expect([302, 400, 404]).toContain(answer.status);
    expect(answer.text).not.toMatch(/"version"/);
  });

  it('is said of one that was stopped, with a link that launches the same again', async () => {
    const other = await open.start({ urlpath: 'lab/tree/index.md' });
    expect((await ask(`/user/${other.id}/api`)).status).toBe(200);
    await open.sessions.stop(other.id);
    const page = await ask(`/user/${other.id}/lab`, PAGE);
    expect(page.status).toBe(404);
    expect(page.text).toContain('It was stopped.');
    const again = `/v2/git/${given.resolved.spec.name}/HEAD?urlpath=lab%2Ftree%2Findex.md`;
    expect(page.text.replaceAll('&#x3D;', '=')).toContain(`http://127.0.0.1:${open.config.SLIPWAY_PORT}${again}`);
    expect((await ask(`/user/${other.id}/_slipway/time`)).status).toBe(404);
  });
});
