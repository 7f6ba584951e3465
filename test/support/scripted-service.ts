/** The pages behind a small server whose launches go as a test has written them down: every state, held still to be looked at. */
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fastify } from 'fastify';
import { loadConfig } from '../../src/config.ts';
import { SlipwayError } from '../../src/errors.ts';
import { parseRepo } from '../../src/resolve/spec.ts';
import {
  badgeSvg,
  createSite,
  documentPolicy,
  loadAssets,
  pagePolicy,
  renderAbout,
  renderDocument,
  renderError,
  renderFront,
  renderLaunch,
} from '../../src/web/pages/index.ts';
import { countdownRoutes, countdownScript } from '../../src/web/session-countdown.ts';

/** One thing that a launch's stream says, milliseconds after the one before. */
export interface Said {
  after?: number;
  event?: string;
  data: object;
}

export interface Script {
  says: Said[];
  /** The file that the link opens. */
  document?: { path: string; text: string };
  plan?: object;
  /** What the launch's record adds. */
  record?: object;
}

export interface ScriptedService {
  url: string;
  /** Launches begun, by repository. */
  begun: string[];
  close(): Promise<void>;
}

/** Some page of a session's server. */
const SESSION_PAGE = `<!doctype html><html lang="en"><head><title>Tides</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
</head><body><main><h1>Tides at Saint-Malo</h1>${'<p>The height is a sum of cosines.</p>'.repeat(12)}</main></body></html>`;

/** Sessions that are about to end, and stay so: `idle` can be kept, `old` cannot, and any other has ended. */
const countdowns = {
  touch: () => {},
  async timeLeft(name: string) {
    if (name === 'idle') return { left: 215_000, extendable: true };
    if (name === 'old') return { left: 95_000, extendable: false };
    throw new SlipwayError('session_not_found', 'There is no such session any more.');
  },
};

function directives(policy: Record<string, string[]>): string {
  return Object.entries(policy)
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join('; ');
}

/** @param scripts by the name of the repository in `gh/demo/<name>` */
export async function serveScripts(
  scripts: Record<string, Script>,
  settings: Record<string, string> = {},
): Promise<ScriptedService> {
  const app = fastify({ forceCloseConnections: true });
  const begun: string[] = [];
  const siteOf = (more: Record<string, string> = {}) =>
    createSite(loadConfig({ SLIPWAY_DATA: '/nonexistent', ...settings, ...more }), loadAssets(), 'http://127.0.0.1');
  const site = siteOf();
  const publishing = siteOf({ SLIPWAY_REGISTRY: 'registry.example/slipway' });
  const policy = directives(pagePolicy(site));
  const documents = documentPolicy(site);
  const scriptOf = (id: string) => scripts[id.replace(/-\d+$/, '')];
  const html = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy };

  app.get('/', (_request, reply) => {
    const recent = [
      { provider: 'gh', name: 'tides/harmonics', ref: 'main', repo: '', at: '' },
      { provider: 'gl', name: 'oceans%2Fbuoys', ref: 'v2.1', repo: '', at: '' },
      { provider: 'gist', name: 'ada/0a1b2c3d4e5f', ref: 'HEAD', repo: '', at: '' },
    ];
    return reply.headers(html).send(renderFront(site, site.showsRecent ? { recent } : {}));
  });
  app.get('/about', (_request, reply) => reply.headers(html).send(renderAbout(site, { version: '0.1.0' })));
  app.get('/launch', (_request, reply) =>
    reply.headers(html).send(
      renderFront(site, {
        repo: 'nonsense',
        problem: { message: 'This is not a repository.', hint: 'Give a clone URL.' },
      }),
    ),
  );
  app.get('/v2/*', (request, reply) => {
    const repo = request.url.slice('/v2/'.length);
    const spec = parseRepo(repo, { allowLocal: false });
    const { urlpath } = spec;
    const view = { request: { repo, ...(urlpath && { urlpath }) }, spec, path: request.url, token: 't' };
    return reply.headers(html).send(renderLaunch(repo.includes('publishing') ? publishing : site, view));
  });
  app.get('/badge/*', (_request, reply) => reply.header('content-type', 'image/svg+xml').send(badgeSvg('unknown')));
  app.get('/user/:name/lab', (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(SESSION_PAGE + countdownScript(site)),
  );
  countdownRoutes(app, countdowns, site);
  for (const asset of site.files.values())
    app.get(asset.path, (_request, reply) => {
      const headers = { 'content-type': asset.type, ...(asset.brotli && { 'content-encoding': 'br' }) };
      return reply.headers(headers).send(asset.brotli ?? asset.bytes);
    });

  app.post('/api/v1/launches', (request) => {
    const { repo } = request.body as { repo: string };
    const name = /^gh\/demo\/([^/?]+)/.exec(repo)?.[1] ?? '';
    begun.push(name);
    return { id: `${name}-${begun.length}` };
  });
  app.get('/api/v1/launches/:id/events', async (request, reply) => {
    const { id } = request.params as { id: string };
    const from = Number(
      String(request.headers['last-event-id'] ?? '-0')
        .split('-')
        .at(-1),
    );
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const [index, { after = 0, event, data }] of (scriptOf(id)?.says ?? []).entries()) {
      if (index + 1 <= from) continue;
      await wait(after);
      reply.raw.write(`${event ? `event: ${event}\n` : ''}id: ${id}-${index + 1}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  });
  app.get('/api/v1/launches/:id/document', async (request, reply) => {
    const shown = scriptOf((request.params as { id: string }).id)?.document;
    if (!shown) return reply.code(404).send();
    reply.headers({ ...html, 'content-security-policy': documents });
    return reply.send(await renderDocument(site, shown));
  });
  app.get('/api/v1/launches/:id', (request) => {
    const { id } = request.params as { id: string };
    return { id, build: '01J', ...scriptOf(id)?.record };
  });
  app.delete('/api/v1/launches/:id', (_request, reply) => reply.code(204).send());
  app.get('/api/v1/plan/*', (request, reply) => {
    const plan = scripts[/demo\/([^/?]+)/.exec(request.url)?.[1] ?? '']?.plan;
    return plan ?? reply.code(404).send({ code: 'repo_not_found', message: 'There is no such repository.' });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .headers(html)
      .send(
        renderError(site, {
          status: 404,
          failure: { code: 'not_found', message: 'There is no such page.', blame: 'user' },
        }),
      ),
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, begun, close: () => app.close() };
}
