import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fetching, ownTemporaryFolder, startFetching } from '../support/fetching.ts';
import { git, workTree } from '../support/repo.ts';

let removeTemporary: () => Promise<void>;
let world: Fetching;
let folder: string;
let shas: string[];
beforeAll(async () => {
  removeTemporary = await ownTemporaryFolder();
  world = await startFetching();
  shas = await world.repo('org/a', [
    {
      date: '2020-01-01',
      files: { 'requirements.txt': 'x', '.gitignore': 'ignored\n', sub: { content: '1', mode: '755' } },
      tags: ['v1'],
    },
    { date: '2021-01-01', files: { 'README.md': 'x', link: { link: 'README.md' } } },
  ]);
  folder = await workTree(join(world.server.root, 'org/a.git'), join(world.folder, 'a'));
});
afterAll(async () => {
  await world.close();
  await removeTemporary();
});

/** Names, sizes and change times of everything in a folder. */
function snapshot(path: string): string {
  return execFileSync('find', [path, '-printf', '%P %s %T@ %m\n'], { encoding: 'utf8' });
}

describe('a clean work tree', () => {
  test('is its HEAD, and is not changed by being looked at', async () => {
    const before = snapshot(folder);
    const checkout = await world.fetch(folder);
    expect(checkout.resolved).toMatchObject({ commit: shas[1], ref: 'HEAD', spec: { canonicalUrl: 'local' } });
    expect(await checkout.paths()).toEqual(['.gitignore', 'README.md', 'link', 'requirements.txt', 'sub']);
    expect(checkout.commitDate).toEqual(new Date('2021-01-01'));
    expect(await checkout.history.lastTouched(['requirements.txt'])).toEqual(new Date('2020-01-01'));
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('');
    expect(await git(checkout.root, 'fsck')).toBe('');
    expect(existsSync(join(checkout.root, '.git/objects/info/alternates'))).toBe(false);
    await checkout.deepen();
    expect(await git(checkout.root, 'describe', '--tags')).toMatch(/^v1-1-/);
    await checkout.dispose();
    expect(snapshot(folder)).toBe(before);
    expect(await world.left()).toEqual([]);
  });

  test('can be taken at another ref, short SHAs included', async () => {
    for (const ref of ['v1', shas[0]?.slice(0, 8) ?? '', shas[0] ?? '']) {
      const checkout = await world.fetch(folder, { ref });
      expect(checkout.resolved.commit).toBe(shas[0]);
      expect(await checkout.kind('README.md')).toBeUndefined();
      await checkout.dispose();
    }
    await expect(world.resolve(folder, { ref: 'none' })).rejects.toMatchObject({ code: 'ref_not_found' });
    await expect(world.fetch(folder, { ref: 'f'.repeat(40) })).rejects.toMatchObject({ code: 'ref_not_found' });
  });

  test('gives the same .git as the same commit of a host, but for its origin', async () => {
    const [local, remote] = [await world.fetch(folder), await world.fetch('org/a')];
    const packs = [local, remote].map(({ root }) => readdirSync(join(root, '.git/objects/pack')));
    expect(packs[0]).toEqual(packs[1]);
    await Promise.all([local.dispose(), remote.dispose()]);
  });

  test('with settings and hooks that run programs runs none', async () => {
    const evil = await workTree(join(world.server.root, 'org/a.git'), join(world.folder, 'evil'));
    const marker = join(world.folder, 'ran');
    const program = `touch ${marker}`;
    appendFileSync(
      join(evil, '.git/config'),
      `[core]\n\tfsmonitor = ${program}\n\thooksPath = hooks\n\tpager = ${program}\n[filter "x"]\n\tclean = ${program}\n\tsmudge = ${program}\n[diff]\n\texternal = ${program}\n`,
    );
    writeFileSync(join(evil, '.gitattributes'), '* filter=x\n');
    writeFileSync(join(evil, '.git/hooks/post-checkout'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
    const checkout = await world.fetch(evil);
    await checkout.history.lastTouched(['README.md']);
    await checkout.dispose();
    expect(existsSync(marker)).toBe(false);
  });

  test('that is a shallow clone has no history, and says so', async () => {
    const shallow = join(world.folder, 'shallow');
    await git(world.folder, 'clone', '--quiet', '--depth=1', `file://${world.server.root}/org/a.git`, shallow);
    const checkout = await world.fetch(shallow);
    expect(await checkout.history.lastTouched(['requirements.txt'])).toBeUndefined();
    expect(checkout.notices).toMatchObject([{ code: 'history-unavailable' }]);
    await checkout.dispose();
  });
});

describe('a folder that was changed', () => {
  test('goes by its content: the same on every path, another with every change', async () => {
    const dirty = join(world.folder, 'dirty');
    cpSync(folder, dirty, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(dirty, 'new.ipynb'), '{}');
    writeFileSync(join(dirty, 'ignored'), 'x');
    const first = await world.resolve(dirty);
    expect(first.commit).toMatch(/^local-[0-9a-f]{40}$/);
    const copy = join(world.folder, 'copy');
    cpSync(dirty, copy, { recursive: true, verbatimSymlinks: true });
    expect((await world.resolve(copy)).commit).toBe(first.commit);

    const before = snapshot(dirty);
    const checkout = await world.fetchResolved(first);
    expect(await checkout.paths()).toEqual(['.gitignore', 'README.md', 'link', 'new.ipynb', 'requirements.txt', 'sub']);
    expect(statSync(join(checkout.root, 'sub')).mode & 0o777).toBe(0o755);
    expect(await git(checkout.root, 'status', '--porcelain')).toBe('?? new.ipynb');
    expect(await checkout.history.lastTouched(['requirements.txt'])).toEqual(new Date('2020-01-01'));
    expect(await checkout.history.lastTouched(['new.ipynb'])).toEqual(checkout.commitDate);
    await checkout.dispose();
    expect(snapshot(dirty)).toBe(before);

    for (const change of [
      () => writeFileSync(join(dirty, 'new.ipynb'), '[]'),
      () => execFileSync('chmod', ['755', join(dirty, 'new.ipynb')]),
      () => symlinkSync('x', join(dirty, 'l2')),
    ]) {
      const was = (await world.resolve(dirty)).commit;
      change();
      expect((await world.resolve(dirty)).commit).not.toBe(was);
    }
    await expect(world.fetchResolved({ ...first, spec: (await world.resolve(dirty)).spec })).rejects.toMatchObject({
      code: 'fetch_failed',
    });
    expect(await world.left()).toEqual([]);
  });

  test('without git goes by its content and its newest file', async () => {
    const plain = join(world.folder, 'plain');
    mkdirSync(join(plain, 'binder'), { recursive: true });
    writeFileSync(join(plain, 'binder/requirements.txt'), 'numpy\n');
    symlinkSync('/etc/passwd', join(plain, 'out'));
    execFileSync('mkfifo', [join(plain, 'start')]);
    const day = new Date('2019-03-03');
    utimesSync(join(plain, 'binder/requirements.txt'), day, day);
    execFileSync('touch', ['-h', '-d', '2019-03-03', join(plain, 'out'), join(plain, 'start')]);
    const checkout = await world.fetch(plain);
    expect(checkout.commitDate.toISOString().slice(0, 4)).toBe('2019');
    expect(await checkout.paths()).toEqual(['binder/requirements.txt', 'out']);
    expect(await checkout.kind('start')).toBe('other');
    await expect(checkout.read('start')).rejects.toMatchObject({ code: 'unsafe_file' });
    await expect(checkout.read('out')).rejects.toMatchObject({ code: 'unsafe_file' });
    expect(checkout.notices).toMatchObject([{ code: 'ignored-file', file: 'start' }]);
    await checkout.dispose();
  });

  test('keeps to the limits', async () => {
    const plain = join(world.folder, 'plain');
    await expect(world.resolve(plain, { settings: { SLIPWAY_FETCH_FILES: '2' } })).rejects.toMatchObject({
      code: 'repo_too_large',
    });
  });
});
