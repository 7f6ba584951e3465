import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { SlipwayError } from '../../src/errors.ts';
import { fetchCheckout } from '../../src/fetch/fetch.ts';
import { createGit } from '../../src/fetch/git.ts';
import { parseRepo } from '../../src/resolve/spec.ts';
import type { SlipwayEvent } from '../../src/types.ts';
import { fetchingForFile, startFetching } from '../support/fetching.ts';
import type { Intercept } from '../support/git-server.ts';
import { git } from '../support/repo.ts';

const world = fetchingForFile();

const BINARY = Buffer.from([0, 1, 2, 255]);

describe('a commit', () => {
  let shas: string[];
  beforeAll(async () => {
    shas = await world.repo('org/plain', [
      {
        date: '2020-01-01',
        files: {
          'requirements.txt': 'numpy\n',
          'docs/a b.ipynb': '{}',
          'run.sh': { content: '#!/bin/sh\n', mode: '755' },
          'to-docs': { link: 'docs' },
          'data.bin': BINARY,
        },
        tags: ['v1'],
      },
      { date: '2021-05-05', files: { 'README.md': 'hello' }, annotated: ['v2'] },
      { date: '2021-06-06', branch: 'feature/x', from: 'main', files: { extra: '1' } },
    ]);
  });

  test('is looked up in one request, which lists what git itself lists', async () => {
    const url = world.server.url('org/plain');
    const { stdout } = await promisify(execFile)('git', ['ls-remote', url]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t') as [string, string]);
    const tips = new Map(lines.map(([sha, name]) => [name.replace('^{}', ''), sha]));
    world.server.requests.length = 0;
    const { refs } = await createGit(loadConfig({ SLIPWAY_ALLOWED_HOSTS: world.server.host })).listRefs(
      parseRepo(url, { allowLocal: false }),
    );
    expect(world.server.requests).toEqual(['POST /org/plain.git/git-upload-pack']);
    expect(refs).toEqual(tips);
  });

  test('is looked up with a token that goes to its host alone, and not with git', async () => {
    const other = await startFetching();
    const heard: string[] = [];
    const note: Intercept = ({ url, headers }) => {
      heard.push(`${headers.host} ${url?.split('?')[0]} ${headers.authorization ?? 'nobody'}`);
      return false;
    };
    const settings = { SLIPWAY_ALLOWED_HOSTS: `${world.server.host},${other.server.host}` };
    const listRefs = () =>
      createGit(loadConfig(settings)).listRefs(
        parseRepo(world.server.url('org/plain'), { allowLocal: false }),
        'Basic secret',
      );
    try {
      world.server.intercept = note;
      await listRefs();
      expect(heard).toEqual([`${world.server.host} /org/plain.git/git-upload-pack Basic secret`]);
      heard.length = 0;
      other.server.intercept = note;
      world.server.intercept = (request, response) => {
        note(request, response);
        response.writeHead(307, { location: `http://${other.server.host}${request.url}` }).end();
        return true;
      };
      const error = await listRefs().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'repo_not_found' });
      expect(JSON.stringify(error) + (error as Error).stack).not.toContain('secret');
      expect(heard.filter((one) => one.includes('secret'))).toEqual([
        `${world.server.host} /org/plain.git/git-upload-pack Basic secret`,
      ]);
      expect(heard.filter((one) => one.startsWith(other.server.host)).length).toBeGreaterThan(0);
    } finally {
      world.server.intercept = undefined;
      await other.close();
    }
  });

  test.each([
    [429, { 'retry-after': '120' }, 'host_rate_limited', 120_000],
    [429, {}, 'host_rate_limited', undefined],
    [403, { 'retry-after': new Date(Date.now() + 300_000).toUTCString() }, 'host_rate_limited', 300_000],
    [403, { 'retry-after': '999999' }, 'host_rate_limited', 3_600_000],
    [403, { 'x-ratelimit-remaining': '0' }, 'host_rate_limited', undefined],
    [
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${Math.ceil(Date.now() / 1000) + 60}` },
      'host_rate_limited',
      60_000,
    ],
    [403, { 'x-ratelimit-remaining': '7' }, 'repo_not_found', undefined],
    [403, {}, 'repo_not_found', undefined],
  ])('that a host answers %i with %j is %s, and asks to wait %s ms', async (status, headers, code, wait) => {
    world.server.intercept = (_request, response) => Boolean(response.writeHead(status, headers).end());
    const error = await world.resolve('org/plain').catch((thrown: unknown) => thrown);
    world.server.intercept = undefined;
    expect(error).toMatchObject({ code });
    const { retryAfter } = error as SlipwayError;
    if (wait === undefined) expect(retryAfter).toBeUndefined();
    else expect(Math.abs((retryAfter ?? 0) - wait)).toBeLessThan(20_000);
    // Asking again is what it complains of.
    if (code === 'host_rate_limited') expect(world.server.requests).toHaveLength(1);
  });

  test('is looked up by git itself where a server speaks the old protocol only', async () => {
    const old = await startFetching({ anySha: false });
    const [sha] = await old.repo('org/a', [{ date: '2022-01-01', files: { a: '1' } }]);
    expect((await old.resolve('org/a')).commit).toBe(sha);
    expect(old.server.requests.at(-1)).toContain('GET /org/a.git/info/refs');
    await old.close();
  });

  test('is fetched alone, with its files, modes and links', async () => {
    const checkout = await world.fetch('org/plain');
    expect(await checkout.paths()).toEqual([
      'README.md',
      'data.bin',
      'docs/a b.ipynb',
      'requirements.txt',
      'run.sh',
      'to-docs',
    ]);
    expect(await checkout.read('requirements.txt')).toBe('numpy\n');
    expect(readFileSync(join(checkout.root, 'data.bin'))).toEqual(BINARY);
    expect(checkout.commitDate).toEqual(new Date('2021-05-05'));
    expect([
      await checkout.kind('docs'),
      await checkout.kind('to-docs'),
      await checkout.kind('run.sh'),
      await checkout.kind('none'),
    ]).toEqual(['folder', 'link', 'file', undefined]);
    expect(await checkout.list('')).toEqual(['README.md', 'data.bin', 'docs', 'requirements.txt', 'run.sh', 'to-docs']);
    expect(await checkout.list('docs')).toEqual(['a b.ipynb']);
    expect(await checkout.list('nowhere')).toEqual([]);
    expect(await git(checkout.root, 'log', '--format=%H')).toBe(shas[1]);
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('');
    expect(await git(checkout.root, 'fsck')).toBe('');
    await checkout.dispose();
    expect(await world.left()).toEqual([]);
  });

  test('costs one look and one pack on the wire where the day is given', async () => {
    const checkout = await world.fetch('org/plain', { settings: { SLIPWAY_AS_OF: '2022-01-01' } });
    await checkout.dispose();
    expect(world.server.requests.filter((request) => request.startsWith('POST'))).toHaveLength(2);
  });

  test.each([
    ['v1', 0],
    ['v2', 1],
    ['feature/x', 2],
    ['refs/heads/main', 1],
  ])('is found by %s', async (ref, index) => {
    expect((await world.resolve('org/plain', { ref })).commit).toBe(shas[index]);
  });

  test('is found by a short SHA, also one that is no tip', async () => {
    const old = await world.repo(
      'org/three',
      [1, 2, 3].map((day) => ({ date: `2020-01-0${day}` })),
    );
    for (const commit of old) {
      expect((await world.resolve('org/three', { ref: commit.slice(0, 9) })).commit).toBe(commit);
    }
    await expect(world.resolve('org/plain', { ref: '0000000' })).rejects.toMatchObject({ code: 'ref_not_found' });
    expect(await world.left()).toEqual([]);
  });

  test('has a .git that depends on the commit alone', async () => {
    const hashes: string[] = [];
    for (const ref of ['main', shas[1] ?? '']) {
      const checkout = await world.fetch('org/plain', { ref });
      hashes.push(hashOf(join(checkout.root, '.git')));
      await checkout.dispose();
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).toContain('shallow');
    expect(hashes[0]).not.toMatch(/FETCH_HEAD|ORIG_HEAD|logs|hooks|slipway-fetch/);
  });

  test('has its .git in that form when content asks for it, and once', async () => {
    const resolved = await world.resolve('org/plain');
    const config = loadConfig({ SLIPWAY_ALLOWED_HOSTS: world.server.host });
    const checkout = await fetchCheckout(resolved, {}, { config });
    const before = hashOf(join(checkout.root, '.git'));
    const finishing = checkout.finishGit();
    expect(checkout.finishGit()).toBe(finishing);
    await finishing;
    const after = hashOf(join(checkout.root, '.git'));
    expect(after).not.toBe(before);
    await checkout.dispose();
    const other = await world.fetch('org/plain');
    expect(hashOf(join(other.root, '.git'))).toBe(after);
    await other.dispose();
  });

  test('whose .git nobody wants any more says that it was stopped', async () => {
    const stop = new AbortController();
    const config = loadConfig({ SLIPWAY_ALLOWED_HOSTS: world.server.host });
    const resolved = await world.resolve('org/plain');
    const checkout = await fetchCheckout(resolved, { signal: stop.signal }, { config });
    stop.abort();
    await expect(checkout.finishGit()).rejects.toMatchObject({ code: 'interrupted' });
    await checkout.dispose();
    expect(await world.left()).toEqual([]);
  });

  test('that the branch has left is what is built', async () => {
    await world.repo('org/moving', [{ date: '2022-01-01', files: { a: 'old' } }]);
    const resolved = await world.resolve('org/moving');
    await world.repo('org/moving', [{ date: '2022-02-02', files: { a: 'new' } }]);
    const checkout = await world.fetchResolved(resolved);
    expect(await checkout.read('a')).toBe('old');
    await checkout.dispose();
  });

  test('can be given all its history and tags, no others', async () => {
    const checkout = await world.fetch('org/plain');
    await checkout.deepen();
    // Before git looks, which writes the index.
    const deepened = hashOf(join(checkout.root, '.git'));
    expect(await git(checkout.root, 'log', '--format=%H')).toBe(`${shas[1]}\n${shas[0]}`);
    expect(await git(checkout.root, 'describe', '--tags')).toBe('v2');
    expect(await git(checkout.root, 'tag')).toBe('v1\nv2');
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('');
    expect(await git(checkout.root, 'for-each-ref', '--format=%(refname)')).not.toContain('slipway');
    await checkout.dispose();
    const config = loadConfig({ SLIPWAY_ALLOWED_HOSTS: world.server.host });
    const unfinished = await fetchCheckout(await world.resolve('org/plain'), {}, { config });
    await unfinished.deepen();
    // As content does, whatever was done before: the history stays.
    await unfinished.finishGit();
    expect(hashOf(join(unfinished.root, '.git'))).toBe(deepened);
    await unfinished.dispose();
  });

  test('is announced, without the address of our folder', async () => {
    const events: SlipwayEvent[] = [];
    const checkout = await world.fetch('org/plain', { emit: (event) => events.push(event) });
    expect(events[0]).toMatchObject({
      phase: 'fetching',
      message: expect.stringContaining(shas[1]?.slice(0, 7) ?? ''),
    });
    expect(JSON.stringify(events)).not.toContain(checkout.root);
    await checkout.dispose();
  });

  test('can be looked at in a folder of it', async () => {
    const checkout = await world.fetch('org/plain', { subdir: '/docs/' });
    expect(checkout.subdir).toBe('docs');
    await checkout.dispose();
    for (const subdir of ['none', '../..', '.git', 'to-docs', 'README.md', 'docs/../../x']) {
      await expect(world.fetch('org/plain', { subdir })).rejects.toMatchObject({ code: 'subdir_not_found' });
    }
    expect(await world.left()).toEqual([]);
  });
});

/** Names and content of every file of a folder, as one text to compare. */
function hashOf(folder: string): string {
  const names = execFileSync('find', [folder, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n').sort();
  return names
    .map((name) => `${name.slice(folder.length)} ${createHash('sha1').update(readFileSync(name)).digest('hex')}`)
    .join('\n');
}
