/** Which file wins where several describe a Python environment, and what becomes of the others. */
import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const uv = fixtureFiles('python/uv-lock');
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
