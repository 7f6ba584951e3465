import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createGit } from '../../src/fetch/git.ts';
import { parseRepo } from '../../src/resolve/spec.ts';
import type { SlipwayEvent } from '../../src/types.ts';
import { type Fetching, ownTemporaryFolder, startFetching } from '../support/fetching.ts';
import { git } from '../support/repo.ts';

let world: Fetching;
let removeTemporary: () => Promise<void>;
beforeAll(async () => {
  removeTemporary = await ownTemporaryFolder();
  world = await startFetching();
});
beforeEach(() => {
  world.server.requests.length = 0;
});
afterAll(async () => {
  await world.close();
  await removeTemporary();
});

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
    expect(await git(checkout.root, 'log', '--format=%H')).toBe(`${shas[1]}\n${shas[0]}`);
    expect(await git(checkout.root, 'describe', '--tags')).toBe('v2');
    expect(await git(checkout.root, 'tag')).toBe('v1\nv2');
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('');
    expect(await git(checkout.root, 'for-each-ref', '--format=%(refname)')).not.toContain('slipway');
    await checkout.dispose();
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

describe('history', () => {
  test('tells when files and when anything was last touched', async () => {
    await world.repo('org/dated', [
      { date: '2019-01-01T10:00:00Z', files: { 'requirements.txt': 'a', 'binder/apt.txt': 'x', 'a.ipynb': '1' } },
      { date: '2020-01-01T10:00:00Z', files: { 'binder/apt.txt': 'y' } },
      { date: '2020-06-01T10:00:00Z', branch: 'side', from: 'main', files: { 'requirements.txt': 'b' } },
      { date: '2021-01-01T10:00:00Z', files: { 'README.md': 'x' } },
      { date: '2021-06-01T10:00:00Z', merge: ['side'], files: { 'requirements.txt': 'b' } },
      { date: '2022-01-01T10:00:00Z', message: 'rebuild, please' },
      { date: '2023-01-01T10:00:00Z', files: { 'README.md': 'y' } },
    ]);
    const { history, ...checkout } = await world.fetch('org/dated');
    expect(await history.lastTouched(['binder'])).toEqual(new Date('2020-01-01T10:00:00Z'));
    expect(await history.lastTouched(['requirements.txt'])).toEqual(new Date('2021-06-01T10:00:00Z'));
    expect(await history.lastTouched(['none'])).toBeUndefined();
    expect(await history.lastWhere((paths) => paths.length === 0)).toEqual(new Date('2022-01-01T10:00:00Z'));
    expect(await history.lastWhere((paths) => paths.includes('a.ipynb'))).toEqual(new Date('2019-01-01T10:00:00Z'));
    expect(await history.lastWhere(() => false)).toBeUndefined();
    // The look, the commit and the history, however much is asked.
    expect(world.server.requests.filter((request) => request.startsWith('POST'))).toHaveLength(3);
    await checkout.dispose();
    expect(await world.left()).toEqual([]);
  });

  test('is the same beyond the newest commits, which are looked at first', async () => {
    await world.repo('org/long', [
      { date: '2018-01-01', files: { 'requirements.txt': 'a', 'binder/apt.txt': 'x' } },
      { date: '2018-02-01', files: { 'binder/apt.txt': 'y' } },
      ...Array.from({ length: 70 }, (_, index) => ({ date: '2019-01-01', files: { 'README.md': `${index}` } })),
    ]);
    const checkout = await world.fetch('org/long');
    expect(await checkout.history.lastTouched(['requirements.txt'])).toEqual(new Date('2018-01-01'));
    expect(await checkout.history.lastTouched(['binder'])).toEqual(new Date('2018-02-01'));
    expect(await checkout.history.lastWhere((paths) => paths.includes('binder/apt.txt'))).toEqual(
      new Date('2018-02-01'),
    );
    await checkout.dispose();
  });

  test('that is under way when nobody wants it is stopped', async () => {
    const long = Array.from({ length: 20 }, () => ({
      date: '2019-01-01',
      message: randomBytes(1_000_000).toString('hex'),
    }));
    await world.repo('org/wordy', [...long, { date: '2020-01-01', files: { a: '1' } }]);
    const checkout = await world.fetch('org/wordy');
    const started = Date.now();
    await checkout.dispose();
    expect(Date.now() - started).toBeLessThan(5000);
    expect(await world.left()).toEqual([]);
    await expect(checkout.history.lastTouched(['a'])).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('survives dates that cannot be', async () => {
    await world.repo('org/odd-dates', [
      { date: '1970-01-01T00:00:00Z', files: { a: '1' } },
      { date: '2099-12-31T00:00:00Z', files: { b: '1' } },
    ]);
    const checkout = await world.fetch('org/odd-dates');
    expect(checkout.commitDate).toEqual(new Date('2099-12-31'));
    expect(await checkout.history.lastTouched(['a'])).toEqual(new Date(0));
    await checkout.dispose();
  });
});

describe('submodules and LFS', () => {
  test('are fetched with the commit, submodules of submodules too', async () => {
    const [leaf] = await world.repo('org/leaf', [{ date: '2020-01-01', files: { 'leaf.txt': 'leaf' } }]);
    const [middle] = await world.repo('org/middle', [
      {
        date: '2020-01-01',
        files: {
          '.gitmodules': '[submodule "l"]\n\tpath = leaf\n\turl = ../leaf.git\n',
          leaf: { submodule: leaf ?? '' },
          m: '1',
        },
      },
    ]);
    await world.repo('org/top', [
      {
        date: '2020-01-01',
        files: {
          '.gitmodules': `[submodule "m m"]\n\tpath = a/middle\n\turl = ${world.server.url('org/middle')}\n`,
          'a/middle': { submodule: middle ?? '' },
          z: '1',
        },
      },
    ]);
    const checkout = await world.fetch('org/top');
    expect(await checkout.paths()).toEqual([
      '.gitmodules',
      'a/middle/.gitmodules',
      'a/middle/leaf/leaf.txt',
      'a/middle/m',
      'z',
    ]);
    expect(await checkout.read('a/middle/leaf/leaf.txt')).toBe('leaf');
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('');
    await checkout.dispose();
  });

  test('LFS files hold their content, and git sees them as unchanged', async () => {
    const content = Buffer.alloc(200_000, 'lfs');
    const pointer = world.server.addLfs(content);
    await world.repo('org/lfs', [
      {
        date: '2020-01-01',
        files: {
          '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
          'd/x.bin': { content: pointer, mode: '755' },
          'plain.txt': pointer,
          'no-pointer.bin': 'x',
        },
      },
    ]);
    const checkout = await world.fetch('org/lfs');
    expect(readFileSync(join(checkout.root, 'd/x.bin'))).toEqual(content);
    expect(await checkout.read('plain.txt')).toBe(pointer);
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('');
    await checkout.dispose();
  });

  test('LFS files are fetched some at a time, never all', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `${index}.bin`);
    const files = Object.fromEntries(names.map((name) => [name, world.server.addLfs(`content of ${name}`)]));
    await world.repo('org/lfs-many', [
      {
        date: '2020-01-01',
        files: { '.gitattributes': '*.bin filter=lfs\n', ...files, 'again.bin': files['0.bin'] ?? '' },
      },
    ]);
    let [now, most] = [0, 0];
    world.server.intercept = (request, response) => {
      if (!request.url?.startsWith('/_lfs/')) return false;
      most = Math.max(most, ++now);
      const content = world.server.lfsObjects.get(request.url.slice('/_lfs/'.length));
      setTimeout(() => {
        now--;
        response.end(content);
      }, 100);
      return true;
    };
    const checkout = await world.fetch('org/lfs-many');
    world.server.intercept = undefined;
    expect(most).toBe(4);
    for (const name of names) expect(await checkout.read(name)).toBe(`content of ${name}`);
    expect(await checkout.read('again.bin')).toBe('content of 0.bin');
    await checkout.dispose();
  });

  test('LFS content that is wrong, missing or elsewhere is an error, and the files go', async () => {
    const pointer = world.server.addLfs('the real content');
    const oid = /sha256:(\w+)/.exec(pointer)?.[1] ?? '';
    await world.repo('org/lfs-bad', [
      { date: '2020-01-01', files: { '.gitattributes': '*.bin filter=lfs\n', 'x.bin': pointer } },
    ]);
    world.server.lfsObjects.set(oid, Buffer.from('the evil content'));
    await expect(world.fetch('org/lfs-bad')).rejects.toMatchObject({
      code: 'lfs_failed',
      message: expect.stringContaining('x.bin'),
    });
    world.server.lfsObjects.delete(oid);
    await expect(world.fetch('org/lfs-bad')).rejects.toMatchObject({
      code: 'lfs_failed',
      message: expect.stringContaining('x.bin'),
    });
    world.server.addLfs('the real content');
    world.server.lfsHref = () => 'http://127.0.0.1:9/secret';
    await expect(world.fetch('org/lfs-bad')).rejects.toMatchObject({ code: 'host_not_allowed' });
    world.server.lfsHref = undefined;
    await world.repo('org/lfs-bad', [
      { date: '2020-01-02', files: { '.lfsconfig': '[lfs]\n\turl = https://169.254.169.254/lfs\n' } },
    ]);
    await expect(world.fetch('org/lfs-bad')).rejects.toMatchObject({
      code: 'host_not_allowed',
      message: expect.stringContaining('169.254.169.254'),
    });
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
