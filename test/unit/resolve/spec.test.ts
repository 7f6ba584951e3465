import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { SlipwayError } from '../../../src/errors.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';

const parse = (input: string, ref?: string) => parseRepo(input, { allowLocal: false, ref });
const SHA = '0123456789abcdef0123456789abcdef01234567';

describe('what people paste', () => {
  const github = 'https://github.com/org/repo';
  test.each<[string, object]>([
    ['https://github.com/org/repo', {}],
    ['https://github.com/org/repo.git', {}],
    ['https://GitHub.com:443/org/repo/', {}],
    ['https://www.github.com/org/repo?tab=readme#usage', {}],
    ['http://github.com/org/repo', {}],
    ['github.com/org/repo', {}],
    ['  github.com/org/repo.git ', {}],
    ['git@github.com:org/repo.git', {}],
    ['gh/org/repo', {}],
    ['gh/org/repo.git/main', { ref: 'main' }],
    ['gh/org/repo/feature/x', { ref: 'feature/x' }],
    ['gh/org%2Frepo/feature%2Fx', { ref: 'feature/x' }],
    ['gh/org/repo/a%252Fb', { ref: 'a%2Fb' }],
    ['gh/org/repo/$(id)', { ref: '$(id)' }],
    ['gh/org/repo/main?urlpath=lab', { ref: 'main', urlpath: 'lab' }],
    ['https://mybinder.org/v2/gh/org/repo/main?urlpath=lab', { ref: 'main', urlpath: 'lab' }],
    [
      'https://mybinder.org/v2/gh/org/repo/main?filepath=a%20b.ipynb',
      { ref: 'main', urlpath: 'notebooks/a%20b.ipynb' },
    ],
    ['https://mybinder.org/v2/gh/org/repo/main?labpath=x%2Fa.ipynb', { ref: 'main', urlpath: 'doc/tree/x/a.ipynb' }],
    ['https://hub.example/v2/gh/org/repo/HEAD', { ref: 'HEAD' }],
    ['https://github.com/org/repo/tree/feature/x/docs', { page: { kind: 'tree', refAndPath: 'feature/x/docs' } }],
    ['https://github.com/org/repo/blob/main/a%20b.ipynb', { page: { kind: 'blob', refAndPath: 'main/a b.ipynb' } }],
    ['https://raw.githubusercontent.com/org/repo/main/a.ipynb', { page: { kind: 'blob', refAndPath: 'main/a.ipynb' } }],
    [
      'https://raw.githubusercontent.com/org/repo/refs/heads/main/a.ipynb',
      { page: { kind: 'blob', refAndPath: 'main/a.ipynb' } },
    ],
    ['https://nbviewer.org/github/org/repo/blob/main/a.ipynb', { page: { kind: 'blob', refAndPath: 'main/a.ipynb' } }],
    [
      'https://colab.research.google.com/github/org/repo/blob/main/a.ipynb',
      { page: { kind: 'blob', refAndPath: 'main/a.ipynb' } },
    ],
    [`https://github.com/org/repo/commit/${SHA}`, { ref: SHA }],
    ['https://github.com/org/repo/releases/tag/v1.0', { ref: 'refs/tags/v1.0' }],
    ['https://github.com/org/repo/pull/12/files', { ref: 'refs/pull/12/head' }],
    ['https://github.com/org/repo/issues/3', {}],
    ['git/https%3A%2F%2Fgithub.com%2Forg%2Frepo.git/main', { ref: 'main' }],
  ])('%s is a GitHub repository', (input, more) => {
    expect(parse(input)).toEqual({ provider: 'gh', name: 'org/repo', cloneUrl: github, canonicalUrl: github, ...more });
  });

  test('owners are the same in any case', () => {
    expect(parse('gh/Org/Repo').canonicalUrl).toBe(parse('https://github.com/org/repo.git').canonicalUrl);
  });

  const gitlab = {
    provider: 'gl',
    name: 'group%2Fsub%2Fproject',
    cloneUrl: 'https://gitlab.com/group/sub/project.git',
    canonicalUrl: 'https://gitlab.com/group/sub/project',
  };
  test.each<[string, object]>([
    ['https://gitlab.com/group/sub/project', {}],
    ['git@gitlab.com:group/sub/project.git', {}],
    ['gl/group%2Fsub%2Fproject', {}],
    ['gl/group%2Fsub%2Fproject/feature/x', { ref: 'feature/x' }],
    [
      'https://gitlab.com/group/sub/project/-/tree/feature/x/docs?ref_type=heads',
      { page: { kind: 'tree', refAndPath: 'feature/x/docs' } },
    ],
    [
      'https://gitlab.com/group/sub/project/-/blob/main/x.ipynb',
      { page: { kind: 'blob', refAndPath: 'main/x.ipynb' } },
    ],
    ['https://gitlab.com/group/sub/project/-/tags/v1', { ref: 'refs/tags/v1' }],
    [`https://gitlab.com/group/sub/project/-/commit/${SHA}`, { ref: SHA }],
    ['https://gitlab.com/group/sub/project/-/merge_requests/4', { ref: 'refs/merge-requests/4/head' }],
  ])('%s is a GitLab project', (input, more) => {
    expect(parse(input)).toEqual({ ...gitlab, ...more });
  });

  test('a plain GitLab spec ends its project after two names', () => {
    expect(parse('gl/group/project/a/b')).toMatchObject({ name: 'group%2Fproject', ref: 'a/b' });
  });

  test.each<[string, object]>([
    ['gist/user/0123abcd', { name: 'user/0123abcd' }],
    [`gist/user/0123abcd/${SHA}`, { name: 'user/0123abcd', ref: SHA }],
    ['https://gist.github.com/user/0123abcd', { name: 'user/0123abcd' }],
    ['https://gist.github.com/0123abcd.git', { name: '0123abcd' }],
    [`https://gist.github.com/user/0123abcd/${SHA}`, { ref: SHA }],
    ['https://nbviewer.org/gist/user/0123abcd', { name: 'user/0123abcd' }],
  ])('%s is a gist', (input, more) => {
    const url = 'https://gist.github.com/0123abcd';
    expect(parse(input)).toMatchObject({ provider: 'gist', cloneUrl: `${url}.git`, canonicalUrl: url, ...more });
  });

  test.each<[string, object]>([
    [
      'https://Git.Example:443/a/b.git/',
      { cloneUrl: 'https://git.example/a/b.git', canonicalUrl: 'https://git.example/a/b' },
    ],
    ['https://git.example/a/b', { cloneUrl: 'https://git.example/a/b', canonicalUrl: 'https://git.example/a/b' }],
    [
      'http://127.0.0.1:8080/a.git',
      { cloneUrl: 'http://127.0.0.1:8080/a.git', canonicalUrl: 'http://127.0.0.1:8080/a' },
    ],
    ['http://0x7f.1:80/a', { canonicalUrl: 'http://127.0.0.1/a' }],
    ['codeberg.org/a/b', { canonicalUrl: 'https://codeberg.org/a/b' }],
    [
      'https://gitlab.example/g/p/-/tree/main/docs',
      { canonicalUrl: 'https://gitlab.example/g/p', page: { kind: 'tree', refAndPath: 'main/docs' } },
    ],
    ['git/https%3A%2F%2Fgit.example%2Fa%20b/x%2Fy', { canonicalUrl: 'https://git.example/a%20b', ref: 'x/y' }],
  ])('%s is a clone URL', (input, more) => {
    expect(parse(input)).toMatchObject({ provider: 'git', ...more });
  });

  test('a ref beside the repository wins over one in it', () => {
    expect(parse('gh/org/repo/main', 'v1')).toMatchObject({ ref: 'v1' });
    expect(parse('https://github.com/org/repo/tree/main/x', 'v1')).toMatchObject({
      ref: 'v1',
      page: { refAndPath: 'main/x' },
    });
  });
});

describe('what is refused before git is started', () => {
  const bad = [
    '',
    'ext::sh -c id',
    'EXT::sh',
    '%65xt::sh',
    'git/ext%3A%3Ash',
    'git/%2565xt%3A%3Ash',
    'git/%65xt%3A%3Ash',
    'file:///etc',
    'file://localhost/etc',
    'git/file%3A%2F%2F%2Fetc',
    '/etc',
    './x',
    '../x',
    '~',
    '~/x',
    '.',
    'ssh://-oProxyCommand=id/x',
    'ssh://git@github.com/org/repo',
    'git://github.com/org/repo',
    '--upload-pack=id',
    '-x',
    'gh/--upload-pack=id/x',
    'gh/org/-x',
    'gh/org',
    'gh/org/repo/--x',
    'gh/org/repo/-',
    'gh/org/repo/a..b',
    'gh/org/repo/a%0Ab',
    'gh/org/repo/%E2%80%AEx',
    'gh/org/re\npo',
    'gh/org/repo\u202e',
    'gh/org/re%00po',
    'gh/../x',
    'gh/%zz/x',
    'gist/user/not-hex',
    'gl/one',
    'git/https%3A%2F%2Fhost',
    'https://',
    'https://host',
    'git@evil.example:org/repo',
    'user@github.com:org/repo',
    'git@github.com:-x/y',
    'just-a-word',
    'data:text/plain,x',
  ];
  test.each(bad)('%j', (input) => {
    expect(() => parse(input)).toThrow(
      expect.objectContaining({ code: 'bad_spec', hint: expect.stringContaining('gh/org/repo') }),
    );
  });

  test('what is absurdly long', () => {
    expect(() => parse(`gh/org/${'x'.repeat(3000)}`)).toThrow(expect.objectContaining({ code: 'bad_spec' }));
  });

  test.each(['-x', 'a b', 'x\u0000', 'a..b', '', 'x.lock', 'a:b', '/x', 'x\u202ey'])('the ref %j', (ref) => {
    expect(() => parse('gh/org/repo', ref)).toThrow(expect.objectContaining({ code: 'bad_spec' }));
  });

  test.each([
    'https://me:hunter2@github.com/org/repo',
    'https://hunter2@host.example/x',
    'git/https%3A%2F%2Fme%3Ahunter2%40host.example%2Fx',
    'ftp://me:hunter2@host/x',
  ])('a password, which is never repeated: %s', (input) => {
    const error = caught(() => parse(input));
    expect(error.code).toBe('bad_spec');
    expect(`${error.stack}${error.hint}${JSON.stringify(error)}`).not.toContain('hunter2');
  });
});

function caught(action: () => unknown): SlipwayError {
  try {
    action();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
  }
  throw new Error('nothing was thrown');
}

describe('local folders', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-spec-'));
  mkdirSync(join(folder, 'gh', 'x'), { recursive: true });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a folder is one where that is allowed, and its path is in no key', () => {
    expect(parseRepo(folder, { allowLocal: true })).toEqual({
      provider: 'local',
      name: folder,
      cloneUrl: folder,
      canonicalUrl: 'local',
    });
    expect(() => parse(folder)).toThrow(expect.objectContaining({ code: 'bad_spec' }));
  });

  test('a folder may begin with a dash, and nothing else may', () => {
    mkdirSync(join(folder, '-weird'));
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
    expect(parseRepo('-weird', { allowLocal: true }).cloneUrl).toBe(join(folder, '-weird'));
    const refused = expect.objectContaining({ code: 'bad_spec' });
    expect(() => parse('-weird')).toThrow(refused);
    expect(() => parseRepo('--upload-pack=id', { allowLocal: true })).toThrow(refused);
    cwd.mockRestore();
  });

  test('a folder that is not there is said to be missing', () => {
    expect(() => parseRepo(join(folder, 'none'), { allowLocal: true })).toThrow('no such folder');
  });
});
