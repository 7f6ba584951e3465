/// <reference lib="dom" />
/** Pages that are not ours in a browser: thebe on somebody's site, and a repository whose JavaScript wants more than its session. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, shoot } from '../support/browser.ts';
import { DAY, plain } from '../support/builds.ts';
import { listen } from '../support/event-stream.ts';
import { tempFolder } from '../support/repo.ts';
import { openServed, type Served } from '../support/served.ts';

const run = promisify(execFile);

let served: Served;
let browser: Browser;

beforeAll(async () => {
  served = await openServed();
  [browser] = await Promise.all([openBrowser(), served.serve()]);
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

/** Files of a folder and one page, on an origin of their own. */
async function site(folder: string, page: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const path = join(folder, normalize(new URL(request.url ?? '/', 'http://site').pathname));
    if (request.url === '/') response.setHeader('content-type', 'text/html').end(page);
    else if (existsSync(path)) createReadStream(path).pipe(response.setHeader('content-type', 'text/javascript'));
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

const THEBE = (binderUrl: string, repo: string) => `<!doctype html><title>A book</title><div id="cell"></div>
<script src="/thebe-core.min.js"></script>
<script>
window.connect = async () => {
  const { api } = window.thebeCore;
  const config = api.makeConfiguration({
    useBinder: true,
    binderOptions: { binderUrl: ${JSON.stringify(binderUrl)}, repoProvider: 'git', repo: ${JSON.stringify(repo)}, ref: 'HEAD' },
    savedSessionOptions: { enabled: false },
    kernelOptions: { kernelName: 'python3' },
  });
  const server = api.connectToBinder(config);
  await server.ready;
  const rendermime = api.makeRenderMimeRegistry({ mathjaxUrl: '', mathjaxConfig: '' });
  const session = await server.startNewSession(rendermime);
  const book = api.setupNotebookFromBlocks([{ id: 'one', source: 'print(6 * 7)' }], config, rendermime);
  book.attachSession(session);
  const cell = book.cells[0];
  cell.attachToDOM(document.getElementById('cell'));
  await cell.execute();
};
</script>`;

describe('thebe-core on a page of another origin', () => {
  it('connects, launches and executes a cell', async () => {
    const folder = await tempFolder('thebe');
    // Not installed: one of its dependencies is in no registry. What it ships is a whole bundle.
    await run('npm', ['pack', '--silent', 'thebe-core@0.5.0'], { cwd: folder.path });
    await run('tar', ['xzf', 'thebe-core-0.5.0.tgz'], { cwd: folder.path });
    const { url: repo } = await served.world.repo('book', plain('book'));
    const { url, server } = await site(join(folder.path, 'package/dist/lib'), THEBE(served.url, repo));
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
    await page.goto(url);
    await page.evaluate('connect()');
    await page.locator('#cell', { hasText: '42' }).waitFor({ timeout: 60_000 });
    await shoot(page, 'thebe');
    expect(said.filter((text) => !/favicon|404/.test(text))).toEqual([]);
    await page.close();
    server.close();
    await folder.remove();
  });
});

/** The repository's own settings of the server: headers that speak for the whole origin. */
const HEADERS = `c.ServerApp.tornado_settings = {"headers": {
    "Service-Worker-Allowed": "/",
    "Clear-Site-Data": '"*"',
    "Set-Cookie": "evil=1; Path=/",
}}
`;
const WORKER = "self.addEventListener('fetch', (event) => event.respondWith(new Response('taken over')));\n";
const SCRIPT = '<img src="x" onerror="window.taken = 1"><script>window.taken = 1</script>';
const EVIL = {
  cells: [
    { cell_type: 'markdown', id: 'a', metadata: {}, source: SCRIPT },
    {
      cell_type: 'code',
      id: 'b',
      execution_count: 1,
      metadata: {},
      source: '1',
      outputs: [{ output_type: 'display_data', metadata: {}, data: { 'text/html': SCRIPT } }],
    },
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
};

describe('a repository whose JavaScript wants the service', () => {
  it('gets nowhere: no worker, no cookie, no board, no frame, no script in the preview', async () => {
    const { url } = await served.world.repo('evil', [
      {
        date: DAY,
        files: {
          '.jupyter/jupyter_server_config.py': HEADERS,
          'sw.js': WORKER,
          'evil.ipynb': JSON.stringify(EVIL),
          'README.md': `# Evil\n${SCRIPT}\n`,
        },
      },
    ]);
    const { id, events } = await served.launch({ repo: url, urlpath: 'lab/tree/evil.ipynb' });
    const heard = await listen(served.url + events);
    const { link = '' } = (await served.call<{ link?: string }>(`/api/v1/launches/${id}`)).body;
    const session = heard.at(-1)?.data as { url: string };
    const context = await browser.newContext();

    // The reader has the operator's board and the front page open, in the same browser.
    const front = await context.newPage();
    await front.goto(served.url);
    const page = await context.newPage();
    await page.goto(link);
    await page.locator('#jp-main-dock-panel').waitFor({ timeout: 90_000 });
    const tried = await page.evaluate(
      async ({ service, own }) => {
        const outcome = (attempt: Promise<unknown>) =>
          attempt.then(
            (value) => `got ${value}`,
            () => 'refused',
          );
        const register = (script: string, scope: string) =>
          outcome(navigator.serviceWorker.register(script, { scope }).then((one) => one.scope));
        const ask = (path: string, method = 'GET') =>
          outcome(fetch(service + path, { method, credentials: 'include' }).then((answer) => answer.status));
        // biome-ignore lint/suspicious/noDocumentCookie: as an attacker would
        document.cookie = 'authorization=Bearer x; Path=/';
        const frame = document.createElement('iframe');
        frame.src = `${service}/`;
        document.body.append(frame);
        await new Promise((done) => {
          frame.onload = done;
          setTimeout(done, 3000);
        });
        return {
          workerOfOrigin: await register(`${own}files/sw.js`, '/'),
          workerOfService: await register(`${service}/sw.js`, `${service}/`),
          board: await ask('/admin/queues/api/queues'),
          boardAsPost: await ask('/admin/queues/api/queues/builds/pause', 'PUT'),
          launches: await ask('/api/v1/builds/01JD0000000000000000000000', 'DELETE'),
          frame: await outcome((async () => frame.contentDocument?.body.innerHTML || Promise.reject())()),
        };
      },
      { service: served.url, own: session.url },
    );
    expect(tried).toEqual({
      workerOfOrigin: 'refused',
      workerOfService: 'refused',
      board: expect.stringMatching(/^(refused|got 40[13])$/),
      boardAsPost: expect.stringMatching(/^(refused|got 40[13])$/),
      launches: expect.stringMatching(/^(refused|got 40[13])$/),
      frame: 'refused',
    });
    // What its server said of cookies and of the origin's data never arrived; what its script set, nobody reads.
    expect((await context.cookies()).map(({ name }) => name)).not.toContain('evil');
    await front.reload();
    await front.locator('#repo').waitFor();
    const mine = await front.evaluate(() => navigator.serviceWorker.getRegistrations().then(({ length }) => length));
    expect(mine).toBe(0);
    expect(await front.evaluate(() => fetch('/admin/queues/api/queues').then(({ status }) => status))).toBe(403);

    const preview = await context.newPage();
    await preview.goto(`${served.url}/api/v1/launches/${id}/document`);
    await preview.waitForTimeout(500);
    expect(await preview.evaluate('window.taken')).toBeUndefined();
    expect(await preview.evaluate('document.querySelectorAll("script").length')).toBe(0);
    await context.close();
  });
});
