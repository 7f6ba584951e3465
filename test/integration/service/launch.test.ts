/** A launch from link to session: what is told, what is kept, and what is refused before anything begins. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  launched,
  openService,
  parsed,
  phases,
  type ServiceUnderTest,
  SOMEBODY,
  streamOf,
} from '../../support/service.ts';
import { openWorld, type World } from '../../support/world.ts';

const NOTEBOOK = '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}';

let world: World;
let under: ServiceUnderTest;
let url: string;
let sha: string;

beforeAll(async () => {
  world = await openWorld();
  under = await openService(world, { SLIPWAY_BANNED: '*/banned*' });
  const files = { 'README.md': '# Tides\n', 'docs/tides 1.ipynb': NOTEBOOK };
  const made = await world.repo('plain', [{ date: '2024-05-10', files }]);
  url = made.url;
  sha = made.shas[0] ?? '';
});

afterAll(async () => {
  await under.close();
  await world.close();
});

describe('a launch', () => {
  it('builds what is missing, then starts a session that answers', async () => {
    const { service } = under;
    const { id, told } = await launched(service, { repo: url, urlpath: 'lab/tree/docs/tides%201.ipynb' });
    expect(phases(told)).toEqual(['fetching', 'built', 'launching', 'ready']);
    expect(told.map(({ n }) => n)).toEqual(told.map((_, index) => index));
    const record = await service.launchRecord(id);
    expect(record).toMatchObject({ state: 'ready', resolved: { commit: sha }, session: told.at(-1)?.session });

    const target = await service.sessions.target(record?.session ?? '');
    if (!target || !('port' in target)) throw new Error('the session has no port');
    const { pathname } = new URL(String(told.at(-1)?.url));
    const address = `http://127.0.0.1:${target.port}${pathname}api/status`;
    expect((await fetch(address, { headers: { authorization: `token ${told.at(-1)?.token}` } })).status).toBe(200);
    expect((await fetch(address)).status).toBe(403);

    expect(await service.document(id)).toEqual({ path: 'docs/tides 1.ipynb', text: NOTEBOOK });
    const observed = under.observed.find(({ kind }) => kind === 'launch');
    expect(observed).toMatchObject({ outcome: 'ready', cached: false, commit: sha, timings: record?.timings });
    expect(Object.keys(record?.timings ?? {})).toEqual(['resolve', 'image', 'build', 'session', 'container', 'server']);
    const spent = Object.values(record?.timings ?? {}).reduce((sum, took) => sum + took, 0);
    expect(spent).toBeLessThan(Date.parse(record?.endedAt ?? '') - Date.parse(record?.createdAt ?? '') + 20);
    expect(record?.timings?.container).toBeGreaterThan(20);
  });

  it('opens a pasted page where its sub-folder has it, or says that it has not', async () => {
    const page = (path: string) => `${url.replace(/\.git$/, '')}/-/blob/main/${path}`;
    const inside = await launched(under.service, { repo: page('docs/tides%201.ipynb'), subdir: 'docs' });
    expect(new URL(String(inside.told.at(-1)?.link)).pathname).toMatch(/\/lab\/tree\/tides%201\.ipynb$/);
    expect(await under.service.document(inside.id)).toEqual({ path: 'docs/tides 1.ipynb', text: NOTEBOOK });
    const outside = await launched(under.service, { repo: page('README.md'), subdir: 'docs' });
    expect(new URL(String(outside.told.at(-1)?.link)).pathname).not.toContain('README');
    expect(outside.told.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('README.md is not in the sub-folder docs'),
    );
  });

  it('leaves a build behind whose log can be read, and which holds nothing of the launch', async () => {
    const { service } = under;
    const { id, told } = await launched(service, { repo: url, buildOnly: true });
    expect(told.map(({ phase }) => phase)).toEqual(['built', 'ready']);
    const build = await service.build({ repo: url }, SOMEBODY);
    expect(build).toMatchObject({ state: 'completed', commit: sha, attempts: [expect.anything()] });
    expect(build.timings.fetch).toBeGreaterThan(0);
    const log = await service.buildLog(build.id);
    if (!log) throw new Error('no log');
    const words = await text(log);
    expect(words).toContain(`at ${sha.slice(0, 14)}`);
    expect(words).toMatch(/Image slipway\/content:\w+ is ready\n$/);
    const stream = await streamOf((from, signal) => service.watchBuild(build.id, from, signal));
    expect(stream.at(-1)).toMatchObject({ phase: 'built', imageName: build.imageName });
    for (const all of [words, JSON.stringify(stream), JSON.stringify(build)]) expect(all).not.toContain(id);
  });

  it('can be read again from any place, also after its end', async () => {
    const { service } = under;
    const { id, told } = await launched(service, { repo: url, ref: sha });
    expect(told[0]).toMatchObject({ n: 0, phase: 'built' });
    expect(await streamOf((from, signal) => service.watch(id, from, signal))).toEqual(told);
    const rest = await streamOf((from, signal) => service.watch(id, from, signal), { from: 1 });
    expect(rest).toEqual(told.slice(1));
    expect((await service.sessions.list()).filter(({ launchId }) => launchId === id)).toHaveLength(1);
  });

  it('that is cancelled after it was ready has no session any more', async () => {
    const { service } = under;
    const { id } = await launched(service, { repo: url, ref: sha });
    await service.cancel(id);
    expect(await service.sessions.findByLaunch(id)).toBeUndefined();
  });

  it.each([
    ['a ref that is not there', { ref: 'nowhere' }, 'ref_not_found', 404],
    ['a folder that is not there', { subdir: 'nowhere' }, 'subdir_not_found', 404],
  ])('fails once with the reason: %s', async (_, more, code, status) => {
    const { id, told } = await launched(under.service, { repo: url, ...more });
    expect(told.filter(({ phase }) => phase === 'failed')).toEqual([told.at(-1)]);
    expect(told.at(-1)).toMatchObject({ phase: 'failed', code, status_code: status });
    expect(await under.service.launchRecord(id)).toMatchObject({ state: 'failed', error: { code, blame: 'user' } });
  });

  it.each([
    ['a file', { repo: 'file:///etc' }, 'bad_spec'],
    ['a path', { repo: '/etc' }, 'bad_spec'],
    ['a helper of git', { repo: 'ext::sh -c id' }, 'bad_spec'],
    ['a dash', { repo: '--upload-pack=id' }, 'bad_spec'],
    ['a private address', { repo: 'https://10.0.0.1/a/b' }, 'host_not_allowed'],
    ['a password', { repo: 'https://me:secret@example.org/a/b' }, 'bad_spec'],
    ['a line break in a ref', { repo: 'gh/a/b', ref: 'a\nb' }, 'bad_spec'],
    ['a folder above', { repo: 'gh/a/b', subdir: '../..' }, 'bad_spec'],
    ['a folder with bidi text', { repo: 'gh/a/b', subdir: 'a\u202eb' }, 'bad_spec'],
    ['an endless path', { repo: 'gh/a/b', urlpath: 'a'.repeat(3000) }, 'bad_spec'],
    ['a path elsewhere', { repo: 'gh/a/b', urlpath: 'https://evil.example/' }, 'bad_urlpath'],
    ['a repository that is banned', { repo: 'gh/org/BANNED-course' }, 'repo_banned'],
  ])('is refused before anything begins: %s', async (_, request, code) => {
    const before = await under.service.recent(10);
    const refused = under.service.launch(request, SOMEBODY);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.not.toThrow(/secret/);
    expect(await under.service.recent(10)).toEqual(before);
  });

  it('that nobody knows is said to be unknown', async () => {
    const watch = async () => {
      for await (const reads of under.service.watch('f'.repeat(32), 0, AbortSignal.timeout(1000))) parsed(reads);
    };
    await expect(watch()).rejects.toMatchObject({ code: 'launch_not_found' });
    await expect(under.service.cancel('../../x')).rejects.toMatchObject({ code: 'launch_not_found' });
  });
});

describe('what starts nothing', () => {
  it('a badge knows what is ready and asks nobody', async () => {
    const { service } = under;
    const asked = world.server.requests.length;
    expect(await service.readiness({ repo: url, ref: sha })).toBe('ready');
    expect(await service.readiness({ repo: world.server.url('elsewhere') })).toBe('unknown');
    expect(world.server.requests).toHaveLength(asked);
  });

  it('a preview tells the plan and what is there', async () => {
    const preview = await under.service.preview({ repo: url }, SOMEBODY, AbortSignal.timeout(60_000));
    expect(preview).toMatchObject({ cached: { base: true, environment: true, content: true } });
    const made = await world.repo('other', [{ date: '2024-05-11', files: { 'a.txt': 'a' } }]);
    const other = await under.service.preview({ repo: made.url }, SOMEBODY, AbortSignal.timeout(60_000));
    expect(other).toMatchObject({ cached: { environment: true, content: false }, plan: { commit: made.shas[0] } });
    expect(other.dockerfile).toMatch(/^FROM /m);
    expect(await under.service.queue()).toEqual({ waiting: 0, active: 0, builds: [] });
  });

  it('health tries each part', async () => {
    const health = await under.service.health();
    expect(health.checks.map(({ service, ok }) => [service, ok])).toEqual([
      ['Redis', true],
      ['Docker engine', true],
      ['Queue', true],
      ['Workers', true],
      ['Pod quota', true],
    ]);
  });
});
