import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const HEAD = '[tool.poetry]\nname = "x"\nversion = "1"\n';
const manifest = (text: string) => planPython({ 'pyproject.toml': HEAD + text });
const dependencies = (text: string) => manifest(`[tool.poetry.dependencies]\n${text}`);

describe("Poetry's tables without a lock", () => {
  test.each([
    ['python = "^3.8"\nnumpy = "^1.22"', ['numpy>=1.22,<2']],
    ['numpy = "*"', ['numpy']],
    [
      'numpy = {version = "~1.22.3", extras = ["a"], python = "<3.10"}',
      ['numpy[a]>=1.22.3,<1.23 ; python_version < "3.10"'],
    ],
    ['colorama = {version = "*", platform = "win32"}', ['colorama ; sys_platform == "win32"']],
    [`x = {version = "1.0", markers = "python_version < '3'", python = "*"}`, ["x==1.0 ; python_version < '3'"]],
    [
      'x = [{version = "^1", python = "<3.9"}, {version = "^2", python = ">=3.9"}]',
      ['x>=1,<2 ; python_version < "3.9"', 'x>=2,<3 ; python_version >= "3.9"'],
    ],
    ['x = {version = "1", optional = true}', []],
    ['x = [{version = "1", python = "<3.9", optional = true}, {version = "2", python = ">=3.9", optional = true}]', []],
    ['x = {version = "*", python = "3.*"}', ['x ; python_version == "3.*"']],
    [
      'x = {git = "https://example.org/o/x.git", tag = "v1", subdirectory = "py"}',
      [`x @ git+https://example.org/o/x.git@${'c'.repeat(40)}#subdirectory=py`],
    ],
    [
      'x = {git = "git@example.org:o/x.git", rev = "main"}\ny = {git = "ssh://git@example.org/o/y.git"}',
      ['x', 'y'].map((name) => `${name} @ git+https://example.org/o/${name}.git@${'c'.repeat(40)}`),
    ],
    ['x = {url = "https://example.org/x-1.0-py3-none-any.whl"}', ['x @ https://example.org/x-1.0-py3-none-any.whl']],
  ])('%j', async (text, expected) => {
    expect((await dependencies(text)).requirements).toEqual(expected);
  });

  test('groups that are not optional, the old table for development, and no extras', async () => {
    const { requirements } = await manifest(`
[tool.poetry.dependencies]
a = "*"
[tool.poetry.dev-dependencies]
b = "*"
[tool.poetry.group.test.dependencies]
c = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
d = "*"
`);
    expect(requirements).toEqual(['a', 'b', 'c']);
  });

  test('python is no package, however it is written and in whatever group', async () => {
    const { requirements, match } = await manifest(
      '[tool.poetry.dependencies]\nPython = "^3.8"\n[tool.poetry.group.dev.dependencies]\npython = "^3.9"\na = "*"\n',
    );
    expect(requirements).toEqual(['a']);
    expect(match.python?.requires?.value).toBe('>=3.8,<4');
  });

  test('python bounds the version and does not choose it', async () => {
    const { match } = await dependencies('python = "^3.8"');
    expect(match.python).toMatchObject({ requires: { value: '>=3.8,<4', file: 'pyproject.toml' } });
    expect(match.python?.version).toBeUndefined();
  });

  test('alternatives become one range, and that is told', async () => {
    const { requirements, notices } = await dependencies('x = "^1.2 || ^3"');
    expect(requirements).toEqual(['x>=1.2,<4']);
    expect(notices.filter(({ code }) => code === 'constraint-widened')).toHaveLength(1);
  });

  test('that pre-releases are wanted is told without a lock', async () => {
    const text = '[tool.poetry.dependencies]\nx = {version = "^2", allow-prereleases = true}\n';
    const lock = '[[package]]\nname = "x"\nversion = "2.0"\n[metadata]\nlock-version = "2.1"\n';
    expect((await manifest(text)).notices).toContainEqual(
      expect.objectContaining({
        code: 'ignored-key',
        message: expect.stringContaining('tool.poetry.dependencies.x.allow-prereleases'),
      }),
    );
    expect((await planPython({ 'pyproject.toml': HEAD + text, 'poetry.lock': lock })).codes).not.toContain(
      'ignored-key',
    );
  });

  test('a package with files is installed with the content; one without any is not, and told', async () => {
    const text = `${HEAD}[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n`;
    expect((await planPython({ 'pyproject.toml': text, 'x/__init__.py': '' })).local).toEqual(['']);
    expect((await planPython({ 'pyproject.toml': text, 'src/x/__init__.py': '' })).local).toEqual(['']);
    const capital = text.replace('name = "x"', 'name = "My.Project"');
    expect((await planPython({ 'pyproject.toml': capital, 'my_project/__init__.py': '' })).local).toEqual(['']);
    for (const include of ['pkg/**/*.py', '*.py']) {
      const globs = text.replace('version = "1"', `version = "1"\npackages = [{include = "${include}", from = "lib"}]`);
      expect((await planPython({ 'pyproject.toml': globs, 'lib/pkg/a.py': '' })).local).toEqual(['']);
    }
    const root = text.replace('version = "1"', 'version = "1"\npackages = [{include = "pkg/**/*.py"}]');
    expect((await planPython({ 'pyproject.toml': root, 'pkg/a.py': '' })).local).toEqual(['']);
    const none = await planPython({ 'pyproject.toml': text });
    expect(none.local).toEqual([]);
    expect(none.codes).toEqual(['package-not-built']);
    const mode = text.replace('version = "1"', 'version = "1"\npackage-mode = false');
    expect((await planPython({ 'pyproject.toml': mode, 'x/__init__.py': '' })).local).toEqual([]);
  });

  test('folders of the repository are installed with the content', async () => {
    expect((await dependencies('lib = {path = "libs/one", develop = true}')).local).toEqual(['libs/one']);
  });

  test.each([
    ['numpy = "latest and greatest"', 'tool.poetry.dependencies.numpy has no version constraint'],
    ['numpy = "1.0-foo || 2.0"', 'tool.poetry.dependencies.numpy has no version constraint: "1.0-foo || 2.0"'],
    ['numpy = 1', 'tool.poetry.dependencies.numpy has to be'],
    ['numpy = {version = 1}', 'numpy.version has to be a string'],
    ['numpy = {version = "1", extras = "a"}', 'numpy.extras has to be a list'],
    ['numpy = {version = "1", python = "$(id)"}', 'numpy.python is no version constraint'],
    ['numpy = {version = "1", platform = "a b"}', 'numpy.platform is no platform'],
    ['numpy = {path = "../other"}', 'outside the repository'],
    ['"$(id)" = "1"', 'is not a requirement'],
    ['__proto__ = {version = "x y"}', 'tool.poetry.dependencies.__proto__'],
    ['numpy = "1"\nnumpy = "2"', 'pyproject.toml, line 6, column 1'],
    ['numpy = [', 'pyproject.toml, line 5'],
    [`numpy = ${'['.repeat(5000)}`, 'pyproject.toml, line 5'],
    ['numpy = {git = "file:///etc"}', 'line'],
  ])('%.50s is refused', async (text, message) => {
    await expect(dependencies(text)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:bad_environment_file|unsafe_file)$/),
      message: expect.stringContaining(message === 'line' ? 'pyproject.toml' : message),
    });
  });
});

describe('poetry.lock', () => {
  const files = fixtureFiles('python/poetry');
  const locked = ['cowsay==5.0', 'six==1.15.0', 'tabulate==0.8.10', 'toolz==0.12.1', 'wcwidth==0.2.13'];
  const OLD = `
[[package]]
name = "six"
version = "1.15.0"
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "numpy"
version = "1.21.1"
category = "main"
optional = false
python-versions = ">=3.7"

[[package]]
name = "numpy"
version = "1.22.4"
category = "main"
optional = false
python-versions = ">=3.8"

[[package]]
name = "pandas"
version = "1.4.2"
category = "main"
optional = false
python-versions = ">=3.8"

[package.dependencies]
numpy = [
    {version = ">=1.18.5,<1.22", markers = "python_version < '3.10'"},
    {version = ">=1.22,<2 || >3", markers = "python_version >= '3.10'"},
]
six = "*"
colorama = {version = "*", markers = "sys_platform == 'win32'"}

[[package]]
name = "colorama"
version = "0.4.4"
category = "main"
optional = false
python-versions = "*"

[[package]]
name = "pytest"
version = "6.2.5"
category = "dev"
optional = false
python-versions = ">=3.6"

[metadata]
lock-version = "1.1"
python-versions = "^3.8"
content-hash = "00"

[metadata.files]
six = [
    {file = "six-1.15.0-py2.py3-none-any.whl", hash = "sha256:8b74bedcbbbaca38ff6d7491d76f2b06b3592611af620f8426e82dddb04a5ced"},
]
`;

  test('a real one: what the groups want, with the hashes of files that fit', async () => {
    const found = await planPython(files);
    expect(found.locked).toEqual(locked);
    expect(found.codes).toEqual([]);
    expect(found.match.lock).toEqual(['poetry.lock']);
    expect(found.match.python?.requires?.value).toBe('>=3.9,<4');
    expect(found.local).toEqual(['']);
  });

  test('without pyproject.toml its own groups say what is wanted', async () => {
    const found = await planPython({ 'poetry.lock': files['poetry.lock'] ?? '' });
    expect(found.locked).toEqual(locked);
  });

  test('one of Poetry 1.1: edges decide, per Python', async () => {
    const pyproject = `${HEAD}[tool.poetry.dependencies]\npython = "^3.8"\npandas = "^1.4"\n[tool.poetry.dev-dependencies]\npytest = "^6"\n`;
    const old = { 'pyproject.toml': pyproject, 'poetry.lock': OLD };
    const found = await planPython(old);
    expect(found.locked).toEqual(['numpy==1.22.4', 'pandas==1.4.2', 'pytest==6.2.5', 'six==1.15.0']);
    expect(found.hashed.at(-1)).toMatch(/--hash=sha256:8b74/);
    expect(found.codes).toEqual(['package-not-built', 'lock-outdated']);
    const earlier = await planPython(old, {
      python: { version: '3.9', source: 'debian', notBefore: '2021-02-01' },
      fullPython: '3.9.2',
    });
    expect(earlier.locked[0]).toBe('numpy==1.21.1');
  });

  test('extras that are made of other extras, as dask has them', async () => {
    const one = (name: string) =>
      `[[package]]\nname = "${name}"\nversion = "1"\noptional = true\npython-versions = "*"\n`;
    const dask = `${one('dask')}[package.dependencies]
numpy = {version = ">=1", optional = true, markers = "extra == \\"array\\""}
bokeh = {version = ">=1", optional = true, markers = "extra == \\"diagnostics\\""}
lz4 = {version = ">=1", optional = true}
[package.extras]
array = ["numpy (>=1)"]
complete = ["dask[array]", "lz4 (>=1)"]
diagnostics = ["bokeh"]
`;
    const found = await planPython({
      'pyproject.toml': `${HEAD}[tool.poetry.dependencies]\ndask = {version = "*", extras = ["complete"]}\n`,
      'poetry.lock': [dask, ...['numpy', 'bokeh', 'lz4'].map(one), '[metadata]\nlock-version = "2.1"\n'].join(''),
    });
    expect(found.locked).toEqual(['dask==1', 'lz4==1', 'numpy==1']);
  });

  test('one that lacks a declared package gives way to the manifest', async () => {
    const text = (files['pyproject.toml'] ?? '').replace('six = "~1.15.0"', 'six = "~1.16"\nnumpy = "*"');
    const found = await planPython({ ...files, 'pyproject.toml': text });
    expect(found.locked).toEqual([]);
    expect(found.requirements).toContain('six>=1.16,<1.17');
    expect(found.match.lock).toBeUndefined();
    expect(found.notices).toMatchObject([
      { code: 'lock-unfit', message: expect.stringContaining('lacks six>=1.16,<1.17, numpy') },
    ]);
  });

  test('one of another pyproject.toml that still fits is used, and told', async () => {
    const text = (files['pyproject.toml'] ?? '').replace('cowsay = "^5.0"', 'cowsay = ">=4"');
    const found = await planPython({ ...files, 'pyproject.toml': text });
    expect(found.locked).toEqual(locked);
    expect(found.codes).toEqual(['lock-outdated']);
  });

  test('one for another Python gives way, and told', async () => {
    const found = await planPython(files, {
      fullPython: '3.8.20',
      python: { version: '3.8', source: 'managed', notBefore: '2020-02-01' },
    });
    expect(found.locked).toEqual([]);
    expect(found.notices).toMatchObject([
      { code: 'lock-unfit', message: expect.stringContaining('it is for Python >=3.9,<4') },
    ]);
  });

  test('a package that has files for other platforms only: the manifest', async () => {
    const text = (files['poetry.lock'] ?? '').replace(
      /\{file = "cowsay-5.0.tar.gz"/,
      '{file = "cowsay-5.0-cp311-cp311-win_amd64.whl"',
    );
    const found = await planPython({ ...files, 'poetry.lock': text });
    expect(found.notices).toMatchObject([{ code: 'lock-unfit', message: expect.stringContaining('cowsay 5.0') }]);
  });

  test.each([
    ['[[package]', 'poetry.lock, line 1, column'],
    ['package = 1', 'package has to be a list of tables'],
    ['[[package]]\nversion = "1"', 'package 1 has no name'],
    ['[[package]]\nname = "a"\nversion = 1', 'package.a.version has to be a string'],
    ['[[package]]\nname = "a"\nversion = "1"\nfiles = [1]', 'package.a.files has to be a list of tables'],
    ['[[package]]\nname = "a"\nversion = "1; id"', 'is not a requirement'],
    ['[[package]]\nname = "a"\nversion = "1"\nmarkers = "x y"', 'is not a marker'],
    ['[metadata]\nlock-version = "9.0"', 'metadata.lock-version is newer'],
  ])('%j is refused', async (text, message) => {
    await expect(planPython({ 'poetry.lock': text })).rejects.toThrow(message);
  });
});
