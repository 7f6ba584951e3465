/** A fetch that is cut short, from within or by a signal, leaves nothing. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fetching, ownTemporaryFolder, startFetching } from '../support/fetching.ts';
import { silent } from '../support/git-server.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

let world: Fetching;
let removeTemporary: () => Promise<void>;
beforeAll(async () => {
  removeTemporary = await ownTemporaryFolder();
  world = await startFetching();
  await world.repo('org/a', [{ date: '2022-01-01', files: { a: '1' } }]);
});
afterEach(() => {
  world.server.intercept = undefined;
});
afterAll(async () => {
  await world.close();
  await removeTemporary();
});

describe('a disk that is full', () => {
  test.each([
    ['for what the server sends', 4],
    ['for the files', 2],
    ['for the pack that content needs', 1.2],
  ])('%s is the reason, and nothing is left', async (_what, megabytes) => {
    const name = `org/large-${megabytes}`;
    await world.repo(name, [{ date: '2022-01-01', files: { data: randomBytes(megabytes * 1e6) } }]);
    await writeFile(join(world.folder, 'data'), randomBytes(4e6));
    const back = await ownTemporaryFolder();
    const unmount = mountSmallDisk(tmpdir(), '3m');
    try {
      await expect(world.fetch(name)).rejects.toMatchObject({
        code: 'disk_full',
        message: expect.stringContaining('no space left'),
      });
      await expect(world.fetch(world.folder)).rejects.toMatchObject({ code: 'disk_full' });
      expect(await world.left()).toEqual([]);
      await (await world.fetch('org/a')).dispose();
    } finally {
      unmount();
      await back();
    }
  });
});

describe('being stopped', () => {
  test('an abort ends it at once and leaves nothing', async () => {
    const resolved = await world.resolve('org/a');
    world.server.intercept = silent;
    const stop = new AbortController();
    const fetching = world.fetchResolved(resolved, { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await expect(fetching).rejects.toMatchObject({ code: 'interrupted' });
    expect(await world.left()).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s to the process leaves nothing', async (signal) => {
    world.server.intercept = silent;
    const child = childFetching();
    await once(child.stdout, 'data');
    expect(await waitFor(async () => (await world.left()).length === 1)).toBe(true);
    child.kill(signal);
    const [code, by] = await once(child, 'exit');
    expect([code, by]).toEqual([null, signal]);
    expect(await world.left()).toEqual([]);
  });

  test('what a killed process left is removed at the next start', async () => {
    world.server.intercept = silent;
    const child = childFetching();
    await once(child.stdout, 'data');
    await waitFor(async () => (await world.left()).length === 1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const stale = await world.left();
    expect(stale).toHaveLength(1);
    const next = childFetching();
    await once(next.stdout, 'data');
    expect(await waitFor(async () => !(await world.left()).includes(stale[0] ?? ''))).toBe(true);
    next.kill('SIGTERM');
    await once(next, 'exit');
    expect(await world.left()).toEqual([]);
  });

  /** Another process that fetches from the silent server; it prints a line when it begins. */
  function childFetching() {
    const code = `
      import { loadConfig } from ${JSON.stringify(new URL('../../src/config.ts', import.meta.url).href)};
      import { fetchCheckout } from ${JSON.stringify(new URL('../../src/fetch/fetch.ts', import.meta.url).href)};
      const spec = { provider: 'git', name: 'x', cloneUrl: ${JSON.stringify(world.server.url('org/a'))}, canonicalUrl: 'x' };
      await fetchCheckout({ spec, ref: 'HEAD', commit: 'a'.repeat(40) }, { emit: () => console.log('begun') }, { config: loadConfig() });`;
    const variables = { ...process.env, SLIPWAY_ALLOWED_HOSTS: world.server.host };
    return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      env: variables,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async function waitFor(condition: () => Promise<boolean>): Promise<boolean> {
    for (let round = 0; round < 100; round++) {
      if (await condition()) return true;
      await new Promise((done) => setTimeout(done, 50));
    }
    return false;
  }
});
