/** Pages for people, and the files that they need. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SlipwayError } from '../../errors.ts';
import { readSpec } from '../../pipeline.ts';
import { VERSION } from '../../root.ts';
import type { LaunchRequest } from '../../service/types.ts';
import type { RepoSpec } from '../../types.ts';
import { PREVIEWS, SAME_FOR } from '../build-token.ts';
import { type Body, bodyOf, compress, sendBody } from '../bytes.ts';
import { clientOf } from '../client.ts';
import type { Web } from '../context.ts';
import { Kept } from '../kept.ts';
import { renderAbout, renderFront, renderLaunch, type Site } from '../pages/index.ts';
import { specPath } from '../pages/words.ts';
import { caught } from '../plugins/errors.ts';
import { parameter, queryOf, specOf } from '../spec.ts';
import { entryOf } from '../story.ts';

const HTML = 'text/html; charset=utf-8';
/** Kept by browsers, but asked about each time: a page carries a token that runs out. */
const REVALIDATE = 'no-cache';
const RECENT = 8;
const LAUNCH_PAGES = 500;

/** What `/v2/<provider>/<spec>?…` asks for. @throws bad_spec, not_found */
function linked(request: FastifyRequest): { request: LaunchRequest; spec: RepoSpec } {
  const repo = specOf(request);
  const spec = readSpec({ repo: repo + queryOf(request) }, false);
  const subdir = parameter(request, 'subdir');
  const { urlpath } = spec;
  return { spec, request: { repo, ...(urlpath && { urlpath }), ...(subdir && { subdir }) } };
}

/** Where the front page's form leads. */
function linkTo({ repo, ref, path }: { repo: string; ref: string; path: string }): string {
  const spec = readSpec({ repo, ...(ref && { ref }) }, false);
  const opens = path ? { labpath: path } : spec.urlpath ? { urlpath: spec.urlpath } : undefined;
  const query = opens ? `?${new URLSearchParams(opens)}` : '';
  // Of a page only its host can say where the ref ends: it stays whole.
  if (spec.page) return `/v2/git/${encodeURIComponent(repo.trim())}${query}`;
  return `/v2/${specPath(spec)}${query}`;
}

async function pageOf(text: string): Promise<Body> {
  const body = bodyOf(text, HTML, REVALIDATE);
  await compress(body, 5);
  return body;
}

function addFiles(app: FastifyInstance, site: Site): void {
  for (const asset of site.files.values()) {
    const body: Body = {
      ...bodyOf(
        asset.bytes,
        asset.type,
        asset.immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      ),
      encoded: asset.brotli ? { br: asset.brotli } : {},
    };
    let compressed: Promise<void> | undefined;
    app.get(asset.path, async (request, reply) => {
      // Browsers ask for brotli over https only.
      compressed ??= compress(body, 9);
      await compressed;
      return sendBody(request, reply, body);
    });
  }
  const robots = bodyOf(
    'User-agent: *\nDisallow: /build/\nDisallow: /api/\nDisallow: /launches/\n',
    'text/plain',
    'public, max-age=86400',
  );
  app.get('/robots.txt', (request, reply) => sendBody(request, reply, robots));
}

export async function pageRoutes(app: FastifyInstance, web: Web): Promise<void> {
  const { service, site, tokens, limits, config, inTurn } = web;
  const fronts = new Kept<Body>(site.showsRecent ? 10_000 : SAME_FOR, 1);
  const launches = new Kept<Body>(SAME_FOR, LAUNCH_PAGES);

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(text))));
  });
  addFiles(app, site);

  app.get('/', async (request, reply) => {
    const body = await fronts.get('front', async () => {
      const recent = site.showsRecent ? { recent: await service.recent(RECENT) } : {};
      return pageOf(renderFront(site, { token: tokens.issue(PREVIEWS), ...recent }));
    });
    return sendBody(request, reply, body);
  });

  const about = await pageOf(renderAbout(site, { version: VERSION }));
  app.get('/about', (request, reply) => sendBody(request, reply, about));

  app.get('/launch', (request, reply) => {
    const [repo = '', ref = '', path = ''] = ['repo', 'ref', 'path'].map((name) => parameter(request, name));
    try {
      return reply.redirect(linkTo({ repo, ref, path }), 303);
    } catch (error) {
      const { status, message, hint } = caught(request, error);
      const problem = { message, ...(hint !== undefined && { hint }) };
      return html(reply.code(status), renderFront(site, { token: tokens.issue(PREVIEWS), repo, ref, path, problem }));
    }
  });

  app.get('/v2/*', async (request, reply) => {
    const body = await launches.get(request.originalUrl, () => {
      const asked = linked(request);
      const token = tokens.issue(asked.request.repo);
      return pageOf(renderLaunch(site, { ...asked, path: request.originalUrl, token }));
    });
    return sendBody(request, reply, body);
  });

  // The button of the same page, where there is no script.
  app.post('/v2/*', async (request, reply) => {
    const asked = linked(request).request;
    const token = (request.body as Record<string, string> | undefined)?.token;
    await limits.count(request, reply, { repo: asked.repo, token });
    const { id } = await inTurn(() => service.launch(asked, clientOf(request, config)));
    return reply.redirect(`/launches/${id}`, 303);
  });

  app.get('/launches/:id', async (request, reply) => {
    const { id } = request.params as { id: string };
    const record = await service.launchRecord(id);
    if (!record) throw new SlipwayError('launch_not_found', 'This launch is no longer known.');
    const { spec, urlpath, subdir } = record;
    const repo = specPath(spec);
    const query = new URLSearchParams({ ...(urlpath && { urlpath }), ...(subdir && { subdir }) }).toString();
    const path = `/v2/${repo}${query && `?${query}`}`;
    const asked = { repo, ...(urlpath && { urlpath }), ...(subdir && { subdir }) };
    const view = {
      request: asked,
      spec,
      path,
      token: tokens.issue(asked.repo),
      launch: { ...record, ...(await entryOf(service, record)) },
    };
    return html(reply.header('cache-control', 'no-store'), renderLaunch(site, view));
  });
}

function html(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', HTML).send(text);
}
