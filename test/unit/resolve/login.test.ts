/** The operator's tokens go to the hosts that they are of, over https, and nowhere else. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { loginOf } from '../../../src/resolve/login.ts';
import { resolveRef } from '../../../src/resolve/resolve.ts';
import { parseRepo } from '../../../src/resolve/spec.ts';
import type { GitRemote } from '../../../src/types.ts';

const config = loadConfig({ SLIPWAY_GITHUB_TOKEN: 'of-github', SLIPWAY_GITLAB_TOKEN: 'of-gitlab' });
const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
const spec = (repo: string) => parseRepo(repo, { allowLocal: true });

test.each([
  ['gh/org/repo/main', basic('x-access-token:of-github')],
  ['https://github.com/org/repo', basic('x-access-token:of-github')],
  ['gl/group%2Fproject/main', basic('oauth2:of-gitlab')],
  ['gist/user/abcdef', undefined],
  ['https://git.example.org/org/repo', undefined],
  ['https://github.com.example.org/org/repo', undefined],
  ['git/https%3A%2F%2Fgithub.com%2Forg%2Frepo/main', basic('x-access-token:of-github')],
  ['git/https%3A%2F%2Fgitlab.example.org%2Forg%2Frepo/main', undefined],
  ['/tmp', undefined],
])('%s is asked for as %s', (repo, login) => {
  expect(loginOf(spec(repo), config)).toBe(login);
  expect(loginOf(spec(repo), loadConfig({}))).toBeUndefined();
});

test.each(['http://github.com/o/r', 'https://github.com:8443/o/r', 'https://evil.example/github.com'])(
  'a spec that leads to %s gets none, whatever it says that it is',
  (cloneUrl) => {
    expect(loginOf({ ...spec('gh/o/r'), cloneUrl }, config)).toBeUndefined();
  },
);

test('a look-up says it once, with the spec that it is of', async () => {
  const heard: unknown[] = [];
  const git = {
    async listRefs({ cloneUrl }, login) {
      heard.push([cloneUrl, login]);
      return { refs: new Map([['HEAD', 'a'.repeat(40)]]) };
    },
  } as Partial<GitRemote> as GitRemote;
  await resolveRef(spec('gh/org/repo'), { git, config });
  await resolveRef(spec('https://git.example.org/x'), { git, config });
  expect(heard).toEqual([
    ['https://github.com/org/repo', basic('x-access-token:of-github')],
    ['https://git.example.org/x', undefined],
  ]);
});
