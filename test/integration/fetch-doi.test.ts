/** DOIs: from stand-ins of the sites that are asked about them to a plan, and whatever these may answer. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createSites } from '../../src/fetch/sites.ts';
import { planRepo } from '../../src/pipeline.ts';
import { fetchingForFile } from '../support/fetching.ts';

const world = fetchingForFile();
let shas: string[];
let stranger: { server: Server; host: string; asked: number };
let settings: Record<string, string>;

beforeAll(async () => {
  shas = await world.repo('org/a', [
    { date: '2021-03-01', files: { 'requirements.txt': 'idna==3.1\n' }, tags: ['v1.0'] },
    { date: '2022-03-01', files: { 'README.md': 'later' } },
  ]);
  const server = createServer((_, response) => {
    stranger.asked += 1;
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stranger = { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked: 0 };
});
beforeEach(() => {
  const { host } = world.server;
  settings = {
    SLIPWAY_DATA: world.folder,
    SLIPWAY_ALLOWED_HOSTS: host,
    SLIPWAY_MIRROR_DOI: `http://${host}/doi`,
    SLIPWAY_MIRROR_ZENODO: `http://${host}/zenodo/`,
  };
  world.server.intercept = undefined;
});
afterAll(async () => {
  stranger.server.closeAllConnections();
  await new Promise((done) => stranger.server.close(done));
});

const plan = (repo: string) =>
  planRepo(
    { repo },
    { config: loadConfig(settings), emit: () => undefined, signal: new AbortController().signal, allowLocal: false },
  );

type Answer = (response: ServerResponse) => unknown;
const json = (value: unknown) => (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const redirect =
  (location: string, status = 302) =>
  (response: ServerResponse) =>
    response.writeHead(status, { location }).end();
const status = (code: number) => (response: ServerResponse) => response.writeHead(code).end('<html>');
const madeFrom = (identifier: string) =>
  json({ metadata: { related_identifiers: [{ identifier, relation: 'isSupplementTo', scheme: 'url' }] } });
const madeFromTag = () => madeFrom(`http://${world.server.host}/org/a/-/tree/v1.0`);

/** The sites answer these paths; the git server the rest. */
function answer(paths: Record<string, Answer>): void {
  world.server.intercept = ({ url = '' }, response) => {
    if (!/^\/(doi|zenodo)\//.test(url)) return false;
    (paths[url] ?? status(404))(response);
    return true;
  };
}

describe('a DOI', () => {
  test('is planned as the repository and tag that its record names', async () => {
    answer({ '/zenodo/api/records/1': madeFromTag() });
    const { resolved, plan: made } = await plan('https://zenodo.org/records/1');
    const url = `http://${world.server.host}/org/a`;
    expect(resolved).toMatchObject({
      commit: shas[0],
      ref: 'v1.0',
      spec: { provider: 'git', cloneUrl: `${url}.git`, canonicalUrl: url, doi: '10.5281/zenodo.1' },
    });
    expect(made).toMatchObject({ repo: url, commit: shas[0], asOf: '2021-03-01' });
    // Nobody sees from the image how it was asked for.
    const itself = await plan(`git/${encodeURIComponent(`${url}.git`)}/v1.0`);
    expect(itself.plan.tiers).toEqual(made.tiers);
  });

  test('of all versions leads to the newest, whichever way the site redirects', async () => {
    answer({
      '/zenodo/api/records/1': redirect('/zenodo/api/records/2', 301),
      '/zenodo/api/records/2': madeFromTag(),
      '/zenodo/records/3': redirect('/zenodo/records/2'),
      '/doi/10.1234/x': redirect(`http://${world.server.host}/zenodo/doi/10.5281/zenodo.3`),
    });
    for (const doi of ['10.5281/zenodo.1', '10.5281/zenodo.3', 'doi:10.1234/x'])
      expect(await plan(doi)).toMatchObject({ resolved: { commit: shas[0], ref: 'v1.0' } });
  });

  test('may lead to a repository without a record', async () => {
    answer({ '/doi/10.1234/x': redirect(world.server.url('org/a')) });
    expect(await plan('10.1234/x')).toMatchObject({ resolved: { commit: shas[1], ref: 'HEAD' } });
  });

  test('whose tag is gone says so', async () => {
    answer({ '/zenodo/api/records/1': madeFrom(`http://${world.server.host}/org/a/-/tags/v9`) });
    await expect(plan('10.5281/zenodo.1')).rejects.toMatchObject({ code: 'ref_not_found' });
  });
});

describe('what a site answers', () => {
  test.each<[string, Answer, string]>([
    ['that it has none', status(404), 'repo_not_found'],
    ['that it had one', status(410), 'repo_not_found'],
    ['that it was asked too often', status(429), 'host_rate_limited'],
    ['that it is not well', status(503), 'host_unreachable'],
    ['that it answers to others', status(403), 'host_unreachable'],
    ['what is no JSON', (response) => response.end('<html>'), 'host_unreachable'],
    ['half of it', (response) => response.writeHead(200, { 'content-length': '99' }).end('{'), 'host_unreachable'],
    ['nothing', (response) => response.destroy(), 'host_unreachable'],
    ['deep nesting', (response) => response.end('['.repeat(1_000_000)), 'host_unreachable'],
    ['redirects without end', redirect('/zenodo/api/records/1'), 'host_unreachable'],
    ['a file', redirect('file:///etc/passwd'), 'host_not_allowed'],
    ['what is no address', redirect('http://['), 'host_unreachable'],
    ['a record that names no repository', json({ metadata: {} }), 'doi_without_repo'],
  ])('%s', async (_, given, code) => {
    answer({ '/zenodo/api/records/1': given });
    await expect(plan('10.5281/zenodo.1')).rejects.toMatchObject({ code, hint: expect.any(String) });
  });

  test('that it is to be left alone for a while is kept to', async () => {
    answer({ '/zenodo/api/records/1': (response) => response.writeHead(429, { 'retry-after': '120' }).end() });
    await expect(plan('10.5281/zenodo.1')).rejects.toMatchObject({ code: 'host_rate_limited', retryAfter: 120_000 });
  });

  test('more than is read ends the connection', async () => {
    let sent = 0;
    let closed: Promise<unknown> | undefined;
    answer({
      '/zenodo/api/records/1': (response) => {
        closed = new Promise((done) => response.on('close', done));
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, ' '))) sent += 65_536;
        };
        response.on('drain', more);
        more();
      },
    });
    await expect(plan('10.5281/zenodo.1')).rejects.toMatchObject({ code: 'host_unreachable' });
    await closed;
    // What stands in buffers on the way comes on top.
    expect(sent).toBeLessThan(32 * 2 ** 20);
  });

  test.each<[string, Answer]>([
    ['in a redirect', (response) => redirect(`http://${stranger.host}/api/records/1`)(response)],
    ['as its repository', (response) => madeFrom(`http://${stranger.host}/org/a/-/tree/v1.0`)(response)],
  ])('an address that may not be reached, %s, is not', async (_, given) => {
    answer({ '/zenodo/api/records/1': given });
    await expect(plan('10.5281/zenodo.1')).rejects.toMatchObject({ code: 'host_not_allowed' });
    expect(stranger.asked).toBe(0);
  });

  test('of a DOI the page that it leads to is named and not asked', async () => {
    settings.SLIPWAY_ALLOWED_HOSTS += `,${stranger.host}`;
    answer({ '/doi/10.1234/x': redirect(`http://${stranger.host}/article`) });
    await expect(plan('10.1234/x')).rejects.toMatchObject({
      code: 'doi_without_repo',
      message: 'The DOI 10.1234/x leads to 127.0.0.1, which is no git host that we know.',
    });
    expect(stranger.asked).toBe(0);
  });

  test('nothing at all is not waited for', async () => {
    answer({ '/zenodo/api/records/1': () => undefined });
    const url = new URL(`http://${world.server.host}/zenodo/api/records/1`);
    const late = createSites(loadConfig(settings), undefined, 200);
    await expect(late.json(url)).rejects.toMatchObject({ code: 'host_unreachable', kind: { retryable: true } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(createSites(loadConfig(settings), stop.signal).json(url)).rejects.toMatchObject({
      code: 'interrupted',
    });
  });
});
