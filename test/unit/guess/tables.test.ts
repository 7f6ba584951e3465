import { expect, test } from 'vitest';
import { isProvided, normalName, providerOf, tooHeavy, withDependencies } from '../../../buildpacks/guess/packages.ts';
import { standardModule } from '../../../buildpacks/guess/stdlib.ts';
import { BRINGS, HEAVY, INSTEAD, TABLE } from '../../../buildpacks/guess/tables.ts';
import { serverPart } from '../../../buildpacks/python/server.ts';

const rows = (table: string) =>
  table.split('\n').flatMap((line) => (line.startsWith('#') ? [] : line.split(/ +/).filter(Boolean)));
const names = (table: string) => rows(table).map((row) => row.split(':')[0] ?? '');

test('names are as PyPI compares them, and each import has one package', () => {
  for (const name of [...names(TABLE), ...names(HEAVY)]) expect(name).toBe(normalName(name));
  expect(new Set(names(TABLE)).size).toBe(names(TABLE).length);
  const imports = rows(TABLE).flatMap((row) => {
    const [name = '', own] = row.split(':');
    return own?.split(',') ?? [name.replaceAll('-', '_')];
  });
  expect(imports.filter((one, at) => imports.indexOf(one) !== at)).toEqual([]);
});

test('what is said of a package is said of one that is in the table', () => {
  const known = new Set(names(TABLE));
  expect(names(HEAVY).filter((name) => !known.has(name))).toEqual([]);
  const others = ['anaconda', 'jupyter', 'notebook', 'jupyterlab', 'python-levenshtein'];
  expect([...names(BRINGS), ...names(INSTEAD)].filter((name) => !known.has(name) && !others.includes(name))).toEqual(
    [],
  );
});

test('nothing of the Jupyter server is a guess', () => {
  expect(serverPart(names(TABLE))).toBeUndefined();
});

test.each([
  ['cv2', 'opencv-python-headless'],
  ['sklearn.linear_model', 'scikit-learn'],
  ['mpl_toolkits.mplot3d', 'matplotlib'],
  ['mpl_toolkits.basemap', 'basemap'],
  ['google.cloud.storage', 'google-cloud-storage'],
  ['google.cloud', undefined],
  ['Crypto.Cipher', 'pycryptodome'],
  ['__proto__', undefined],
  ['constructor', undefined],
  ['toString.x', undefined],
])('%s comes with %s', (path, name) => {
  expect(providerOf(path)).toBe(name);
});

test('what is there, also under another name or through another package', () => {
  const there = withDependencies(['Seaborn', 'pytorch', 'py-opencv']);
  for (const path of ['pandas', 'numpy', 'matplotlib.pyplot', 'torch.nn', 'cv2'])
    expect(isProvided(path, there)).toBe(true);
  for (const path of ['sklearn', 'bs4', 'torchvision']) expect(isProvided(path, there)).toBe(false);
  expect([tooHeavy('torch', new Set()), tooHeavy('torchvision', there), tooHeavy('pandas', there)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("Python's own modules by version", () => {
  expect(
    ['3.8', '3.9', '3.11', '3.12', '3.13', '3.14'].map((python) => standardModule('imp', python) === 'yes'),
  ).toEqual([true, true, true, false, false, false]);
  expect(standardModule('telnetlib', '3.12.4')).toBe('yes');
  expect(standardModule('telnetlib', '3.13')).toBe('Python has no more since 3.13');
  expect(standardModule('zoneinfo', '3.8.20')).toBe('Python has only since 3.9');
  expect(standardModule('compression', '3.14')).toBe('yes');
  expect(['2.7', '3.8'].map((python) => standardModule('urllib2', python))).toEqual(['yes', 'only Python 2 has']);
  expect(standardModule('numpy', '3.11')).toBe('no');
});
