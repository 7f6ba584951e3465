import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kindOf, namesIn, readText } from '../../../src/fetch/files.ts';

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'slipway-files-')));
  mkdirSync(join(root, 'repo/binder'), { recursive: true });
  mkdirSync(join(root, 'repo/.git'));
  mkdirSync(join(root, 'repo-beside'));
  writeFileSync(join(root, 'repo-beside/secret'), 'secret');
  root = join(root, 'repo');
  const files: Record<string, string | Buffer> = {
    'requirements.txt': 'numpy\n',
    'bom.txt': '\ufeffnumpy',
    '.git/config': 'x',
    'nul.txt': 'a\0b',
    'latin1.txt': Buffer.from([0xe9, 0x41]),
    'utf16.txt': Buffer.from('\ufeffnumpy', 'utf16le'),
    'utf16be.txt': Buffer.from('\ufeffnumpy', 'utf16le').swap16(),
    'max.txt': 'x'.repeat(2 ** 20),
    'huge.txt': 'x'.repeat(2 ** 20 + 1),
    empty: '',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
  const links = {
    inside: 'requirements.txt',
    outside: '/proc/self/environ',
    relative: '../repo-beside/secret',
    loop: 'loop',
    dangling: 'nothing',
    'dir-out': '/etc',
    git: '.git/config',
    chain: 'outside',
    device: '/dev/zero',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
  execFileSync('mkfifo', [join(root, 'fifo')]);
});
afterAll(() => rmSync(join(root, '..'), { recursive: true }));

describe('readText', () => {
  test.each([
    ['requirements.txt', 'numpy\n'],
    ['inside', 'numpy\n'],
    ['binder/../requirements.txt', 'numpy\n'],
    ['bom.txt', 'numpy'],
    ['utf16.txt', 'numpy'],
    ['utf16be.txt', 'numpy'],
    ['empty', ''],
  ])('%s', async (path, text) => {
    expect(await readText(root, path)).toBe(text);
  });

  test.each([
    'outside',
    'relative',
    'chain',
    'loop',
    'dangling',
    'dir-out/passwd',
    'device',
    'fifo',
    'binder',
    'git',
    '.git/config',
    '../repo-beside/secret',
    '/etc/passwd',
    'none',
    '~/x',
  ])('%s is refused, at once', async (path) => {
    await expect(readText(root, path)).rejects.toMatchObject({ code: 'unsafe_file' });
  });

  test.each(['nul.txt', 'latin1.txt'])('%s is no text', async (path) => {
    await expect(readText(root, path)).rejects.toMatchObject({ code: 'file_not_text' });
  });

  test('a file over the limit is refused, one at the limit is read', async () => {
    await expect(readText(root, 'huge.txt')).rejects.toMatchObject({ code: 'file_too_large' });
    expect(await readText(root, 'max.txt')).toHaveLength(2 ** 20);
  });
});

test('kinds are those of the entry itself', async () => {
  const kinds = await Promise.all(
    ['', 'binder', 'inside', 'outside', 'fifo', 'requirements.txt', 'none', 'requirements.txt/x'].map((path) =>
      kindOf(root, path),
    ),
  );
  expect(kinds).toEqual(['folder', 'folder', 'link', 'link', 'other', 'file', undefined, undefined]);
  await expect(kindOf(root, 'dir-out/passwd')).rejects.toMatchObject({ code: 'unsafe_file' });
});

test('a folder is listed without .git, and never outside', async () => {
  expect(await namesIn(root, '')).not.toContain('.git');
  expect(await namesIn(root, 'none')).toEqual([]);
  expect(await namesIn(root, 'requirements.txt')).toEqual([]);
  await expect(namesIn(root, 'dir-out')).rejects.toMatchObject({ code: 'unsafe_file' });
});
