/** repo2docker's own detection beside ours: the same files, but where we read more than it does. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { detect } from '../../src/detect/detect.ts';
import { PACKAGE_ROOT } from '../../src/root.ts';
import { memoryCheckout } from '../support/checkout.ts';
import { fixtureFiles } from '../support/fixture-files.ts';
import { repo2dockerPython } from '../support/repo2docker.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../support/binder_choice.py', import.meta.url));

/** Fixtures of files that Binder passes over; what we read beside what it reads. */
const OURS: Record<string, { files: string[]; reason: string }> = {
  'python/includes': { files: ['deps/base.txt', 'deps/limits.txt'], reason: 'pip reads what is included; we name it' },
  'python/uv-lock': { files: ['pyproject.toml', 'uv.lock'], reason: 'locks, and [project] without a build system' },
  'python/pdm': { files: ['pdm.lock', 'pyproject.toml'], reason: 'locks, and [project] without a build system' },
  'python/poetry': { files: ['poetry.lock', 'pyproject.toml'], reason: "locks, and Poetry's tables" },
  'python/poetry-unlocked': { files: ['pyproject.toml'], reason: "Poetry's tables" },
  'conda/conda-lock': { files: ['conda-lock.yml'], reason: 'the lock of its environment.yml' },
  'conda/pixi': { files: ['pixi.lock', 'pixi.toml'], reason: "pixi's files" },
  'conda/pixi-older': { files: ['pixi.lock', 'pyproject.toml'], reason: "pixi's part of pyproject.toml" },
  'conda/pixi-unlocked': { files: ['pixi.toml'], reason: "pixi's files" },
  'python/pylock': { files: ['pylock.toml'], reason: 'locks' },
};

const BUILT = '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\n';
/** Files that get in each other's way; both have to choose the same of them. */
const CONFLICTS: Record<string, Record<string, string>> = {
  'requirements.txt and locks': { 'requirements.txt': 'six', 'uv.lock': '[', 'poetry.lock': '[', 'pylock.toml': '[' },
  "requirements.txt and Poetry's tables": { 'requirements.txt': 'six', 'pyproject.toml': '[tool.poetry]\n' },
  'requirements.txt and a package': { 'requirements.txt': 'six', 'pyproject.toml': BUILT },
  'requirements.txt and setup.py': { 'requirements.txt': 'six', 'setup.py': '' },
  'Pipfile and all the rest': {
    Pipfile: '[packages]\n',
    'requirements.txt': 'six',
    'setup.py': '',
    'pyproject.toml': BUILT,
  },
  'environment.yml and all the rest': {
    'environment.yml': 'dependencies: [numpy]',
    Pipfile: '[packages]\n',
    'requirements.txt': 'six',
  },
  'environment.yml and environment.yaml': {
    'environment.yml': 'dependencies: [numpy]',
    'environment.yaml': 'dependencies: [scipy]',
  },
  'environment.yml, its broken lock and pixi': {
    'environment.yml': 'dependencies: [numpy]',
    'conda-lock.yml': '[',
    'pixi.toml': '[',
    'pixi.lock': '[',
  },
  "requirements.txt, conda's locks and pixi": { 'requirements.txt': 'six', 'conda-lock.yml': '[', 'pixi.toml': '[' },
  "a package and pixi's part of it": { 'pyproject.toml': `${BUILT}[tool.pixi.workspace]\n`, 'pixi.lock': '[' },
  'binder and the root': {
    'binder/requirements.txt': 'six',
    'requirements.txt': 'numpy',
    'setup.py': '',
    'apt.txt': 'x',
  },
  'an empty binder': { 'binder/.keep': '', 'requirements.txt': 'numpy' },
  'a project in binder': { 'binder/pyproject.toml': BUILT, 'binder/uv.lock': '[' },
  'a package whose lock is broken': { 'pyproject.toml': BUILT, 'uv.lock': '[' },
};

let folder: string;
let python: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'repo2docker-'));
  python = await repo2dockerPython();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function theirs(repos: readonly string[]): Promise<string[][]> {
  const { stdout } = await run(python, [SCRIPT, ...repos]);
  const chosen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, { files: string[] }>;
  return repos.map((repo) => chosen[repo]?.files ?? []);
}

async function ours(files: Record<string, string>): Promise<string[]> {
  const { matches } = await detect(memoryCheckout(files), loadConfig({}));
  return [...new Set(matches.flatMap(({ match }) => match.evidence.map(({ file }) => file)))].sort();
}

it('chooses the same files of every fixture, and no others than are listed as ours', async () => {
  const root = join(PACKAGE_ROOT, 'buildpacks');
  const packs = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const lists = packs.map(async ({ name }) =>
    (await readdir(join(root, name, 'fixtures'))).map((one) => ({
      name: `${name}/${one}`,
      repo: join(root, name, 'fixtures', one, 'repo'),
    })),
  );
  const all = (await Promise.all(lists)).flat();
  const chosen = await theirs(all.map(({ repo }) => repo));
  expect(all.length).toBeGreaterThan(20);
  for (const [index, { name }] of all.entries()) {
    const expected = [...new Set([...(chosen[index] ?? []), ...(OURS[name]?.files ?? [])])].sort();
    expect({ name, files: await ours(fixtureFiles(name)) }).toEqual({ name, files: expected });
  }
  // What is no exception any more must leave the list.
  const needless = all.filter(({ name }, index) => OURS[name]?.files.every((file) => chosen[index]?.includes(file)));
  expect(needless).toEqual([]);
});

it('chooses the same where files get in the way of each other', async () => {
  const repos = Object.keys(CONFLICTS).map((name) => join(folder, name.replace(/\W+/g, '-')));
  for (const [index, files] of Object.values(CONFLICTS).entries()) {
    for (const [path, text] of Object.entries(files)) {
      const target = join(repos[index] ?? '', path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text);
    }
  }
  const chosen = await theirs(repos);
  for (const [index, [name, files]] of Object.entries(CONFLICTS).entries())
    expect({ name, files: await ours(files) }).toEqual({ name, files: chosen[index] });
});
