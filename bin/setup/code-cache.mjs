/** The compiled form of the command, kept beside it for bin/load.cjs: what V8 made of it while it planned something. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheOf, evaluate, scriptOf, textOf } from '../load.cjs';

const OURS = fileURLToPath(import.meta.url);

/** Goes through what nearly every plan does, and asks nothing of the network. */
const REPOSITORY = { 'requirements.txt': 'numpy\n', 'apt.txt': 'graphviz\n', 'notebook.ipynb': '{ "cells": [] }' };

/** Where it cannot be made, as without git, less gets compiled. */
function makeRepository(folder) {
  mkdirSync(folder);
  for (const [name, text] of Object.entries(REPOSITORY)) writeFileSync(join(folder, name), text);
  const identity = ['-c', 'user.name=Slipway', '-c', 'user.email=slipway@localhost'];
  for (const words of [['init'], ['add', '.'], ['commit', '--message=All']])
    spawnSync('git', [...identity, ...words], { cwd: folder });
}

async function keep(file, repository) {
  makeRepository(repository);
  const text = textOf(file);
  const script = scriptOf(file, text);
  await evaluate(script, file).main(['plan', '--json', repository]);
  const path = cacheOf(file, text);
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, script.createCachedData());
  renameSync(beside, path);
}

/** Keeps the compiled form of a bundle in place of any that is there. It is made in a process that has nothing else loaded. */
export function keepCompiled(file) {
  const kept = readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}-`));
  for (const name of kept) rmSync(join(dirname(file), name), { force: true });
  const folder = mkdtempSync(join(tmpdir(), 'slipway-setup-'));
  // Neither settings nor options of whoever sets up have a part in it.
  const others = Object.entries(process.env).filter(([name]) => !/^(SLIPWAY_|GIT_|NODE_)/.test(name));
  const ours = { SLIPWAY_DATA: join(folder, 'data'), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  try {
    const env = { ...Object.fromEntries(others), ...ours };
    execFileSync(process.execPath, [OURS, file, join(folder, 'repository')], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === OURS) await keep(process.argv[2], process.argv[3]);
