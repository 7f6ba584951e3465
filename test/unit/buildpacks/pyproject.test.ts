/** pyproject.toml without a lock: groups, sources and settings of uv and PDM. */
import { describe, expect, test } from 'vitest';
import { planPython } from '../../support/python-plan.ts';

const GIT_E = `e @ git+https://example.org/e@${'c'.repeat(40)}`;
const PYLOCK = 'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "pandas"\nversion = "2.2"\n';

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
    const long = `dev = ["x[e0] ; ${'python_version > "3" and '.repeat(100).replaceAll('"', "'")}python_version > '3'"]`;
    await expect(
      project(`[project.optional-dependencies]\ne0 = ["a"]\n[dependency-groups]\n${long}\n[tool.uv]\n`),
    ).rejects.toThrow('too long');
    const sources = '{git = "https://example.org/a"}, '.repeat(101);
    await expect(project(`dependencies = ["a"]\n[tool.uv.sources]\na = [${sources}]`)).rejects.toThrow('more than 100');
    const often = (times: number) => {
      const places = `{git = "https://example.org/a", marker = "python_version > '3'"}, `.repeat(times);
      return `dependencies = [${'"a", '.repeat(500)}]\n[tool.uv.sources]\na = [${places}]`;
    };
    await expect(project(often(100))).rejects.toThrow('too many ways');
    const { codes } = await project(often(2));
    expect(codes.filter((code) => code === 'source-by-python')).toHaveLength(1);
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
