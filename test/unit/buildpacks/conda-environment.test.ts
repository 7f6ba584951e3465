import { describe, expect, test } from 'vitest';
import { readCondaEnvironment } from '../../../buildpacks/conda/environment.ts';
import { withoutForeign } from '../../../buildpacks/conda/foreign.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const ROOT = { path: '', isBinder: false };
const readAll = (files: Record<string, string>) => readCondaEnvironment(memoryCheckout(files), ROOT, 'linux/amd64');
async function read(text: string, more: Record<string, string> = {}) {
  const found = await readAll({ ...more, 'environment.yml': text });
  if (found === undefined) throw new Error('nothing found');
  return found;
}
const names = (specs: { name: string }[]) => specs.map(({ name }) => name);

describe('environment.yml', () => {
  test('of a course in 2019', async () => {
    const found = await read(
      `name: course
channels:
  - conda-forge
  - defaults
dependencies:
  - python=3.7
  - numpy=1.15   # the newest then
  - conda-forge::xarray>=0.11,<0.13
  - pip
  - pip:
    - nbgitpuller==0.6
    - git+https://example.org/team/tool.git@v1#egg=tool
variables:
  DATA: /srv/data
  THREADS: 4
`,
    );
    expect(found.files).toEqual(['environment.yml']);
    expect(found.channels).toEqual(['conda-forge', 'defaults']);
    expect(found.specs).toEqual([
      { name: 'python', version: '3.7.*', file: 'environment.yml', line: 6 },
      { name: 'numpy', version: '1.15.*', file: 'environment.yml', line: 7 },
      { name: 'xarray', version: '>=0.11,<0.13', channel: 'conda-forge', file: 'environment.yml', line: 8 },
      { name: 'pip', file: 'environment.yml', line: 9 },
    ]);
    expect(found.pip?.requirements).toEqual(['nbgitpuller==0.6', 'tool @ git+https://example.org/team/tool.git@v1']);
    expect(found.pip?.pins).toEqual([{ name: 'nbgitpuller', version: '0.6', file: 'environment.yml' }]);
    expect(found.variables).toEqual({ DATA: '/srv/data', THREADS: '4' });
    expect(found.evidence).toEqual([{ file: 'environment.yml', reason: 'lists 4 conda packages and 2 of pip' }]);
    expect(found.notices.map(({ code }) => code)).toEqual(['ignored-key', 'direct-url']);
  });

  test('exported on a Mac: versions stay, builds and its packages go', async () => {
    const found = await read(`name: paper
channels: [defaults]
dependencies:
  - appnope=0.1.2=py39hecd8cb5_1001
  - libcxx=12.0.0=h2f01273_0
  - numpy=1.21.2=py39h4b4dc7a_0
  - python=3.9.7=h88f2d9e_1
  - clang_osx-64=4.0.1=h1ce6c1d_16
prefix: /Users/somebody/opt/anaconda3/envs/paper
`);
    expect(found.specs).toEqual([
      { name: 'numpy', version: '==1.21.2', file: 'environment.yml', line: 6 },
      { name: 'python', version: '==3.9.7', file: 'environment.yml', line: 7 },
    ]);
    expect(found.notices).toMatchObject([
      { code: 'ignored-key', message: expect.stringContaining('name and prefix') },
      { code: 'foreign-package', message: expect.stringContaining('appnope, libcxx, clang_osx-64') },
      { code: 'foreign-builds', message: expect.stringContaining('exported on macOS: the builds that it names for 2') },
    ]);
  });

  test('exported on Windows, told by its packages alone', async () => {
    const found = await read(`dependencies:
  - vc=14.2=h21ff451_1
  - vs2015_runtime=14.27.29016=h5e58377_2
  - wincertstore=0.2=py38_0
  - pywin32=227=py38he774522_1
  - m2w64-gcc-libs=5.3.0=7
  - msys2-conda-epoch=20160418=1
  - icc_rt=2019.0.0=h0cc432a_1
  - pandas=1.1.3=py38ha925a31_0
  - pytorch=1.7.0=py3.8_cpu*
`);
    expect(found.specs.map(({ name, version, build }) => [name, version, build])).toEqual([
      ['pandas', '==1.1.3', undefined],
      ['pytorch', '1.7.0.*', 'py3.8_cpu*'],
    ]);
    expect(found.notices[1]?.message).toContain('exported on Windows');
  });

  test('exported, with very many packages, in linear time', () => {
    const started = performance.now();
    const many = (name: string) =>
      Array.from({ length: 200_000 }, () => ({ name, version: '==1', build: '0', file: 'environment.yml', line: 1 }));
    expect(withoutForeign(many('numpy'), '/Users/somebody', '').specs).toHaveLength(200_000);
    expect(withoutForeign(many('ucrt'), '', '').specs).toEqual([]);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('exported on Linux: builds stay', async () => {
    const found = await read(
      'dependencies: [numpy=1.21.2=py39h20f2e39_0]\nprefix: /home/somebody/miniconda3/envs/paper\n',
    );
    expect(found.specs[0]).toMatchObject({ version: '==1.21.2', build: 'py39h20f2e39_0' });
  });

  test('what pip includes is found beside the file, and counts', async () => {
    const files = {
      'binder/environment.yml': 'dependencies:\n- numpy\n- pip:\n  - -r ../deps.txt\n  - -e ..\n',
      'deps.txt': 'rich==13.0',
    };
    const found = await readCondaEnvironment(memoryCheckout(files), { path: 'binder', isBinder: true }, 'linux/amd64');
    expect(found?.files).toEqual(['binder/environment.yml', 'deps.txt']);
    expect(found?.pip).toMatchObject({
      requirements: ['rich==13.0'],
      local: [{ path: '', editable: true, file: 'binder/environment.yml' }],
    });
  });

  test.each([
    ['', []],
    ['# nothing yet\n', []],
    ['name: x\ndependencies:\n', []],
    ['dependencies: [numpy]', ['numpy']],
    ['---\ndependencies:\n- numpy\n...\n', ['numpy']],
    ['dependencies:\n- &a numpy\n- *a\n', ['numpy', 'numpy']],
    ['dependencies:\n- numpy\n- pip:\n', ['numpy']],
    ['dependencies:\n- "numpy"\n- \'scipy\'\n', ['numpy', 'scipy']],
    ['dependencies:\r\n- numpy\r\n', ['numpy']],
    ['dependencies:\n- numpy\n-\n', ['numpy']],
    ['dependencies: null\n', []],
    ['dependencies: ~\nchannels: ~\nvariables: null\n', []],
    ['channels: null\ndependencies: [numpy]', ['numpy']],
    ['dependencies:\n- numpy\n- ~\n- null\n- pip: null\n', ['numpy']],
    ['dependencies:\n- numpy\n- pip: ~\n', ['numpy']],
    ['~', []],
  ])('%j', async (text, expected) => {
    const found = await read(text);
    expect(names(found.specs)).toEqual(expected);
    expect(found.channels).toEqual(['conda-forge']);
  });

  test('channels: order, labels and addresses stay, nodefaults goes', async () => {
    const { channels } = await read(
      'channels:\n- pytorch\n- nodefaults\n- conda-forge/label/broken\n- https://example.org/mine/\n- pytorch\n',
    );
    expect(channels).toEqual(['pytorch', 'conda-forge/label/broken', 'https://example.org/mine']);
  });

  test('.yml wins over .yaml, as for repo2docker, and it is said', async () => {
    const found = await readAll({
      'environment.yml': 'dependencies: [numpy]',
      'environment.yaml': 'dependencies: [scipy]',
    });
    expect(names(found?.specs ?? [])).toEqual(['numpy']);
    expect(found?.notices).toMatchObject([{ code: 'ignored-file', file: 'environment.yaml' }]);
    expect(names((await readAll({ 'environment.yaml': 'dependencies: [scipy]' }))?.specs ?? [])).toEqual(['scipy']);
    expect(await readAll({ 'requirements.txt': 'numpy' })).toBeUndefined();
  });

  test('unknown keys are said', async () => {
    const { notices } = await read('dependencies: [numpy]\nplatforms: [linux-64]\n__proto__: {x: 1}\n');
    expect(notices).toMatchObject([{ code: 'unknown-key', message: expect.stringContaining('platforms, __proto__') }]);
  });
});

describe('what is refused, with file, line and column', () => {
  test.each([
    ['dependencies:\n  - numpy\n - scipy\n', 'environment.yml, line 3, column 1'],
    ['dependencies: [numpy', 'line 1, column 21'],
    ['dependencies:\n\t- numpy', 'line 2, column 1'],
    ['- numpy\n- scipy', 'line 1, column 1: it has to have keys'],
    ['numpy', 'line 1, column 1: it has to have keys'],
    ['dependencies: numpy', 'line 1, column 15: dependencies has to be a list'],
    ['dependencies:\n  numpy: 1.15', 'line 2, column 3: dependencies has to be a list'],
    ['dependencies:\n- [numpy]', 'line 2, column 3: a dependency has to be one package'],
    ['dependencies:\n- npm: [x]', 'line 2, column 8: npm installs nothing'],
    ['dependencies:\n- pip: requests', 'line 2, column 8: pip has to be a list'],
    ['dependencies:\n- pip: [{a: b}]', 'line 2, column 9: a requirement of pip has to be plain text'],
    ['channels: conda-forge', 'channels has to be a list'],
    ['channels:\n- https://u:hunter2@example.org/c', 'line 2, column 3: the URL of its channel holds a password'],
    ['channels:\n- $(id)', 'line 2, column 3'],
    ['channels:\n- file:///etc', 'line 2, column 3'],
    ['variables: [a]', 'variables has to be a map'],
    ['variables:\n  A: [1]', 'line 2, column 6'],
    ['variables:\n  "A B": 1', 'line 2, column 10'],
    ['variables:\n  __proto__: 1', 'line 2, column 14'],
    ['variables:\n  A: "a\\nRUN id"', 'line 2, column 6'],
    ['dependencies: []\ndependencies: []', 'line 2, column 1: dependencies is there twice'],
    ['dependencies: []\n---\ndependencies: []', 'line 2, column 1: a second document'],
    ['dependencies:\n- !!python/object/apply:os.system [id]', 'line 2, column 3: tags'],
    ['dependencies:\n- !x numpy', 'line 2, column 3: tags'],
    ['dependencies: [*nothing]', 'line 1, column 16'],
    ['? [a]\n: b', 'a key has to be a word'],
    ['dependencies:\n- pip:\n  - numpy\n  - "$(id)"', 'environment.yml, line 4'],
    ['dependencies:\n- pip:\n  - |\n    numpy\n    $(id)', 'environment.yml, line 5'],
    [
      'dependencies:\n- pip: ["-r missing.txt"]',
      'environment.yml, line 2: it includes missing.txt, which does not exist',
    ],
  ])('%j', async (text, where) => {
    const error = await read(text).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'bad_environment_file', hint: expect.any(String) });
    expect((error as Error).message).toContain(where);
    expect((error as Error).message).not.toContain('hunter2');
  });

  test('a file outside the repository', async () => {
    await expect(read('dependencies:\n- pip:\n  - -r /etc/passwd')).rejects.toMatchObject({
      code: 'unsafe_file',
      message: expect.stringContaining('environment.yml, line 3'),
    });
  });

  const level = (before: string) => `&${before}x [${Array(10).fill(`*${before}`).join(',')}]`;
  test.each([
    ['an alias bomb', `a: &a [x]\nb: ${level('a')}\nc: ${level('ax')}\nd: ${level('axx')}\ndependencies: *axxx\n`],
    ['many aliases', `a: &a x\ndependencies:\n${'- *a\n'.repeat(20_000)}`],
    ['itself', 'dependencies: &a [*a]'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['as many dashes', '- '.repeat(100_000)],
    ['as many keys in one', 'a: '.repeat(100_000)],
    ['an open quote', `"${'a'.repeat(1_000_000)}`],
    ['many tags', `dependencies: ${'! '.repeat(50_000)}`],
    ['deep lists in lists', `dependencies: ${'['.repeat(300)}${']'.repeat(300)}`],
  ])('%s, in bounded time', async (_title, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'bad_environment_file' });
  });
});
