import { expect, test } from 'vitest';
import { readImports } from '../../../buildpacks/guess/imports.ts';

function read(code: string) {
  const found = { modules: new Set<string>(), paths: new Set<string>() };
  readImports(code, found);
  return found;
}

test.each([
  ['import numpy', ['numpy']],
  ['import numpy as np, pandas', ['numpy', 'pandas']],
  ['import a.b.c as d', ['a.b.c']],
  ['from a.b import c, d as e', ['a.b.c', 'a.b.d']],
  ['from a import (\n  b,  # why\n  c,\n)', ['a.b', 'a.c']],
  ['from a import *', ['a']],
  ['from google.cloud import storage', ['google.cloud.storage']],
  ['import a; import b', ['a', 'b']],
  ['def f():\n  import a\n  class B:\n    import b\n', ['a', 'b']],
  ['async def f():\n  async with x as y:\n    import a', ['a']],
  ['if x:\n  import a\nelif y:\n  import b\nelse:\n  import c', ['a', 'b', 'c']],
  ['for i in x:\n  import a\nelse:\n  import b\nwhile y:\n  import c', ['a', 'b', 'c']],
  ['match x:\n  case 1:\n    import a', ['a']],
  ['@dec\ndef f(): import a', ['a']],
  ['try:\n  import a\nfinally:\n  pass', ['a']],
  ['try:\n  import a\nexcept ValueError:\n  pass', ['a']],
  ['import über', ['über']],
])('%j', (code, expected) => {
  expect([...read(code).modules]).toEqual(expected);
});

test.each([
  ['a relative import', 'from . import a\nfrom ..b import c\nfrom .d import e'],
  ['what may be missing', 'try:\n  import a\nexcept ImportError:\n  import b'],
  ['what may be missing, among others', 'try:\n  from a import b\nexcept (ImportError, x.Y) as e:\n  a = None'],
  ['what may be missing, for whatever reason', 'try:\n  import a\nexcept:\n  import b'],
  ['what only a type checker sees', 'from_ = 1\nif TYPE_CHECKING:\n  import a\nif typing.TYPE_CHECKING:\n  import b'],
  ['what never runs', 'if False:\n  import a\nif 0:\n  import b'],
  ['words in a text', '"""\nimport a\n"""\nx = "import b"  # import c'],
  ['a name', 'important = 1\nx.import_module("a")'],
])('%s is no import', (_, code) => {
  expect([...read(code).modules]).toEqual([]);
});

test('what is broken, or Python 2, hides nothing that follows', () => {
  const code =
    'print "a", b\nimport urllib2\nexec "x" in y\nraise E, "b"\nx = [i for\nimport a\ndef f(:\n  pass\nimport b\n<<<<<<< HEAD\nimport c\n';
  expect([...read(code).modules]).toEqual(['urllib2', 'a', 'b', 'c']);
});

test('nothing is parsed after the block that has the last import', () => {
  const found = { modules: new Set<string>(), paths: new Set<string>() };
  const head = 'import a\ndef f():\n  try:\n    import b\n\n  except ImportError:\n    pass\n# so\n';
  expect(readImports(`${head}${'x = 1\n'.repeat(1000)}`, found).size).toBe(head.length);
  expect([...found.modules]).toEqual(['a']);
});

test('what is no Python is left where it is too much, with what was found before', () => {
  const found = { modules: new Set<string>(), paths: new Set<string>() };
  const code = (garbage: string) => `import a\nif x:\n  import b\n${garbage}\nimport c\n`;
  expect(readImports(code(':'.repeat(60_000)), found).isWhole).toBe(false);
  expect([...found.modules]).toEqual(['a', 'b']);
  expect(readImports(code('raise E, "b"\nexec "x" in y\n<<<<<<< HEAD\n'.repeat(200)), found).isWhole).toBe(true);
  expect([...found.modules]).toEqual(['a', 'b', 'c']);
});

test('folders that are put on the path by name', () => {
  const code = `import sys, os
sys.path.append('../src')
sys.path.insert(0, os.path.abspath(os.path.join('..', 'lib')))
sys.path.append(somewhere)
shapes.append('no')`;
  expect([...read(code).paths]).toEqual(['../src', '../lib']);
});

test.each([
  ['brackets', `${'('.repeat(60_000)} import a`],
  ['blocks', Array.from({ length: 1000 }, (_, at) => `${' '.repeat(at)}if x:`).join('\n')],
  ['nonsense', 'import import ) ( : = '.repeat(3000)],
  ['colons', `import a\n${':'.repeat(120_000)}\nimport b`],
  ['marks', `${':)(]=[,'.repeat(17_000)}\nimport b`],
  ['loops', `${'[x for '.repeat(17_000)}\nimport b`],
  ['dots', `import ${'a.'.repeat(30_000)}b`],
  ['quotes', `import a${'"'.repeat(60_001)}`],
  ['strings within strings', `import a\n${'f"{'.repeat(10_000)}`],
  ['names', `import ${Array.from({ length: 8000 }, (_, at) => `m${at}`).join(', ')}`],
])('thousands of %s take no more than a moment', (_, code) => {
  const start = process.cpuUsage();
  read(code);
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
});
