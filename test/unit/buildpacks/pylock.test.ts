import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const lock = fixtureFiles('python/pylock')['pylock.toml'] ?? '';
const made = (text: string) => planPython({ 'pylock.toml': `lock-version = "1.0"\ncreated-by = "test"\n${text}` });

describe('pylock.toml', () => {
  test('a real one, at the root and in binder/', async () => {
    for (const [file, folder] of [
      ['pylock.toml', ''],
      ['binder/pylock.toml', 'binder'],
    ] as const) {
      const found = await planPython({ [file]: lock }, { folder });
      expect(found.locked).toEqual([
        'cowsay==5.0',
        'markupsafe==2.1.5',
        'six==1.15.0',
        'tabulate==0.8.10',
        'wcwidth==0.2.13',
      ]);
      // Of sixteen wheels one fits, and there is the source.
      expect(found.hashed[1]?.split(' --hash=')).toHaveLength(3);
      expect(found.match.lock).toEqual([file]);
      expect(found.match.python?.requires?.value).toBe('>=3.11');
    }
  });

  test('beside a project it has to have its dependencies, not its groups', async () => {
    const project = (name: string) =>
      `[project]\nname = "x"\ndependencies = ["${name}"]\n[dependency-groups]\ndev = ["pytest"]\n[tool.uv]\n`;
    const fits = await planPython({ 'pyproject.toml': project('cowsay'), 'pylock.toml': lock });
    expect(fits.match.lock).toEqual(['pylock.toml']);
    const unfit = await planPython({ 'pyproject.toml': project('numpy'), 'pylock.toml': lock });
    expect(unfit.requirements).toEqual(['numpy', 'pytest']);
    expect(unfit.codes).toContain('lock-unfit');
  });

  test('groups and extras: those that are installed by default', async () => {
    const packages = [
      ['a', "'dev' in dependency_groups"],
      ['b', "'docs' in dependency_groups or 'x' in extras"],
      ['c', "python_version >= '3.8'"],
    ].map(([name, marker]) => `[[packages]]\nname = "${name}"\nversion = "1"\nmarker = "${marker}"\n`);
    expect((await made(`default-groups = ["dev"]\n${packages.join('')}`)).locked).toEqual(['a==1', 'c==1']);
  });

  test('vcs, archive, directory, and files of no index', async () => {
    const sha = 'd'.repeat(40);
    const found = await made(`
[[packages]]
name = "one"
vcs = { type = "git", url = "https://example.org/o/one.git", requested-revision = "main", commit-id = "${sha}", subdirectory = "py" }
[[packages]]
name = "two"
version = "1"
archive = { url = "https://example.org/two-1.tar.gz", hashes = { sha256 = "${'1'.repeat(64)}" } }
[[packages]]
name = "lib"
directory = { path = "./libs/lib", editable = true }
[[packages]]
name = "torch"
version = "2.1.0+cpu"
wheels = [
  { url = "https://download.example.org/torch-2.1.0-cp310-cp310-linux_x86_64.whl", hashes = { sha256 = "${'2'.repeat(64)}" } },
  { url = "https://download.example.org/torch-2.1.0-cp311-cp311-linux_x86_64.whl", hashes = { sha256 = "${'3'.repeat(64)}" } },
]
`);
    expect(found.hashed).toEqual([
      `one @ git+https://example.org/o/one.git@${sha}#subdirectory=py`,
      `torch @ https://download.example.org/torch-2.1.0-cp311-cp311-linux_x86_64.whl#sha256=${'3'.repeat(64)}`,
      `two @ https://example.org/two-1.tar.gz#sha256=${'1'.repeat(64)}`,
    ]);
    expect(found.local).toEqual(['libs/lib']);
  });

  test('one for other platforms or another Python cannot be installed', async () => {
    await expect(made(`environments = ["sys_platform == 'win32'"]`)).rejects.toThrow('it is for other platforms');
    await expect(made('requires-python = ">=3.13"')).rejects.toThrow('it is for Python >=3.13, and this is 3.11.2');
  });

  test.each([
    ['lock-version = "2.0"', 'lock-version is none that Slipway knows'],
    ['', 'lock-version'],
    ['lock-version = "1.0"\n[[packages]]\nversion = "1"', 'packages 1 has no name'],
    [
      'lock-version = "1.0"\n[[packages]]\nname = "a"\nvcs = { type = "hg", url = "x" }',
      'packages.a.vcs is no git repository',
    ],
    ['lock-version = "1.0"\n[[packages]]\nname = "a"\ndirectory = { path = "../.." }', 'outside the repository'],
    ['lock-version = "1.0"\n[[packages]]\nname = "a"\narchive = { url = "file:///etc/passwd" }', 'pylock.toml'],
    ['lock-version = "1.0"\n[[packages]]\nname = "a"\nwheels = "x"', 'packages.a.wheels has to be a list of tables'],
  ])('%j is refused', async (text, message) => {
    await expect(planPython({ 'pylock.toml': text })).rejects.toThrow(message);
  });
});
