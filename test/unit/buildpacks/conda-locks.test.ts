import { describe, expect, test } from 'vitest';
import { readCondaEnvironment } from '../../../buildpacks/conda/environment.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const ROOT = { path: '', isBinder: false };
const read = (files: Record<string, string>, platform = 'linux/amd64') =>
  readCondaEnvironment(memoryCheckout(files), ROOT, platform);
const CHANNEL = 'https://conda.example.org/conda-forge';
const SHA = '0123456789abcdef'.repeat(4);
const MD5 = '0123456789abcdef'.repeat(2);

const entry = (name: string, more: Record<string, string> = {}) => {
  const { version = '1.2.3', manager = 'conda', platform = 'linux-64', category = 'main', build = 'h1_0', url } = more;
  const address = url ?? `${CHANNEL}/${platform}/${name}-${version}-${build}.conda`;
  return `- name: ${name}
  version: '${version}'
  manager: ${manager}
  platform: ${platform}
  dependencies:
    libthing: '>=1.0,<2.0a0'
  url: ${address}
  hash:
    md5: ${MD5}
    sha256: ${SHA}
  category: ${category}
  optional: false
`;
};
const condaLock = (packages: string[], sources = ['environment.yml']) => `# made by a test
version: 1
metadata:
  content_hash:
    linux-64: ${SHA}
  channels:
  - url: conda-forge
    used_env_vars: []
  platforms: [linux-64, osx-64]
  sources: [${sources.join(', ')}]
package:
${packages.join('')}`;
const wheel = (name: string, version: string) =>
  `https://files.pythonhosted.org/packages/ab/cd/${name}-${version}-py3-none-any.whl`;

describe('conda-lock.yml', () => {
  const lock = condaLock([
    entry('python', { version: '3.11.4', build: 'hab00c5b_0_cpython' }),
    entry('numpy', { version: '1.25.0', build: 'py311h64a7726_0' }),
    entry('numpy', { version: '1.25.0', platform: 'osx-64' }),
    entry('ruff-tool', {
      version: '1!2.0',
      url: `${CHANNEL}/noarch/ruff-tool-1%212.0-pyhd8ed1ab_0.tar.bz2`,
      category: 'dev',
    }),
    entry('extra', { category: 'docs' }),
    entry('cowsay', { version: '5.0', manager: 'pip', url: wheel('cowsay', '5.0') }),
    entry('tool', { version: '1', manager: 'pip', url: 'git+https://example.org/team/tool.git@0123456' }),
  ]);

  test('alone: the packages of our platform, main and dev, and those of pip with their hashes', async () => {
    const found = await read({ 'conda-lock.yml': lock });
    expect(found?.files).toEqual(['conda-lock.yml']);
    expect(found?.channels).toEqual(['conda-forge']);
    expect(found?.locked).toEqual([
      {
        name: 'python',
        version: '3.11.4',
        build: 'hab00c5b_0_cpython',
        url: `${CHANNEL}/linux-64/python-3.11.4-hab00c5b_0_cpython.conda`,
        sha256: SHA,
        md5: MD5,
      },
      {
        name: 'numpy',
        version: '1.25.0',
        build: 'py311h64a7726_0',
        url: `${CHANNEL}/linux-64/numpy-1.25.0-py311h64a7726_0.conda`,
        sha256: SHA,
        md5: MD5,
      },
      {
        name: 'ruff-tool',
        version: '1!2.0',
        build: 'pyhd8ed1ab_0',
        url: `${CHANNEL}/noarch/ruff-tool-1%212.0-pyhd8ed1ab_0.tar.bz2`,
        sha256: SHA,
        md5: MD5,
      },
    ]);
    expect(found?.pip?.requirements).toEqual([
      `cowsay==5.0 --hash=sha256:${SHA}`,
      'tool @ git+https://example.org/team/tool.git@0123456',
    ]);
    expect(found?.evidence).toEqual([{ file: 'conda-lock.yml', reason: 'locks 3 conda packages and 2 of pip' }]);
  });

  test('wins over the environment.yml that it locks', async () => {
    const yml = 'channels: [conda-forge]\ndependencies: [python=3.11, numpy>=1.20]\nvariables: {A: b}\n';
    const found = await read({ 'conda-lock.yml': lock, 'environment.yml': yml });
    expect(found?.files).toEqual(['conda-lock.yml', 'environment.yml']);
    expect(found?.locked).toHaveLength(3);
    expect(found?.specs).toHaveLength(2);
    expect(found?.variables).toEqual({ A: 'b' });
    expect(found?.notices).toMatchObject([{ code: 'direct-url' }]);
  });

  test.each([
    ['a package that it lacks', 'dependencies: [python=3.11, scipy]', lock, 'does not fit environment.yml: scipy'],
    ['another series', 'dependencies: [python=3.9]', lock, 'does not fit environment.yml: python 3.11.4'],
    ['another version', 'dependencies: [numpy==1.24.0]', lock, 'does not fit environment.yml: numpy 1.25.0'],
    [
      'another source',
      'dependencies: [numpy]',
      condaLock([entry('numpy')], ['dev.yml']),
      'made from dev.yml and not from',
    ],
    [
      'no packages for us',
      'dependencies: [numpy]',
      condaLock([entry('numpy', { platform: 'osx-64' })]),
      'no packages for linux-64',
    ],
    [
      'what cannot be read',
      'dependencies: [numpy]',
      'version: 1\npackage: [',
      'it cannot be read: conda-lock.yml, line 2',
    ],
    [
      'a version of tomorrow',
      'dependencies: [numpy]',
      'version: 2\npackage: []',
      'line 1, column 10: it is of version "2"',
    ],
  ])('%s leaves it to environment.yml, and it is said', async (_title, yml, text, why) => {
    const found = await read({ 'conda-lock.yml': text, 'environment.yml': yml });
    expect(found?.locked).toBeUndefined();
    expect(found?.files).toEqual(['environment.yml']);
    expect(found?.notices).toMatchObject([
      { code: 'ignored-file', file: 'conda-lock.yml', message: expect.stringContaining(why) },
    ]);
  });

  describe('holds only while it fits', () => {
    const text = condaLock([
      entry('python', { version: '3.11.4' }),
      entry('numpy', { version: '1.26.0' }),
      entry('pytorch', { version: '2.1.0' }),
      entry('openssl', { version: '1.1.1k' }),
      entry('pandas', { version: '2.1.0', manager: 'pip', url: wheel('pandas', '2.1.0') }),
      entry('tool', { version: '1', manager: 'pip', url: 'git+https://example.org/team/tool.git@0123456' }),
    ]);
    const conda = (...specs: string[]) => `dependencies: [${specs.map((spec) => `'${spec}'`).join(', ')}]\n`;
    const pip = (...lines: string[]) =>
      `dependencies:\n- python=3.11\n- pip:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

    test.each([
      [conda('numpy>=2'), 'numpy 1.26.0'],
      [conda('numpy>1.26'), 'numpy 1.26.0'],
      [conda('numpy<1.26'), 'numpy 1.26.0'],
      [conda('numpy<=1.9'), 'numpy 1.26.0'],
      [conda('numpy!=1.26'), 'numpy 1.26.0'],
      [conda('numpy!=1.26.*'), 'numpy 1.26.0'],
      [conda('numpy~=1.25.0'), 'numpy 1.26.0'],
      [conda('numpy~=1.27'), 'numpy 1.26.0'],
      [conda('numpy>=1.20,<1.26|>=2'), 'numpy 1.26.0'],
      [conda('openssl=1.1.2'), 'openssl 1.1.1k'],
      [pip('pandas==2.2.0'), 'pandas 2.1.0'],
      [pip('pandas>=2.2'), 'pandas 2.1.0'],
      [pip('rich'), 'rich'],
      [pip('git+https://example.org/team/other.git#egg=other'), 'other'],
      [pip('numpy==1.25.0'), 'numpy 1.26.0'],
    ])('%j', async (yml, why) => {
      const found = await read({ 'conda-lock.yml': text, 'environment.yml': yml });
      expect(found?.locked).toBeUndefined();
      const message = expect.stringContaining(`it does not fit environment.yml: ${why}.`);
      expect(found?.notices).toContainEqual({ code: 'ignored-file', file: 'conda-lock.yml', message });
    });

    test.each([
      conda('numpy>=1.20,<2', 'numpy~=1.25', 'numpy!=1.25.*', 'numpy<1.2|>=1.26.0.0'),
      conda('numpy<2.0a0', 'numpy>=1.26rc1', 'openssl=1.1.1', 'openssl>=1.1.1a', '__glibc>=2.17'),
      pip('pandas==2.1', 'pandas>=2,<3', 'tool @ git+https://example.org/team/tool.git@v1', 'torch==2.1.0'),
      pip(
        'numpy',
        'Pandas',
        'pandas ~=2',
        'openssl==1.1.1k',
        '"pywin32; sys_platform == \'win32\'"',
        'git+https://example.org/team/nameless.git',
      ),
    ])('and does with %j', async (yml) => {
      const found = await read({ 'conda-lock.yml': text, 'environment.yml': yml });
      expect(found?.locked).toHaveLength(4);
    });
  });

  test('never displaces a file that Binder reads', async () => {
    for (const name of ['requirements.txt', 'Pipfile', 'Project.toml', 'setup.py', 'install.R'])
      expect(await read({ 'conda-lock.yml': lock, 'pixi.toml': '[dependencies]', [name]: '' }), name).toBeUndefined();
    const pyproject = '[project]\nname = "x"\n[build-system]\n[tool.pixi.workspace]\n';
    expect(await read({ 'pyproject.toml': pyproject })).toBeUndefined();
    expect(await read({ 'pyproject.toml': '[tool.black]\n' })).toBeUndefined();
  });

  test.each([
    [
      'for a Mac alone',
      condaLock([entry('numpy', { platform: 'osx-64' })]),
      'it locks linux-64, osx-64 and not linux-64',
    ],
    [
      'a package from a folder',
      condaLock([entry('numpy', { url: 'file:///etc/numpy-1-0.conda' })]),
      'no address of a package',
    ],
    [
      'a password',
      condaLock([entry('numpy', { url: 'https://u:hunter2@example.org/linux-64/numpy-1-0.conda' })]),
      'line',
    ],
    [
      'a token',
      condaLock([entry('numpy', { url: 'https://example.org/t/hunter2/c/linux-64/numpy-1-0.conda' })]),
      'password or token',
    ],
    [
      'shell text',
      condaLock([entry('numpy', { url: '"https://example.org/linux-64/$(id)-1-0.conda"' })]),
      'no address',
    ],
    [
      'another system',
      condaLock([entry('numpy', { url: `${CHANNEL}/osx-64/numpy-1-0.conda` })]),
      'no address of a conda package for Linux',
    ],
    ['a hash that is none', condaLock([entry('numpy')]).replaceAll(SHA, 'xyz'), 'is no sha256'],
    ['a list', '- a', 'a lock of conda-lock has to be a map'],
    ['nothing', '', 'it is of version ""'],
    [
      'a package of pip with shell text',
      condaLock([entry('numpy'), entry('x$(id)', { manager: 'pip', url: wheel('x', '1') })]),
      'is not a requirement',
    ],
  ])('%s is refused', async (_title, text, message) => {
    const error = await read({ 'conda-lock.yml': text }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'bad_environment_file', message: expect.stringContaining(message) });
    expect((error as Error).message).not.toContain('hunter2');
    expect((error as Error).message).toMatch(/^conda-lock\.yml, line \d+/);
  });
});
