/** Ctrl-C and SIGTERM at any point leave nothing behind. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notebook } from '../../support/notebook.ts';
import type { Running } from '../../support/slipway.ts';
import { openWorld, type World } from '../../support/world.ts';

/** A number that no other process on this machine has among its arguments. */
const UNUSUAL = `3600.${process.pid}`;

const script = (...lines: string[]) => ({ content: `#!/bin/bash\n${lines.join('\n')}\n`, mode: '755' as const });

async function isRunning(argument: string): Promise<boolean> {
  const lines = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.some((line) => line.split('\0').includes(argument) && line.startsWith('sleep'));
}

async function eventually(what: () => Promise<boolean>, ms = 15_000): Promise<boolean> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await what()) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

describe('interrupted', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  async function interrupt(running: Running, signal: NodeJS.Signals, exitCode: number, before: string[]) {
    const started = performance.now();
    running.child.kill(signal);
    const run = await running.done;
    expect(run.exitCode, run.stdout + run.stderr).toBe(exitCode);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await eventually(async () => !(await isRunning(UNUSUAL)))).toBe(true);
    expect((await world.traces()).filter((trace) => !before.includes(trace))).toEqual([]);
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s in the middle of a build stops the build in the engine too', async (signal, exitCode) => {
    const { url } = await world.repo(`long-build-${signal}`, [
      { date: '2025-10-10', files: { postBuild: script('echo under way', `sleep ${UNUSUAL}`) } },
    ]);
    const before = await world.traces();
    const running = world.start(['build', '--json', url]);
    await running.until((event) => event.message.includes('under way'));
    expect(await eventually(() => isRunning(UNUSUAL))).toBe(true);
    await interrupt(running, signal, exitCode, before);
  });

  it('in the middle of a launch', async () => {
    const { url } = await world.repo('long-start', [
      { date: '2025-10-10', files: { start: script(`sleep ${UNUSUAL}`, 'exec "$@"') } },
    ]);
    await world.build([url]);
    const before = await world.traces();
    const running = world.start(['launch', '--json', '--no-open', url]);
    await running.until((event) => event.phase === 'launching');
    expect(await eventually(() => isRunning(UNUSUAL))).toBe(true);
    await interrupt(running, 'SIGINT', 130, before);
  });

  it.each([
    ['', 1],
    [', by a Ctrl-C that npm passes on beside the terminal', 2],
  ])('of a session that runs%s', async (_, signals) => {
    const { url } = await world.repo('runs', [{ date: '2025-10-10', files: { 'index.ipynb': notebook('1') } }]);
    await world.build([url]);
    const before = await world.traces();
    const running = world.start(['launch', '--json', '--no-open', url]);
    const ready = await running.until((event) => event.phase === 'ready');
    for (let sent = 0; sent < signals; sent += 1) {
      running.child.kill('SIGINT');
      await sleep(20);
    }
    const run = await running.done;
    expect([0, 130]).toContain(run.exitCode);
    // It is how a session ends, no failure.
    expect(JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ phase: 'ready' });
    expect((await world.traces()).filter((trace) => !before.includes(trace))).toEqual([]);
    expect(ready.phase === 'ready' && (await fetch(ready.url).catch(() => 'gone'))).toBe('gone');
  });

  it('of a session whose page cannot be opened', async () => {
    const { url } = await world.repo('unopened', [{ date: '2025-10-10', files: { 'index.ipynb': notebook('1') } }]);
    await world.build([url]);
    const before = await world.traces();
    await writeFile(join(world.data, 'open'), 'a file where a folder should be');
    const running = world.start(['launch', url], { CI: '', DISPLAY: ':99' });
    await new Promise((done) => running.child.stdout?.once('data', done));
    await sleep(500);
    expect(running.child.exitCode).toBe(null);
    running.child.kill('SIGINT');
    const run = await running.done;
    expect([run.exitCode, run.stderr]).toEqual([130, expect.stringContaining('The session is ready')]);
    expect((await world.traces()).filter((trace) => !before.includes(trace))).toEqual([]);
  });

  it('in the middle of a fetch', async () => {
    const { url } = await world.repo('silent', [{ date: '2025-10-10', files: { a: 'b' } }]);
    const before = await world.traces();
    let isAsked = false;
    world.server.intercept = (request) => {
      isAsked ||= request.method === 'POST' && !!request.url?.endsWith('git-upload-pack');
      return isAsked;
    };
    const running = world.start(['plan', '--json', url]);
    expect(await eventually(async () => isAsked)).toBe(true);
    await interrupt(running, 'SIGINT', 130, before);
    world.server.intercept = undefined;
  });
});
