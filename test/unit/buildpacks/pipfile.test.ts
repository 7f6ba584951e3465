import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const real = (name: string) => fixtureFiles('python/pipenv')[name] ?? '';
const SOURCE = '[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\nname = "pypi"\n';
const pipfile = (text: string) => planPython({ Pipfile: text });
const lock = (value: object) => planPython({ 'Pipfile.lock': JSON.stringify({ _meta: {}, ...value }) });

describe('Pipfile', () => {
  test.each([
    ['[packages]\nnumpy = "*"', ['numpy']],
    ['[packages]\nnumpy = "==1.22.3"', ['numpy==1.22.3']],
    ['[packages]\nnumpy = "1.22.3"', ['numpy==1.22.3']],
    ['[packages]\nnumpy = ">=1.2, <2"', ['numpy>=1.2,<2']],
    ['[packages]\nrequests = {version = "~=2.0", extras = ["socks", "security"]}', ['requests[socks,security]~=2.0']],
    [`[packages]\nx = {version = "*", sys_platform = "== 'win32'"}`, ["x ; sys_platform == 'win32'"]],
    [
      `[packages]\nx = {version = ">1", markers = "python_version < '3.8'", os_name = "== 'posix'"}`,
      ["x>1 ; (python_version < '3.8') and (os_name == 'posix')"],
    ],
    [
      '[packages]\npkg = {git = "https://example.org/org/pkg.git", ref = "main", subdirectory = "py"}',
      [`pkg @ git+https://example.org/org/pkg.git@${'c'.repeat(40)}#subdirectory=py`],
    ],
    ['[packages]\npkg = {file = "https://example.org/pkg-1.0.tar.gz"}', ['pkg @ https://example.org/pkg-1.0.tar.gz']],
    ['[packages]\na = "*"\n[dev-packages]\nb = "*"\n[other]\nc = "*"', ['a', 'b']],
  ])('%j', async (text, expected) => {
    expect((await pipfile(SOURCE + text)).requirements).toEqual(expected);
  });

  test('folders are installed with the content', async () => {
    const { local, match } = await pipfile('[packages]\nme = {path = ".", editable = true}\nlib = {path = "libs/one"}');
    expect(local).toEqual(['', 'libs/one']);
    expect(match.data.requirements?.local[0]?.editable).toBe(true);
  });

  test.each([
    ['[requires]\npython_version = "3.8"', '3.8'],
    ['[requires]\npython_version = "3.8"\npython_full_version = "3.8.10"', '3.8.10'],
    ['[requires]\npython_version = "*"', undefined],
    ['[requires]\npython_version = "3"', undefined],
  ])('%j asks for Python %s', async (text, version) => {
    expect((await pipfile(text)).match.python?.version?.value).toBe(version);
  });

  test('wins over what runtime.txt says of Python, whose day still counts', async () => {
    const files = { Pipfile: '[requires]\npython_version = "3.8"', 'runtime.txt': 'python-3.9-2021-05-01' };
    const { match, notices } = await planPython(files);
    expect(match.python?.version).toEqual({ value: '3.8', file: 'Pipfile' });
    expect(match.asOf?.date).toBe('2021-05-01');
    expect(notices.map(({ file }) => file)).toContain('runtime.txt');
  });

  test('wins over requirements.txt, setup.py and the locks of other tools, each of which is told', async () => {
    const others = [
      'requirements.txt',
      'setup.py',
      'pyproject.toml',
      'uv.lock',
      'poetry.lock',
      'pdm.lock',
      'pylock.toml',
    ];
    const files = Object.fromEntries(others.map((name) => [name, '%% not to be read [']));
    const { requirements, notices, local } = await planPython({ ...files, Pipfile: '[packages]\nsix = "*"' });
    expect(requirements).toEqual(['six']);
    expect(local).toEqual([]);
    expect(
      notices
        .filter(({ code }) => code === 'ignored-file')
        .map(({ file }) => file)
        .sort(),
    ).toEqual(others.sort());
  });

  test('another index is taken, and told', async () => {
    const { match, codes } = await pipfile(
      '[[source]]\nname = "x"\nurl = "https://download.example.org/whl"\n[packages]\na = "*"',
    );
    expect(match.data.requirements?.indexOptions).toEqual(['--extra-index-url', 'https://download.example.org/whl']);
    expect(codes).toEqual(['own-index']);
  });

  test('that pre-releases are wanted is told without a lock', async () => {
    const wants = (text: string) =>
      planPython({ Pipfile: text }).then(({ notices }) =>
        notices.filter(({ code }) => code === 'ignored-key').map(({ message }) => message.split(' ')[1]),
      );
    expect(await wants('[packages]\na = "*"\n[pipenv]\nallow_prereleases = true')).toEqual([
      'pipenv.allow_prereleases',
    ]);
    expect(await wants('[packages]\na = {version = "*", allow_prereleases = true}')).toEqual([
      'packages.a.allow_prereleases',
    ]);
    const files = { Pipfile: '[pipenv]\nallow_prereleases = true', 'Pipfile.lock': '{"default": {"a": "==1.0"}}' };
    expect((await planPython(files)).codes).toEqual([]);
  });

  test('a key that nobody knows is told', async () => {
    const { notices } = await pipfile('[packages]\na = {version = "*", frobnicate = true}');
    expect(notices).toMatchObject([{ code: 'unknown-key', message: expect.stringContaining('packages.a.frobnicate') }]);
  });
});

describe('Pipfile.lock', () => {
  test('a real one: exact versions and hashes, development packages too, markers evaluated', async () => {
    const files = { Pipfile: real('Pipfile'), 'Pipfile.lock': real('Pipfile.lock') };
    const { locked, hashed, codes, match } = await planPython(files);
    expect(locked).toEqual(['cowsay==5.0', 'six==1.15.0', 'tabulate==0.8.10', 'toolz==0.12.1', 'wcwidth==0.2.13']);
    expect(hashed.every((line) => / --hash=sha256:[0-9a-f]{64}/.test(line))).toBe(true);
    expect(codes).toEqual([]);
    expect(match.lock).toEqual(['Pipfile.lock']);
    expect(match.python?.version).toEqual({ value: '3.11', file: 'Pipfile.lock' });
  });

  test('one of another Pipfile is used, as pipenv does, and told with what it lacks', async () => {
    const files = {
      Pipfile: `${real('Pipfile')}\n[packages.numpy]\nversion = "*"\n`,
      'Pipfile.lock': real('Pipfile.lock'),
    };
    const { locked, notices } = await planPython(files);
    expect(locked).toHaveLength(5);
    expect(notices).toMatchObject([{ code: 'lock-outdated', message: expect.stringContaining('lacks numpy') }]);
  });

  test('a version that no installer knows any more gives way to the Pipfile, and is an error without one', async () => {
    const old = JSON.stringify({ _meta: { hash: { sha256: 'x' } }, default: { pytz: { version: '==2011k' } } });
    const { requirements, locked, notices } = await planPython({
      Pipfile: '[packages]\npytz = "<2020"\n',
      'Pipfile.lock': old,
    });
    expect({ requirements, locked }).toEqual({ requirements: ['pytz<2020'], locked: [] });
    expect(notices).toContainEqual(
      expect.objectContaining({ code: 'lock-unfit', message: expect.stringContaining('"2011k" of pytz') }),
    );
    await expect(planPython({ 'Pipfile.lock': old })).rejects.toThrow('"2011k" of pytz');
  });

  test('stands alone, with git, url and folders', async () => {
    const sha = 'a'.repeat(40);
    const found = await lock({
      default: {
        one: { git: 'https://example.org/org/one.git', ref: sha },
        two: { file: 'https://example.org/two-1.0.zip', hashes: [`sha256:${'0'.repeat(64)}`] },
        me: { path: '.', editable: true },
        any: { version: '*' },
        win: { version: '==1.0', markers: "os_name == 'nt'" },
      },
      develop: {},
    });
    expect(found.hashed).toEqual([
      'any',
      `one @ git+https://example.org/org/one.git@${sha}`,
      `two @ https://example.org/two-1.0.zip#sha256=${'0'.repeat(64)}`,
    ]);
    expect(found.local).toEqual(['']);
  });

  test.each([
    ['{"default": {', 'Pipfile.lock, line 1, column 14'],
    ['{\n "default": nope}', 'Pipfile.lock, line 2, column 14'],
    ['[]', 'has to be an object'],
    ['{"default": []}', 'default has to be a table'],
    ['{"default": {"a": 1}}', 'default.a has to be a version or a table'],
    ['{"default": {"a": {"version": 1}}}', 'default.a.version has to be a string'],
    ['{"default": {"a": {"version": "==1.0", "hashes": ["md5:1"]}}}', 'default.a.hashes'],
    ['{"default": {"a": {"version": "==1.0; id"}}}', 'is not a requirement'],
    ['{"default": {"a": {"version": "==1.0", "markers": "import os"}}}', 'is not a marker'],
    ['{"default": {"a": {"hg": "https://example.org/x"}}}', 'only git'],
    ['{"default": {"a": {"path": "../../etc"}}}', 'outside the repository'],
    ['{"default": {"__proto__": {"version": "==$(id)"}}}', 'is not a requirement'],
    [`{"default": ${'['.repeat(100_000)}`, 'Pipfile.lock, line 1'],
  ])('what is refused, %#', async (text, message) => {
    await expect(planPython({ 'Pipfile.lock': text })).rejects.toThrow(message);
  });
});
