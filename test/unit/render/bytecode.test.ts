import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../../src/root.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-bytecode-'));
afterAll(() => rmSync(folder, { recursive: true }));

function compiled(): string[] {
  execFileSync('python3', ['-E', '-S', join(PACKAGE_ROOT, 'templates/bytecode.py'), folder]);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.pyc')).map((name) => name.replace(/\.cpython-\d+/, ''));
}

test('modules are compiled, all that can be, but not test suites and installers', () => {
  const files = {
    'a/good.py': 'x = 1\n',
    'a/bad.py': 'def (\n',
    'a/nothing.py': '',
    'a/tests/test_a.py': 'x = 1\n',
    'a/testing.py': 'x = 1\n',
    'pip/deep/b.py': 'x = 1\n',
    'b/null.py': 'a\0b',
    'b/data.txt': 'x = 1\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  symlinkSync('nowhere', join(folder, 'b/broken.py'));
  mkdirSync(join(folder, 'b/folder.py'));
  const expected = ['a/__pycache__/good.pyc', 'a/__pycache__/nothing.pyc', 'a/__pycache__/testing.pyc'];
  expect(compiled().sort()).toEqual(expected);
  expect(compiled().sort()).toEqual(expected);
});
