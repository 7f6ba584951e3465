import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fetchingForFile } from '../support/fetching.ts';
import { git } from '../support/repo.ts';

const world = fetchingForFile();

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
