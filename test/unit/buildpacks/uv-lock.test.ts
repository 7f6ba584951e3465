import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const files = fixtureFiles('python/uv-lock');
const pyproject = files['pyproject.toml'] ?? '';
const LOCKED = ['cowsay==5.0', 'six==1.15.0', 'tabulate==0.8.10', 'toolz==0.12.1', 'wcwidth==0.2.13'];
const PYPI = 'source = { registry = "https://pypi.org/simple" }';
const made = (packages: string) => planPython({ 'uv.lock': `version = 1\nrequires-python = ">=3.9"\n${packages}` });
const project = (dependencies: string) =>
  `[[package]]\nname = "me"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [${dependencies}]\n`;

describe('uv.lock', () => {
  test('a real one: the project and its dev group, neither extras nor other groups', async () => {
    const found = await planPython(files);
    expect(found.locked).toEqual(LOCKED);
    expect(found.hashed.every((line) => line.includes(' --hash=sha256:'))).toBe(true);
    expect(found.match.lock).toEqual(['uv.lock']);
    expect(found.match.python).toMatchObject({ requires: { value: '>=3.9' } });
    expect(found.codes).toEqual(['package-not-built']);
  });

  test('default-groups says which groups', async () => {
    const with_ = async (groups: string) =>
      (await planPython({ ...files, 'pyproject.toml': `${pyproject}\n[tool.uv]\ndefault-groups = ${groups}\n` }))
        .locked;
    expect(await with_('["docs"]')).toEqual([
      'cowsay==5.0',
      'docutils==0.20.1',
      ...LOCKED.filter((one) => !/cowsay|toolz/.test(one)),
    ]);
    expect(await with_('"all"')).toHaveLength(6);
    expect(await with_('[]')).toHaveLength(4);
  });

  test('markers are those of our platform and Python', async () => {
    const packages = ['a', 'b', 'c']
      .map((name) => `[[package]]\nname = "${name}"\nversion = "1.0"\n${PYPI}\n`)
      .join('');
    const root = project(
      `{ name = "a", marker = "sys_platform == 'win32'" }, { name = "b", marker = "python_full_version < '3.11.3'" }, { name = "c", marker = "platform_machine == 'aarch64'" }`,
    );
    const text = `version = 1\n${root}${packages}`;
    expect((await planPython({ 'uv.lock': text })).locked).toEqual(['b==1.0']);
    expect((await planPython({ 'uv.lock': text }, { platform: 'linux/arm64' })).locked).toEqual(['b==1.0', 'c==1.0']);
    expect((await planPython({ 'uv.lock': text }, { fullPython: '3.11.4' })).locked).toEqual([]);
  });

  test('forks are told apart by version and by resolution-markers', async () => {
    const numpy = (version: string, marker: string) =>
      `[[package]]\nname = "numpy"\nversion = "${version}"\n${PYPI}\nresolution-markers = ["${marker}"]\n`;
    const text = `version = 1\n${project(
      `{ name = "numpy", version = "1.24.4", ${PYPI}, marker = "python_full_version < '3.9'" }, { name = "numpy", version = "2.0.0", ${PYPI}, marker = "python_full_version >= '3.9'" }`,
    )}${numpy('1.24.4', "python_full_version < '3.9'")}${numpy('2.0.0', "python_full_version >= '3.9'")}`;
    expect((await planPython({ 'uv.lock': text })).locked).toEqual(['numpy==2.0.0']);
    expect((await planPython({ 'uv.lock': text }, { fullPython: '3.8.20' })).locked).toEqual(['numpy==1.24.4']);
  });

  test('git, url, folders, members and another index', async () => {
    const sha = 'a'.repeat(40);
    const found = await made(`${project(
      '{ name = "one" }, { name = "two" }, { name = "lib" }, { name = "wheel-file" }, { name = "torch" }',
    )}
[[package]]
name = "one"
version = "1"
source = { git = "https://example.org/o/one.git?rev=main&subdirectory=py#${sha}" }
[[package]]
name = "two"
version = "2"
source = { url = "https://example.org/two-2-py3-none-any.whl" }
wheels = [{ url = "https://example.org/two-2-py3-none-any.whl", hash = "sha256:${'1'.repeat(64)}" }]
[[package]]
name = "lib"
version = "3"
source = { editable = "libs/lib" }
[[package]]
name = "wheel-file"
version = "4"
source = { path = "dist/wheel_file-4-py3-none-any.whl" }
[[package]]
name = "torch"
version = "2.1.0+cpu"
source = { registry = "https://download.example.org/whl/cpu" }
wheels = [
  { url = "https://download.example.org/whl/cpu/torch-2.1.0%2Bcpu-cp311-cp311-linux_x86_64.whl", hash = "sha256:${'2'.repeat(64)}" },
  { url = "https://download.example.org/whl/cpu/torch-2.1.0%2Bcpu-cp311-cp311-win_amd64.whl", hash = "sha256:${'3'.repeat(64)}" },
]
`);
    expect(found.hashed).toEqual([
      `one @ git+https://example.org/o/one.git@${sha}#subdirectory=py`,
      `torch==2.1.0+cpu --hash=sha256:${'2'.repeat(64)}`,
      `two @ https://example.org/two-2-py3-none-any.whl#sha256=${'1'.repeat(64)}`,
    ]);
    expect(found.local).toEqual(['libs/lib', 'dist/wheel_file-4-py3-none-any.whl']);
    expect(found.codes).toEqual(['own-index']);
  });

  test('a flat index is a page of files', async () => {
    const url = 'https://example.org/all.html';
    const found = await planPython({
      'pyproject.toml': `[project]\nname = "me"\ndependencies = ["torch"]\n[[tool.uv.index]]\nformat = "flat"\nname = "t"\nurl = "${url}"\n`,
      'uv.lock': `version = 1\n${project('{ name = "torch" }')}[[package]]\nname = "torch"\nversion = "2.1"\nsource = { registry = "${url}" }\n`,
    });
    expect(found.contribution.steps[0]?.values.indexOptions).toEqual(['--find-links', url]);
    expect(found.match.data.requirements?.indexOptions).toEqual(['--find-links', url]);
  });

  test('one that lacks what pyproject.toml declares gives way to it', async () => {
    const found = await planPython({
      ...files,
      'pyproject.toml': pyproject.replace('"cowsay==5.0"', '"cowsay==6.1", "numpy"'),
    });
    expect(found.requirements).toContain('cowsay==6.1');
    expect(found.notices.find(({ code }) => code === 'lock-unfit')?.message).toContain('lacks cowsay==6.1, numpy');
  });

  test('what pyproject.toml overrides is held against the override', async () => {
    const overridden = (override: string) =>
      planPython({
        'pyproject.toml': `[project]\nname = "me"\ndependencies = ["NumPy<2"]\n[tool.uv]\noverride-dependencies = ["${override}"]\n`,
        'uv.lock': `version = 1\n${project('{ name = "numpy" }')}[[package]]\nname = "numpy"\nversion = "2.1.0"\n${PYPI}\n`,
      });
    const found = await overridden('numpy>=2');
    expect(found.locked).toEqual(['numpy==2.1.0']);
    expect(found.codes).toEqual(['package-not-built']);
    const other = await overridden('numpy>=3');
    expect(other.locked).toEqual([]);
    expect(other.notices).toContainEqual(
      expect.objectContaining({ code: 'lock-unfit', message: expect.stringContaining('lacks numpy>=3') }),
    );
    expect(other.notices).toContainEqual(
      expect.objectContaining({
        code: 'ignored-key',
        message: expect.stringContaining('tool.uv.override-dependencies'),
      }),
    );
  });

  test('what is declared for other Pythons only may be missing', async () => {
    const text = pyproject.replace('"cowsay==5.0"', '"cowsay==5.0", "dataclasses ; python_version < \'3.7\'"');
    expect((await planPython({ ...files, 'pyproject.toml': text })).locked).toEqual(LOCKED);
  });

  test('nothing for this platform is told', async () => {
    const found = await made(
      `${project('{ name = "a", marker = "os_name == \'nt\'" }')}[[package]]\nname = "a"\nversion = "1"\n${PYPI}\n`,
    );
    expect(found.codes).toEqual(['nothing-for-platform']);
  });

  test('only files of another platform, and no manifest to fall back on', async () => {
    const wheels = `wheels = [{ url = "https://files.pythonhosted.org/packages/a/pywin32-306-cp311-cp311-win_amd64.whl", hash = "sha256:${'0'.repeat(64)}" }]`;
    const text = `${project('{ name = "pywin32" }')}[[package]]\nname = "pywin32"\nversion = "306"\n${PYPI}\n${wheels}\n`;
    await expect(made(text)).rejects.toThrow(
      'uv.lock cannot be installed here: it has no file for this platform of pywin32 306',
    );
  });

  test.each([
    ['version = 2', 'version is none that Slipway knows'],
    ['version = 1\n[[package', 'uv.lock, line 2, column'],
    ['version = 1\npackage = {}', 'package has to be a list of tables'],
    ['version = 1\n[[package]]\nname = "a"', 'package.a.source names no registry'],
    [
      'version = 1\n[[package]]\nname = "a"\nsource = { registry = "../wheels" }',
      'package.a.source is an index in a folder',
    ],
    [
      `version = 1\n${project('{ name = "lib" }')}[[package]]\nname = "lib"\nsource = { directory = "../x" }`,
      'outside the repository',
    ],
    [
      `version = 1\n${project('{ name = "a" }')}[[package]]\nname = "a"\nversion = "$(id)"\n${PYPI}`,
      'is not a requirement',
    ],
    [`version = 1\n${project('{ name = "a", marker = "x y" }')}`, 'is not a marker'],
    [`version = 1\nx = ${'{a='.repeat(5000)}`, 'uv.lock, line 2'],
  ])('%j is refused', async (text, message) => {
    await expect(planPython({ 'uv.lock': text })).rejects.toThrow(message);
  });

  test('a tangle made on purpose ends', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `p${index}`);
    const extras = names.map((name) => `{ name = "p0", extra = ["${name}"] }`).join(', ');
    const packages = names.map(
      (name) => `[[package]]\nname = "${name}"\nversion = "1"\n${PYPI}\ndependencies = [${extras}]\n`,
    );
    const started = performance.now();
    await expect(made(project('{ name = "p1" }') + packages.slice(0, 2).join(''))).rejects.toThrow('too many ways');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('ten thousand versions of one package are refused', async () => {
    const one = Array.from({ length: 10_000 }, (_, at) => `[[package]]\nname = "a"\nversion = "1.${at}"\n${PYPI}\n`);
    await expect(made(one.join(''))).rejects.toThrow('a has more than 100 versions');
  });

  test('eight megabytes are read in a second or two', async () => {
    const wheels = Array.from(
      { length: 10 },
      (_, index) =>
        `{ url = "https://files.pythonhosted.org/packages/x-1.0-cp3${index}-cp3${index}-manylinux_2_17_x86_64.whl", hash = "sha256:${'0'.repeat(64)}" }`,
    );
    const packages = Array.from(
      { length: 4400 },
      (_, index) => `[[package]]\nname = "p${index}"\nversion = "1.0"\n${PYPI}\nwheels = [${wheels.join(', ')}]\n`,
    );
    const edges = packages.map((_, index) => `{ name = "p${index}" }`).join(', ');
    const started = performance.now();
    await expect(made(project(edges) + packages.join(''))).rejects.toThrow('no file for this platform');
    expect(performance.now() - started).toBeLessThan(8000);
  });
});
