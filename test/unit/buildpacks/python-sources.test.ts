/** Which file wins where several describe a Python environment, and what becomes of the others. */
import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const uv = fixtureFiles('python/uv-lock');
const GIT_E = `e @ git+https://example.org/e@${'c'.repeat(40)}`;
const PYLOCK = 'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "pandas"\nversion = "2.2"\n';
const hash = (digit: string) => ` --hash=sha256:${digit.repeat(64)}`;
const ignored = (found: { notices: { code: string; file?: string }[] }) =>
  found.notices.filter(({ code }) => code === 'ignored-file').map(({ file }) => file);

describe('what Binder reads is never displaced or failed by what it does not', () => {
  test('locks beside requirements.txt are not even read', async () => {
    const broken = { 'uv.lock': '[[', 'poetry.lock': '[[', 'pdm.lock': '[[', 'pylock.toml': '[[' };
    const found = await planPython({ ...broken, 'requirements.txt': 'six' });
    expect(found.requirements).toEqual(['six']);
    expect(ignored(found)).toEqual(Object.keys(broken));
    expect(found.match.lock).toBeUndefined();
  });

  test("nor are Poetry's tables, nor a [project] that nothing builds", async () => {
    for (const text of [
      '[tool.poetry.dependencies]\nsix = "no constraint"',
      '[project]\nname = "x"\ndependencies = ["1 2"]',
    ]) {
      const found = await planPython({ 'pyproject.toml': text, 'requirements.txt': 'numpy' });
      expect(found.requirements).toEqual(['numpy']);
      expect(ignored(found)).toEqual(['pyproject.toml']);
    }
  });

  test('but requires-python of a [project] that nothing builds bounds the Python, as with Binder', async () => {
    const project = '[project]\nname = "x"\nrequires-python = ">=3.9,<3.11"\ndependencies = ["1 2"]\n';
    const bounds = { value: '>=3.9,<3.11', file: 'pyproject.toml' };
    for (const other of [{}, { 'setup.py': '' }]) {
      const found = await planPython({ 'pyproject.toml': project, 'requirements.txt': 'six', ...other });
      expect(found.match.python?.requires).toEqual(bounds);
      expect(found.requirements).toEqual(['six']);
      expect(found.match.files).not.toContain('pyproject.toml');
      expect(found.notices).toMatchObject([
        { code: 'ignored-file', message: expect.stringMatching(/^Of pyproject\.toml only requires-python /) },
      ]);
    }
    const poetry = '[tool.poetry.dependencies]\npython = "~3.10"\n';
    const reads = async (pyproject: string, folder = '') => {
      const files = { 'pyproject.toml': pyproject, [`${folder}/requirements.txt`.replace(/^\//, '')]: 'six' };
      return (await planPython(files, { folder })).match.python?.requires;
    };
    expect(await reads(poetry)).toBeUndefined();
    expect(await reads(poetry + project)).toEqual(bounds);
    expect(await reads(project, 'binder')).toBeUndefined();
  });

  test('a package that pip builds counts beside requirements.txt, without groups', async () => {
    const pyproject = `[project]\nname = "x"\ndependencies = ["numpy"]\n[build-system]\nrequires = ["hatchling"]\n[dependency-groups]\ndev = ["pytest"]\n[tool.uv]\n`;
    const found = await planPython({ 'pyproject.toml': pyproject, 'requirements.txt': 'six' });
    expect(found.requirements).toEqual(['six', 'numpy']);
    expect(found.local).toEqual(['']);
  });

  test('a lock that cannot be read gives way to a package that pip builds, and is an error without one', async () => {
    const build = '[build-system]\nrequires = ["hatchling"]\n';
    const found = await planPython({
      'pyproject.toml': `[project]\nname = "x"\ndependencies = ["six"]\n${build}`,
      'uv.lock': 'x = [',
    });
    expect(found.requirements).toEqual(['six']);
    expect(found.notices).toMatchObject([
      { code: 'lock-unusable', message: expect.stringMatching(/uv\.lock, line 1, column \d/) },
    ]);
    await expect(planPython({ 'pyproject.toml': '[project]\nname = "x"\n', 'uv.lock': 'x = [' })).rejects.toThrow(
      'uv.lock, line 1',
    );
  });

  test('a folder or a wheel with a marker is installed where that holds', async () => {
    const lines = [
      './wheels/gdal-3.4-cp39-cp39-win_amd64.whl ; sys_platform == "win32"',
      './wheels/gdal-3.4-cp311-cp311-linux_x86_64.whl ; sys_platform == "linux"',
      '-e ./old; python_version < "3.6"',
      '-e ./new[a]; python_version >= "3.6"',
    ];
    const found = await planPython({ 'requirements.txt': lines.join('\n') });
    expect(found.local).toEqual(['wheels/gdal-3.4-cp311-cp311-linux_x86_64.whl', 'new']);
    const malformed = planPython({ 'requirements.txt': 'numpy\n./x ; windows' });
    await expect(malformed).rejects.toMatchObject({
      code: 'bad_environment_file',
      message: expect.stringContaining('requirements.txt, line 2'),
    });
    const poetry = (marker: string) =>
      `[tool.poetry.dependencies]\npython = "^3.8"\na = { path = "a.whl", markers = "sys_platform == '${marker}'" }\n`;
    expect((await planPython({ 'pyproject.toml': poetry('win32') })).local).toEqual([]);
    expect((await planPython({ 'pyproject.toml': poetry('linux') })).local).toEqual(['a.whl']);
  });

  test('setup.py is installed whatever a pyproject.toml without a build system says', async () => {
    const found = await planPython({
      'setup.py': '',
      'pyproject.toml': '[project]\nname = "x"\ndependencies = ["six"]',
    });
    expect(found.local).toEqual(['']);
    expect(found.requirements).toEqual(['six']);
  });

  test('in binder/ requirements.txt wins over a lock there', async () => {
    const found = await planPython(
      { 'binder/requirements.txt': 'six', 'binder/pylock.toml': '[[' },
      { folder: 'binder' },
    );
    expect(found.requirements).toEqual(['six']);
    expect(ignored(found)).toEqual(['binder/pylock.toml']);
  });
});

describe('several locks', () => {
  test('the one of the tool that pyproject.toml names, else the first', async () => {
    const both = { ...uv, 'pdm.lock': '[[' };
    const found = await planPython(both);
    expect(found.match.lock).toEqual(['uv.lock']);
    expect(ignored(found)).toEqual(['pdm.lock']);
    const pdm = await planPython({ ...fixtureFiles('python/pdm'), 'uv.lock': '[[' });
    expect(pdm.match.lock).toEqual(['pdm.lock']);
    expect(ignored(pdm)).toEqual(['uv.lock']);
  });
});

describe('requirements with hashes', () => {
  test('all pinned and hashed: a lock', async () => {
    const found = await planPython({
      'requirements.txt': `six==1.15.0${hash('1')}${hash('2')}\ncolorama==0.4 ; sys_platform == "win32"${hash('3')}`,
    });
    expect(found.hashed).toEqual([
      `six==1.15.0${hash('1')}${hash('2')}`,
      `colorama==0.4 ; sys_platform == "win32"${hash('3')}`,
    ]);
    expect(found.requirements).toEqual([]);
    expect(found.match.lock).toEqual(['requirements.txt']);
  });

  test('some hashed: those are checked, the rest is resolved, and told', async () => {
    const found = await planPython({ 'requirements.txt': `six==1.15.0${hash('1')}\nnumpy` });
    expect(found.requirements).toEqual([`six==1.15.0${hash('1')}`, 'numpy']);
    expect(found.match.lock).toBeUndefined();
    expect(found.codes).toEqual(['partly-hashed']);
  });
});

describe('pyproject.toml', () => {
  const project = (text: string) => planPython({ 'pyproject.toml': `[project]\nname = "x"\n${text}` });

  test('groups as uv installs them, with what they include', async () => {
    const groups = '[dependency-groups]\ndev = ["a", {include-group = "test"}]\ntest = ["b"]\ndocs = ["c"]\n';
    expect((await project(`${groups}[tool.uv]\ndev-dependencies = ["d"]`)).requirements).toEqual(['a', 'b', 'd']);
    expect((await project(groups)).requirements).toEqual([]);
    const fan = Array.from({ length: 30 }, (_, at) => `g${at} = [${`{include-group = "g${at + 1}"},`.repeat(30)}]`);
    expect(
      (await project(`[dependency-groups]\ndev = [{include-group = "g0"}]\n${fan.join('\n')}\ng30 = ["z"]\n[tool.uv]`))
        .requirements,
    ).toEqual(['z']);
    await expect(project('[dependency-groups]\ndev = [{include-group = "dev"}]\n[tool.uv]')).rejects.toThrow(
      'includes itself',
    );
  });

  test("uv's sources", async () => {
    const found = await project(`dependencies = ["a>=1", "b", "c", "d", "e"]
[tool.uv.sources]
a = {git = "https://example.org/o/a.git", branch = "main"}
b = {url = "https://example.org/b-1.zip"}
c = {path = "libs/c", editable = true}
d = {workspace = true}
e = {index = "torch"}
[[tool.uv.index]]
name = "torch"
url = "https://download.example.org/whl"
`);
    expect(found.requirements).toEqual([
      `a @ git+https://example.org/o/a.git@${'c'.repeat(40)}`,
      'b @ https://example.org/b-1.zip',
      'e',
    ]);
    expect(found.local).toEqual(['libs/c']);
    expect(found.codes).toContain('workspace-member');
    expect(found.codes).toContain('own-index');
  });

  test.each([
    [`{git = "https://example.org/e", marker = "sys_platform == 'linux'"}`, [GIT_E]],
    [`[{git = "https://example.org/e", marker = "sys_platform == 'linux'"}]`, [GIT_E]],
    [`[{url = "https://example.org/e.zip", marker = "os_name == 'nt'"}, {git = "https://example.org/e"}]`, [GIT_E]],
    [`[{git = "https://example.org/e", marker = "sys_platform == 'darwin'"}]`, ['e>=1']],
    [`[{index = "cpu", marker = "sys_platform == 'linux'"}]`, ['e>=1']],
    [
      `[{git = "https://example.org/e", marker = "python_version < '3.9'"}, {url = "https://example.org/e.zip", marker = "python_version >= '3.9'"}]`,
      [`${GIT_E} ; python_version < '3.9'`, "e @ https://example.org/e.zip ; python_version >= '3.9'"],
    ],
  ])("of uv's sources with markers, those that hold here: %s", async (source, expected) => {
    const { requirements, codes } = await project(`dependencies = ["e>=1"]\n[tool.uv.sources]\ne = ${source}\n`);
    expect(requirements).toEqual(expected);
    expect(codes.includes('source-by-python')).toBe(expected.length > 1);
  });

  test("the project's own extras in a group are what they consist of", async () => {
    const extras = `name = "My.Pkg"
dependencies = ["numpy"]
[project.optional-dependencies]
plot = ["matplotlib", "my-pkg[Fast_Io] ; python_version < '4'"]
"fast.io" = ["lz4 ; os_name == 'posix'", "my_pkg[plot]"]
`;
    const own = (text: string) => planPython({ 'pyproject.toml': `[project]\n${extras}${text}` });
    const expected = ['numpy', 'matplotlib', "lz4 ; (os_name == 'posix') and (python_version < '4')", 'pytest'];
    const uv = await own('[dependency-groups]\ndev = ["my-pkg[plot]", "pytest"]\n[tool.uv]\n');
    expect(uv.requirements).toEqual(expected);
    const pdm = await own('[tool.pdm.dev-dependencies]\ntest = ["my-pkg[plot]", "pytest"]\n');
    expect(pdm.requirements).toEqual(expected);
    const unknown = await own('[dependency-groups]\ndev = ["my-pkg[nope]", "my-pkg"]\n[tool.uv]\n');
    expect(unknown.requirements).toEqual(['numpy']);
    expect(unknown.notices).toContainEqual(
      expect.objectContaining({ code: 'unknown-extra', message: expect.stringContaining('nope') }),
    );
  });

  test('extras and sources that multiply are refused', async () => {
    const names = Array.from({ length: 120 }, (_, at) => `e${at}`);
    const all = names.map((name, at) => `"x[${name}] ; python_version > '3.${at}'"`).join(', ');
    const extras = names.map((name) => `${name} = [${all}]`).join('\n');
    const groups = '[dependency-groups]\ndev = ["x[e0]"]\n[tool.uv]\n';
    await expect(project(`[project.optional-dependencies]\n${extras}\n${groups}`)).rejects.toThrow('too many ways');
    const chain = Array.from({ length: 3000 }, (_, at) => `e${at} = ["x[e${at + 1}]"]`).join('\n');
    await expect(project(`[project.optional-dependencies]\n${chain}\n${groups}`)).rejects.toThrow('too many ways');
    const sources = '{git = "https://example.org/a"}, '.repeat(101);
    await expect(project(`dependencies = ["a"]\n[tool.uv.sources]\na = [${sources}]`)).rejects.toThrow('more than 100');
  });

  test("uv's settings of indexes", async () => {
    const { match, codes } = await project(`[tool.uv]
index-url = "https://example.org/one"
extra-index-url = ["https://example.org/two"]
find-links = ["https://example.org/all.html"]
`);
    expect(match.data.requirements?.indexOptions).toEqual([
      '--extra-index-url',
      'https://example.org/one',
      '--extra-index-url',
      'https://example.org/two',
      '--find-links',
      'https://example.org/all.html',
    ]);
    expect(codes.filter((code) => code === 'own-index')).toHaveLength(3);
  });

  test("uv's constraints hold, and what only a lock carries is told", async () => {
    const settings = `dependencies = ["pandas"]
[tool.uv]
constraint-dependencies = ["numpy<2", "six @ https://example.org/six-1.zip"]
override-dependencies = ["pillow>=10"]
exclude-dependencies = ["flask"]
prerelease = "allow"
resolution = "lowest"
`;
    const { match, notices, requirements } = await project(settings);
    expect(requirements).toEqual(['pandas']);
    expect(match.data.requirements?.constraints).toEqual(['numpy<2', 'six @ https://example.org/six-1.zip']);
    const ignored = notices.filter(({ code }) => code === 'ignored-key').map(({ message }) => message.split(' ')[1]);
    expect(ignored).toEqual(
      ['override-dependencies', 'exclude-dependencies', 'prerelease', 'resolution'].map((key) => `tool.uv.${key}`),
    );
    const files = { 'pyproject.toml': `[project]\nname = "x"\n${settings}`, 'pylock.toml': PYLOCK };
    expect((await planPython(files)).codes).not.toContain('ignored-key');
    await expect(project('[tool.uv]\nconstraint-dependencies = ["a b"]')).rejects.toThrow(
      'tool.uv.constraint-dependencies',
    );
  });

  test("PDM's overrides are told without a lock", async () => {
    const { notices } = await project('dependencies = ["a"]\n[tool.pdm.resolution]\noverrides = {b = "1"}\n');
    expect(notices).toContainEqual(
      expect.objectContaining({
        code: 'ignored-key',
        message: expect.stringContaining('tool.pdm.resolution.overrides'),
      }),
    );
  });

  test("Poetry's table beside [project] says where packages come from, and has groups", async () => {
    const found = await project(`dependencies = ["a>=1", "b"]
[tool.poetry.dependencies]
a = {url = "https://example.org/a-1.zip"}
[tool.poetry.group.dev.dependencies]
c = "^1"
`);
    expect(found.requirements).toEqual(['a @ https://example.org/a-1.zip', 'b', 'c>=1,<2']);
  });

  test.each([
    ['dependencies = "a"', 'dependencies has to be a list of strings'],
    ['dependencies = ["./lib"]', 'dependencies is not a requirement'],
    ['dependencies = ["a; rm -rf /"]', 'dependencies: '],
    ['dependencies = ["a"]\n[tool.uv.sources]\na = "x"', 'tool.uv.sources.a'],
    ['dependencies = ["a"]\n[tool.uv.sources]\na = {commit = "x"}', 'tool.uv.sources.a'],
    [`dependencies = ["a"]\n[tool.uv.sources]\na = {git = "https://example.org/a", marker = "x y"}`, 'is not a marker'],
    ['requires-python = 3', 'requires-python has to be a string'],
    ['dependencies = ["a @ git+https://u:p@example.org/a"]', 'password'],
  ])('%j is refused', async (text, message) => {
    await expect(project(text)).rejects.toThrow(message);
  });
});

test('ten megabytes of anything end soon', async () => {
  const started = performance.now();
  const texts = [
    '['.repeat(5e5),
    'a = "'.concat('x'.repeat(1e6)),
    'a.'.repeat(4e5),
    `a = ${'{b='.repeat(2e5)}`,
    '\n'.repeat(1e6),
  ];
  for (const name of ['Pipfile', 'Pipfile.lock', 'pyproject.toml', 'uv.lock', 'poetry.lock', 'pdm.lock', 'pylock.toml'])
    for (const text of texts) await planPython({ [name]: text }).catch(() => undefined);
  expect(performance.now() - started).toBeLessThan(15_000);
});
