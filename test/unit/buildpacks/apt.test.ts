import { expect, test } from 'vitest';
import { apt } from '../../../buildpacks/apt/index.ts';
import { renamed } from '../../../buildpacks/apt/renames.ts';
import { loadConfig } from '../../../src/config.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const detect = (text: string) =>
  apt.detect(memoryCheckout({ 'apt.txt': text }), { path: '', isBinder: false }, loadConfig({}));

test('one or more packages a line, comments, versions and architectures', async () => {
  const match = await detect('# tools\ncowsay graphviz\n\nlibfoo:amd64=1.2-3+b1 # pinned\ncowsay\n');
  expect(match?.data.packages).toEqual(['cowsay', 'graphviz', 'libfoo:amd64=1.2-3+b1']);
});

test.each([
  ['cowsay\nx; curl evil', 2],
  ['-o APT::Update::Pre-Invoke::=id', 1],
  ['aa\nbb\nxx && y', 3],
  ['$(id)', 1],
  ['`id`', 1],
  ['UPPER', 1],
  ['../etc', 1],
])('%j is refused with its line', async (text, line) => {
  await expect(detect(text)).rejects.toMatchObject({
    code: 'bad_environment_file',
    message: expect.stringContaining(`apt.txt, line ${line}:`),
  });
});

test('names of Ubuntu become those of the suite', () => {
  expect(renamed('openjdk-8-jdk', 'bookworm')).toBe('default-jdk');
  expect(renamed('libgl1-mesa-glx', 'bookworm')).toBe('libgl1-mesa-glx');
  expect(renamed('libgl1-mesa-glx', 'trixie')).toBe('libgl1');
  expect(renamed('constructor', 'trixie')).toBe('constructor');
});
