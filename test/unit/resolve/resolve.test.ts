import { describe, expect, test } from 'vitest';
import { resolveRef } from '../../../src/resolve/resolve.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';
import type { GitRemote } from '../../../src/types.ts';

const sha = (digit: string) => digit.repeat(40);
const REFS = {
  HEAD: sha('a'),
  'refs/heads/trunk': sha('a'),
  'refs/heads/feature/x': sha('b'),
  'refs/heads/v1': sha('c'),
  'refs/tags/v1': sha('d'),
  'refs/tags/same': sha('a'),
  'refs/heads/same': sha('a'),
  'refs/tags/1.0': sha('e'),
  'refs/pull/7/head': sha('f'),
};

/** A remote with the given refs; `commits` are those that only its history has. */
function remote(refs: Record<string, string> = REFS, commits: string[] = []): GitRemote & { asked: number } {
  const fake = {
    asked: 0,
    async listRefs() {
      fake.asked++;
      return { refs: new Map(Object.entries(refs)) };
    },
    expandSha: async (_: unknown, prefix: string) => commits.filter((commit) => commit.startsWith(prefix)),
    localCommit: async () => sha('9'),
  };
  return fake;
}

const resolve = (input: string, git: GitRemote = remote(), ref?: string) =>
  resolveRef(parseRepo(input, { allowLocal: true, ref }), { git });

describe('refs', () => {
  test.each([
    ['gh/o/r', 'HEAD', sha('a')],
    ['gh/o/r/trunk', 'trunk', sha('a')],
    ['gh/o/r/feature/x', 'feature/x', sha('b')],
    ['gh/o/r/1.0', '1.0', sha('e')],
    ['gh/o/r/same', 'same', sha('a')],
    ['gh/o/r/refs/tags/v1', 'refs/tags/v1', sha('d')],
    ['gh/o/r/heads/v1', 'heads/v1', sha('c')],
    ['https://github.com/o/r/pull/7', 'refs/pull/7/head', sha('f')],
    ['gh/o/r/main', 'HEAD', sha('a')],
    ['gh/o/r/master', 'HEAD', sha('a')],
    ['gist/u/abc/main', 'HEAD', sha('a')],
    ['gh/o/r/bbbbbbb', 'bbbbbbb', sha('b')],
  ])('%s is %s', async (input, ref, commit) => {
    expect(await resolve(input)).toMatchObject({ ref, commit });
  });

  test('a full SHA is taken as it is, without asking', async () => {
    const git = remote();
    expect(await resolve(`gh/o/r/${'AB'.repeat(20)}`, git)).toMatchObject({ commit: 'ab'.repeat(20) });
    expect(git.asked).toBe(0);
  });

  test('a branch and a tag of one name at different commits are ambiguous', async () => {
    await expect(resolve('gh/o/r/v1')).rejects.toMatchObject({
      code: 'ref_ambiguous',
      hint: expect.stringContaining('refs/heads/v1'),
    });
  });

  test('a ref that is not there comes with its nearest', async () => {
    await expect(resolve('gh/o/r/trunc')).rejects.toMatchObject({ code: 'ref_not_found', hint: 'Did you mean trunk?' });
    await expect(
      resolve('https://git.example/r', remote({ HEAD: sha('a') })).then(() =>
        resolve('git/https%3A%2F%2Fgit.example%2Fr/main'),
      ),
    ).rejects.toMatchObject({ code: 'ref_not_found' });
  });

  test('an empty repository is said to be one', async () => {
    await expect(resolve('gh/o/r', remote({}))).rejects.toMatchObject({ code: 'repo_empty' });
  });
});

describe('short SHAs', () => {
  const old = ['1234567890'.repeat(4), `12345${'0'.repeat(35)}`];
  test('of an older commit are looked up in the history', async () => {
    expect(await resolve('gh/o/r/1234567', remote(REFS, old))).toMatchObject({ commit: old[0] });
  });
  test('of several commits are ambiguous', async () => {
    await expect(resolve('gh/o/r/12345', remote(REFS, old))).rejects.toMatchObject({
      code: 'ref_ambiguous',
      hint: expect.stringContaining('123456789012'),
    });
  });
  test('that are very short count as sure only when the history has no other', async () => {
    await expect(resolve('gh/o/r/bbbb', remote(REFS, [sha('b'), `bbbb${sha('1').slice(4)}`]))).rejects.toMatchObject({
      code: 'ref_ambiguous',
    });
  });
  test('of nothing are not found', async () => {
    await expect(resolve('gh/o/r/0000000', remote(REFS, old))).rejects.toMatchObject({ code: 'ref_not_found' });
  });
});

describe('pages', () => {
  test.each([
    ['https://github.com/o/r/tree/trunk', 'trunk', sha('a'), undefined],
    ['https://github.com/o/r/tree/feature/x/docs/a b', 'feature/x', sha('b'), 'lab/tree/docs/a%20b'],
    ['https://github.com/o/r/blob/trunk/x%23y.ipynb', 'trunk', sha('a'), 'lab/tree/x%23y.ipynb'],
    ['https://github.com/o/r/blob/main/x.ipynb', 'HEAD', sha('a'), 'lab/tree/x.ipynb'],
    [`https://github.com/o/r/blob/${sha('1')}/x.ipynb`, sha('1'), sha('1'), 'lab/tree/x.ipynb'],
    ['https://github.com/o/r/blob/bbbbbbb/x.ipynb', 'bbbbbbb', sha('b'), 'lab/tree/x.ipynb'],
    ['https://github.com/o/r/blob/trunk/%2e%2e%2fx', 'trunk', sha('a'), undefined],
  ])('%s', async (input, ref, commit, urlpath) => {
    const resolved = await resolve(input);
    expect(resolved).toMatchObject({ ref, commit });
    expect(resolved.urlpath).toBe(urlpath);
  });
  test.each([
    ['blob/trunk/d/x.ipynb', '1.0', sha('e'), 'lab/tree/d/x.ipynb'],
    ['blob/feature/x/d/x.ipynb', 'trunk', sha('a'), 'lab/tree/d/x.ipynb'],
    ['blob/bbbbbbb/x.ipynb', 'trunk', sha('a'), 'lab/tree/x.ipynb'],
    [`blob/${sha('1')}/x.ipynb`, 'trunk', sha('a'), 'lab/tree/x.ipynb'],
    [`blob/${sha('1')}/x.ipynb`, sha('2'), sha('2'), 'lab/tree/x.ipynb'],
    ['blob/trunk/x.ipynb', sha('2'), sha('2'), 'lab/tree/x.ipynb'],
    ['blob/main/x.ipynb', 'main', sha('a'), 'lab/tree/x.ipynb'],
    ['blob/main/d/x.ipynb', 'trunk', sha('a'), 'lab/tree/d/x.ipynb'],
    ['blob/master/x.ipynb', sha('2'), sha('2'), 'lab/tree/x.ipynb'],
    // Where the page's own ref ends cannot be told.
    ['blob/gone/x/d/x.ipynb', 'trunk', sha('a'), undefined],
    ['tree/trunk', '1.0', sha('e'), undefined],
  ])('%s is opened at %s when that is given', async (page, ref, commit, urlpath) => {
    const resolved = await resolve(`https://github.com/o/r/${page}`, remote(), ref);
    expect(resolved.commit).toBe(commit);
    expect(resolved.urlpath).toBe(urlpath);
  });

  test('of a branch that is gone are not found', async () => {
    await expect(resolve('https://github.com/o/r/tree/feature/y/docs')).rejects.toMatchObject({
      code: 'ref_not_found',
    });
  });
});
