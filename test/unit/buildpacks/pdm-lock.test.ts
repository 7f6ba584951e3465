import { describe, expect, test } from 'vitest';
import { fixtureFiles } from '../../support/fixture-files.ts';
import { planPython } from '../../support/python-plan.ts';

const files = fixtureFiles('python/pdm');
const LOCKED = ['cowsay==5.0', 'six==1.15.0', 'tabulate==0.8.10', 'toolz==0.12.1', 'wcwidth==0.2.13'];

describe('pdm.lock', () => {
  test('a real one: default and development groups, with what extras add', async () => {
    const found = await planPython(files);
    expect(found.locked).toEqual(LOCKED);
    expect(found.match.lock).toEqual(['pdm.lock']);
    expect(found.match.python?.requires?.value).toBe('>=3.9');
  });

  test('alone, all of it that our platform wants', async () => {
    expect((await planPython({ 'pdm.lock': files['pdm.lock'] ?? '' })).locked).toEqual(LOCKED);
  });

  test('one of PDM 1, with its files at the end', async () => {
    const found = await planPython({
      'pyproject.toml': '[project]\nname = "x"\ndependencies = ["pandas"]\n[tool.pdm]\n',
      'pdm.lock': `
[[package]]
name = "numpy"
version = "1.22.4"
dependencies = []
[[package]]
name = "pandas"
version = "1.4.2"
dependencies = ["numpy>=1.21; python_version >= '3.10'", "colorama; os_name == 'nt'"]
[[package]]
name = "colorama"
version = "0.4.4"
[metadata]
lock_version = "2"
[metadata.files]
"numpy 1.22.4" = [{file = "numpy-1.22.4.zip", hash = "sha256:${'1'.repeat(64)}"}]
`,
    });
    expect(found.hashed).toEqual([`numpy==1.22.4 --hash=sha256:${'1'.repeat(64)}`, 'pandas==1.4.2']);
  });

  test("the project's own indexes are asked, and pages of files are no indexes", async () => {
    const source = (type: string, url: string) => `[[tool.pdm.source]]\ntype = "${type}"\nname = "x"\nurl = "${url}"\n`;
    const found = await planPython({
      'pyproject.toml': `[project]\nname = "x"\ndependencies = ["torch==2.1.0+cpu"]\n${source('index', 'https://example.org/cpu')}${source('find_links', 'https://example.org/all.html')}${source('find_links', './wheels')}`,
      'pdm.lock': '[[package]]\nname = "torch"\nversion = "2.1.0+cpu"\n[metadata]\nlock_version = "4.5"\n',
    });
    const options = ['--extra-index-url', 'https://example.org/cpu', '--find-links', 'https://example.org/all.html'];
    expect(found.locked).toEqual(['torch==2.1.0+cpu']);
    expect(found.contribution.steps[0]?.values.indexOptions).toEqual(options);
    expect(found.match.data.requirements?.indexOptions).toEqual(options);
    expect(found.notices).toContainEqual(
      expect.objectContaining({ code: 'ignored-key', message: expect.stringContaining('./wheels') }),
    );
  });

  test('what pyproject.toml overrides is held against the override', async () => {
    for (const override of ['">=2"', '"2.1.0"', '"https://example.org/numpy-2.1.0.zip"']) {
      const found = await planPython({
        'pyproject.toml': `[project]\nname = "x"\ndependencies = ["numpy<2"]\n[tool.pdm.resolution.overrides]\nnumpy = ${override}\n`,
        'pdm.lock': '[[package]]\nname = "numpy"\nversion = "2.1.0"\n[metadata]\nlock_version = "4.5"\n',
      });
      expect(found.locked).toEqual(['numpy==2.1.0']);
    }
  });

  test('git, url and folders', async () => {
    const sha = 'b'.repeat(40);
    const found = await planPython({
      'pdm.lock': `
[metadata]
lock_version = "4.5"
[[package]]
name = "one"
version = "1"
git = "https://example.org/o/one.git"
ref = "main"
revision = "${sha}"
[[package]]
name = "two"
version = "1"
url = "https://example.org/two-1.tar.gz"
[[package]]
name = "lib"
version = "1"
path = "./libs/lib"
editable = true
`,
    });
    expect(found.hashed).toEqual([
      `one @ git+https://example.org/o/one.git@${sha}`,
      'two @ https://example.org/two-1.tar.gz',
    ]);
    expect(found.local).toEqual(['libs/lib']);
  });

  test('what PDM itself writes of folders in pyproject.toml', async () => {
    const root = '$'.concat('{PROJECT_ROOT}');
    const groups = `[tool.pdm.dev-dependencies]\ndev = ["-e file:///${root}/libs/one#egg=one", "two @ file:///${root}/libs/two"]\n`;
    expect((await planPython({ 'pyproject.toml': `[project]\nname = "x"\n${groups}` })).local).toEqual([
      'libs/one',
      'libs/two',
    ]);
  });

  test.each([
    ['[[package]]', 'package 1 has no name'],
    ['[metadata]\nlock_version = "5.0"', 'metadata.lock_version is newer'],
    ['[[package]]\nname = "a"\nversion = "1"\ndependencies = [";;"]', 'package.a.dependencies is not a requirement'],
    ['[[package]]\nname = "a"\nversion = "1"\npath = "/etc"', 'outside the repository'],
    ['nope', 'pdm.lock, line 1'],
  ])('%j is refused', async (text, message) => {
    await expect(planPython({ 'pdm.lock': text })).rejects.toThrow(message);
  });
});
