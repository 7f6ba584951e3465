/** The command as it is built, with its templates compiled, beside the sources, which compile them when they render. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
let folder: string;

beforeAll(() => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'bundle-'));
  const bundler = JSON.stringify(pathToFileURL(join(PACKAGE_ROOT, 'bin/setup/bundle.mjs')).href);
  node(`const { bundle } = await import(${bundler}); await bundle(${JSON.stringify(join(folder, 'dist'))});`);
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
  const built = JSON.parse(node(`const { main } = await import(${link('dist/main.js')}); await main(${argv});`));
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

it('reads little to say its version: neither the pipeline nor what compiles templates', () => {
  const chunks = join(folder, 'dist', 'chunks');
  const all = readdirSync(chunks).map((name) => readFileSync(join(chunks, name), 'utf8'));
  expect(
    all.filter((text) => /source-map|grpc-js\/build|ssh2\/lib/.test(text.replaceAll(/^\s*\/\/.*$/gm, ''))),
  ).toEqual([]);
  const main = readFileSync(join(folder, 'dist', 'main.js'), 'utf8');
  expect(main).not.toMatch(/^import .*(?:pipeline|docker|dist)-/m);
  expect(main).toMatch(/import\("\.\/chunks\/plan-/);
});
