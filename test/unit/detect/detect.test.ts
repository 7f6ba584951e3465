import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BUILDPACKS, DEFAULT_BUILDPACK } from '../../../buildpacks/index.ts';
import { loadConfig } from '../../../src/config.ts';
import { detect } from '../../../src/detect/detect.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const config = loadConfig({});
async function detected(files: Record<string, string>, settings = config, subdir = '') {
  const { matches, notices } = await detect(memoryCheckout(files, { subdir }), settings);
  return {
    packs: matches.map(({ match }) => match.name),
    notices: notices.map(({ code, file }) => `${code} ${file ?? ''}`.trim()),
  };
}

test('folders and registry agree, and each pack has a README and a fixture', () => {
  const root = new URL('../../../buildpacks/', import.meta.url);
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // `guess` looks at what the others have planned.
  const names = [...BUILDPACKS, DEFAULT_BUILDPACK, { name: 'guess' }].map(({ name }) => name).sort();
  expect(folders.map(({ name }) => name).sort()).toEqual(names);
  for (const name of names) {
    expect(readdirSync(new URL(`${name}/`, root))).toContain('README.md');
    expect(readdirSync(new URL(`${name}/fixtures/`, root)).length, `fixtures of ${name}`).toBeGreaterThan(0);
  }
});

describe('which packs apply', () => {
  test('all that match take part', async () => {
    const files = {
      'requirements.txt': 'numpy',
      'apt.txt': 'cowsay',
      postBuild: '#!/bin/sh\n',
      start: '#!/bin/sh\nexec "$@"\n',
    };
    expect((await detected(files)).packs).toEqual(['apt', 'python', 'postbuild', 'start']);
  });

  test('without a Python file the default environment, said', async () => {
    expect(await detected({ 'a.ipynb': '{}' })).toEqual({ packs: ['default'], notices: ['default-environment'] });
    expect((await detected({ 'apt.txt': 'cowsay' })).packs).toEqual(['apt', 'default']);
  });

  test('unless the operator forbids it', async () => {
    const off = loadConfig({ SLIPWAY_DEFAULT_ENVIRONMENT: 'off' });
    await expect(detected({ 'a.ipynb': '{}' }, off)).rejects.toMatchObject({ code: 'no_environment' });
    expect((await detected({ 'requirements.txt': '' }, off)).packs).toEqual(['python']);
  });
});

describe('the config folder', () => {
  test('binder/ hides the root, and it is said', async () => {
    const files = { 'binder/requirements.txt': 'numpy', 'requirements.txt': 'x', 'setup.py': '', 'apt.txt': 'x' };
    const found = await detected(files);
    expect(found.packs).toEqual(['python']);
    expect(found.notices).toEqual(['ignored-file apt.txt', 'ignored-file requirements.txt', 'ignored-file setup.py']);
  });

  test('both at once are an error', async () => {
    const files = { 'binder/requirements.txt': '', '.binder/requirements.txt': '' };
    await expect(detected(files)).rejects.toMatchObject({ code: 'conflicting_folders' });
  });

  test('a sub-folder is looked at instead of the root', async () => {
    const files = { 'course/requirements.txt': 'numpy', 'apt.txt': 'x', 'course/binder/apt.txt': 'cowsay' };
    expect(await detected(files, config, 'course')).toEqual({
      packs: ['apt', 'default'],
      notices: ['ignored-file course/requirements.txt', 'default-environment'],
    });
  });
});

test('files that no pack reads are said', async () => {
  const found = await detected({ Dockerfile: 'FROM x', 'environment.yml': 'dependencies: []', 'requirements.txt': '' });
  expect(found.notices).toEqual(['unread-file Dockerfile', 'ignored-file requirements.txt']);
});

test("conda's locks and pixi's files never displace a file that Binder reads, and it is said", async () => {
  const lock = 'version: 1\npackage: []\n';
  const found = await detected({ 'conda-lock.yml': lock, 'pixi.toml': '[[[', 'requirements.txt': '' });
  expect(found.packs).toEqual(['python']);
  expect(found.notices).toEqual(['ignored-file conda-lock.yml', 'ignored-file pixi.toml']);
  expect((await detected({ 'pixi.toml': '[dependencies]\nnumpy = "*"\n' })).packs).toEqual(['conda']);
  const pyproject = '[project]\nname = "x"\n[tool.pixi.workspace]\nchannels = []\n';
  expect((await detected({ 'pyproject.toml': pyproject })).packs).toEqual(['conda']);
  const built = `${pyproject}[build-system]\nrequires = []\n`;
  expect((await detected({ 'pyproject.toml': built })).packs).toEqual(['python']);
});

test("a conda lock's own date is the day", async () => {
  const lock =
    'version: 1\npackage:\n- {name: zlib, manager: conda, platform: linux-64, url: "https://example.org/c/linux-64/zlib-1.2-0.conda"}\n';
  const files = { 'environment.yml': 'dependencies: [zlib]', 'conda-lock.yml': lock };
  const { matches } = await detect(memoryCheckout(files), loadConfig({ SLIPWAY_PLATFORM: 'linux/amd64' }));
  expect(matches[0]?.match).toMatchObject({ name: 'conda', lock: ['conda-lock.yml'] });
});

test('runtime.txt and .python-version', async () => {
  const wish = async (files: Record<string, string>) => {
    const { matches } = await detect(memoryCheckout(files), config);
    const [found] = matches;
    return [found?.match.python?.version?.value, found?.match.asOf?.date];
  };
  expect(await wish({ 'runtime.txt': 'python-3.10\n' })).toEqual(['3.10', undefined]);
  expect(await wish({ 'runtime.txt': 'python-3.7.2-2019-05-01' })).toEqual(['3.7.2', '2019-05-01']);
  expect(await wish({ '.python-version': '# mine\n3.9.7\n' })).toEqual(['3.9.7', undefined]);
  expect(await wish({ 'runtime.txt': 'python-3.8', '.python-version': '3.9' })).toEqual(['3.8', undefined]);
  expect(await wish({ 'requirements.txt': '', '.python-version': 'my-virtualenv' })).toEqual([undefined, undefined]);
  for (const text of ['python-3.8\nRUN id', 'python-3.8-2019-13-45', 'ruby-2', '3.8', '\u202epython-3.8']) {
    await expect(wish({ 'runtime.txt': text })).rejects.toMatchObject({ code: 'bad_environment_file' });
  }
});

test('a .python-version of a Python that is not known yet is a notice; a runtime.txt is left to the plan', async () => {
  for (const text of ['3.99', '3.99.1', 'cpython-3.99.1']) {
    const { matches } = await detect(memoryCheckout({ 'requirements.txt': 'six', '.python-version': text }), config);
    expect(matches[0]?.match.python?.version).toBeUndefined();
    expect(matches[0]?.match.files).toEqual(['requirements.txt']);
    expect(matches[0]?.match.notices).toMatchObject([
      { code: 'ignored-file', message: expect.stringContaining('3.99'), file: '.python-version' },
    ]);
  }
  const runtime = await detect(memoryCheckout({ 'runtime.txt': 'python-3.99', '.python-version': '3.99' }), config);
  expect(runtime.matches[0]?.match.python?.version?.file).toBe('runtime.txt');
});

test('pyproject.toml and setup.py', async () => {
  const toml = '[project]\nname = "x"\nrequires-python = ">=3.9"\ndependencies = ["numpy==1.22.3", "pandas"]\n';
  const { matches } = await detect(memoryCheckout({ 'pyproject.toml': toml }), config);
  expect(matches[0]?.match).toMatchObject({
    evidence: [{ file: 'pyproject.toml', reason: 'lists dependencies' }],
    python: { requires: { value: '>=3.9' }, pins: [{ name: 'numpy', version: '1.22.3' }] },
    notices: [{ code: 'package-not-built' }],
  });
  const broken = detect(memoryCheckout({ 'pyproject.toml': '[project]\nname = \n' }), config);
  await expect(broken).rejects.toMatchObject({ message: expect.stringContaining('pyproject.toml, line 2, column') });
  const tools = await detect(memoryCheckout({ 'pyproject.toml': '[tool.black]\nline-length = 100\n' }), config);
  expect(tools.matches.map(({ match }) => match.name)).toEqual(['default']);
});
