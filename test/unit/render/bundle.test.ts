/** The command as it is built, with its templates compiled, beside the sources, which compile them when they render. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { planRepo } from '../../../src/pipeline.ts';
import { PACKAGE_ROOT } from '../../../src/root.ts';
import { cleanEnvironment } from '../../support/slipway.ts';

// Within the package, where the command finds templates and packages.
const CACHE = join(PACKAGE_ROOT, 'node_modules', '.cache', 'slipway');
const link = (name: string) => JSON.stringify(pathToFileURL(join(folder, name)).href);
const part = (name: string) => JSON.stringify(pathToFileURL(join(PACKAGE_ROOT, 'bin', name)).href);
let folder: string;

beforeAll(() => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'bundle-'));
  node(
    `const { bundle } = await import(${part('setup/bundle.mjs')}); await bundle(${JSON.stringify(join(folder, 'dist'))});`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function node(script: string): string {
  const env = cleanEnvironment({ SLIPWAY_DATA: join(folder, 'data') });
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
}

it('renders what the sources render, byte for byte', async () => {
  const repo = join(folder, 'repo');
  mkdirSync(repo);
  writeFileSync(join(repo, 'requirements.txt'), 'six\n');
  writeFileSync(join(repo, 'apt.txt'), 'graphviz\n');
  writeFileSync(join(repo, 'postBuild'), '#!/bin/sh\ntrue\n', { mode: 0o755 });
  const argv = JSON.stringify(['plan', '--json', repo]);
  const built = JSON.parse(node(`const { main } = await import(${link('dist/main.cjs')}); await main(${argv});`));
  const deps = {
    config: loadConfig(cleanEnvironment({ SLIPWAY_DATA: join(folder, 'data') })),
    emit: () => undefined,
    signal: new AbortController().signal,
    allowLocal: true,
  };
  const { dockerfile } = await planRepo({ repo }, deps);
  expect(dockerfile).toContain('graphviz');
  expect(built.dockerfile).toBe(dockerfile);
});

it('a path that cannot stand in a Dockerfile is an error, and no end of the process', async () => {
  const repo = join(folder, 'line-break');
  mkdirSync(repo);
  const poetry = '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\nfoo = {path = "./a\\nb"}\n';
  writeFileSync(join(repo, 'pyproject.toml'), `${poetry}[build-system]\nrequires = ["poetry-core"]\n`);
  const deps = {
    config: loadConfig(cleanEnvironment({ SLIPWAY_DATA: join(folder, 'data') })),
    emit: () => undefined,
    signal: new AbortController().signal,
    allowLocal: true,
  };
  await expect(planRepo({ repo }, deps)).rejects.toMatchObject({ code: 'unsafe_file' });
});

it('brings neither what compiles templates nor what no call of ours uses', () => {
  const text = readFileSync(join(folder, 'dist', 'main.cjs'), 'utf8');
  expect(text.replaceAll(/^\s*\/\/.*$/gm, '')).not.toMatch(/source-map|grpc-js\/build|ssh2\/lib/);
});

it('runs little to say its version: no package, and of itself neither the pipeline nor a room', () => {
  const script = `import { Session } from 'node:inspector/promises';
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true });
    await load(file).main(['--version']);
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const { functions } = result.find(({ url }) => url.endsWith(file));
    // A module is run by a function that has its path for a name.
    const isModule = ({ functionName, ranges }) => functionName.includes('/') && ranges[0].count > 0;
    console.log(JSON.stringify(functions.filter(isModule).map(({ functionName }) => functionName)));`;
  const told =
    withLoader(join(folder, 'dist', 'main.cjs'), script)
      .split('\n')
      .at(-1) ?? '';
  const modules = JSON.parse(told) as string[];
  expect(modules).toContain('src/config.ts');
  expect(modules.filter((path) => !/^src\/(?:commands\/)?[^/]+\.ts$/.test(path))).toEqual([]);
  expect(modules).not.toContain('src/pipeline.ts');
});

/** Runs a script that has all of bin/load.cjs, and `file`, a bundle; what it printed. */
function withLoader(file: string, script: string): string {
  const imports = `import { cacheOf, load, scriptOf, textOf } from ${part('load.cjs')};
    import { keepCompiled } from ${part('setup/code-cache.mjs')};
    import { readFileSync } from 'node:fs';
    const file = ${JSON.stringify(file)};
    const cache = cacheOf(file, textOf(file));\n`;
  return node(imports + script).trim();
}

it('starts by a link too, and has Node read no certificates that it does not need', () => {
  cpSync(join(PACKAGE_ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  symlinkSync(join(folder, 'bin', 'slipway'), join(folder, 'linked'));
  // Node complains of a file that it cannot read.
  const env = cleanEnvironment({ NODE_EXTRA_CA_CERTS: join(folder, 'none.pem') });
  const started = (words: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(folder, 'linked'), words, { env, encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  expect(started(['--version'])).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
  expect(started(['plan', 'a b', "c'd"])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(`"c'd"`),
  });
});

it('starts from its compiled form', () => {
  const script = 'console.log(scriptOf(file, textOf(file), readFileSync(cache)).cachedDataRejected)';
  expect(withLoader(join(folder, 'dist', 'main.cjs'), script)).toBe('false');
});

it('never starts from the compiled form of another text, though as long, nor from half a one', () => {
  const file = join(folder, 'small', 'main.cjs');
  const write = (letter: string) =>
    writeFileSync(file, `// ${letter.repeat(64)}\nexports.main = async () => console.log('${letter}');\n`);
  mkdirSync(join(folder, 'small'));
  write('a');
  const cache = withLoader(file, 'keepCompiled(file); await load(file).main(); console.log(cache);').split('\n');
  expect(cache).toEqual(['a', expect.stringContaining('aaaa')]);
  write('b');
  expect(withLoader(file, 'await load(file).main()')).toBe('b');
  write('a');
  truncateSync(cache[1] ?? '', 300);
  expect(withLoader(file, 'await load(file).main()')).toBe('a');
});
