import { expect, test } from 'vitest';
import { moduleUrl } from '../../../src/fetch/submodules.ts';

const BASE = 'https://host.example/org/repo.git';

test.each([
  ['../other.git', 'https://host.example/org/other.git'],
  ['../../else/other', 'https://host.example/else/other'],
  ['./below', 'https://host.example/org/repo.git/below'],
  ['https://git.example/a', 'https://git.example/a'],
  ['git@git.example:a/b.git', 'https://git.example/a/b.git'],
  ['ssh://git@git.example/a/b', 'https://git.example/a/b'],
])('%s is fetched from %s', (text, url) => {
  expect(moduleUrl(text, BASE, 's')).toBe(url);
});

test.each([
  '../../../x',
  '../..',
  '-x',
  '--upload-pack=id',
  'file:///x',
  '/x',
  'x',
  'ext::id',
  'ssh://-oProxyCommand=id/x',
  'ssh://git@git.example:22/x',
  'git@git.example:-x',
  'git@-oProxyCommand=id:x/../y\nz',
  'git://git.example/x',
  'https://u:p@git.example/x',
  '',
])('%j is refused', (text) => {
  expect(() => moduleUrl(text, BASE, 's')).toThrow(expect.objectContaining({ code: 'submodule_failed' }));
});
