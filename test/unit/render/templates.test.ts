import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quote, writeLines, writeScripts } from '../../../src/render/templates.ts';

const HOSTILE = [
  "it's",
  '$(id)',
  '`id`',
  'a"b',
  '<script>',
  '\\',
  'x; rm -rf /',
  '-e',
  '#x',
  '%s\\n',
  '\u202eabc',
  '',
  ' ',
  '$HOME',
  '!x',
  '*',
];
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quote-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(HOSTILE)('%j reaches a shell as itself', (value) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quote(value)}`], { encoding: 'utf8' })).toBe(value);
});

test.each(['a\nRUN id', 'a\rb', 'a\0b'])('%j is refused', (value) => {
  expect(() => quote(value)).toThrow('line break');
});

test('more lines than one command may have reach a file in parts, in order', () => {
  const lines = Array.from({ length: 4000 }, (_, index) => `p${index}==1.0 --hash=sha256:${'0'.repeat(64)}`);
  const path = join(folder, 'many');
  const runs = writeLines(path, lines).split(/^RUN /m).slice(1);
  expect(runs.length).toBeGreaterThan(4);
  for (const run of runs) {
    expect(run.length).toBeLessThan(100_000);
    execFileSync('sh', ['-c', run.replaceAll('\\\n', '')]);
  }
  expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
});

test('lines reach a file as they are, through the rules of a Dockerfile too', () => {
  const instruction = writeLines(join(folder, 'lines'), HOSTILE);
  // What the Dockerfile's parser does: comment lines vanish, a backslash at the end of a line continues it.
  const shell = instruction
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\[ \t]*\n/g, '')
    .replace(/^RUN /, '');
  expect(shell).not.toContain('\n');
  execFileSync('sh', ['-c', shell]);
  expect(readFileSync(join(folder, 'lines'), 'utf8')).toBe(HOSTILE.map((line) => `${line}\n`).join(''));
});

test('scripts are written together, and may be executed', () => {
  const files = Array.from({ length: 9 }, (_, index): [string, string] => [
    join(folder, `script ${index}`),
    `#!/bin/sh\n# ${'x'.repeat(10_000)}\necho 'it is' ${index}\n`,
  ]);
  const runs = writeScripts(files).split(/^RUN /m).slice(1);
  expect(runs).toHaveLength(2);
  for (const run of runs) execFileSync('sh', ['-c', run.replaceAll('\\\n', '')]);
  for (const [index, [path, text]] of files.entries()) {
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(execFileSync(path, { encoding: 'utf8' })).toBe(`it is ${index}\n`);
  }
});
