import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checkData, checkTemporary } from '../../src/commands/doctor/host.ts';
import { loadConfig } from '../../src/config.ts';
import { fetchingForFile } from '../support/fetching.ts';
import { workTree } from '../support/repo.ts';
import { smallTemporaryDisk } from '../support/small-disk.ts';

const world = fetchingForFile();

/** More than the disk holds, and no codec makes it smaller. */
const BIG = randomBytes(6 * 2 ** 20);
const HISTORY = { date: '2020-01-01', files: { 'README.md': 'x' } };

let small: string;
let unmount: () => void;

beforeAll(async () => {
  small = join(world.folder, 'small');
  await world.repo('org/big', [HISTORY, { date: '2021-01-01', files: { 'data.bin': BIG } }]);
  // Packed it is next to nothing.
  await world.repo('org/wide', [HISTORY, { date: '2021-01-01', files: { 'data.txt': 'x'.repeat(BIG.length) } }]);
});
afterEach(() => unmount());

function temporaryDisk(size: string): void {
  unmount = smallTemporaryDisk(small, size);
}

async function expectFull(input: string): Promise<void> {
  const failure = await world.fetch(input).then(
    (checkout) => checkout.dispose(),
    (error) => error,
  );
  expect(failure).toMatchObject({
    code: 'disk_full',
    message: expect.stringContaining(small),
    hint: expect.stringContaining('TMPDIR'),
  });
  expect(readdirSync(small)).toEqual([]);
}

describe('a full temporary disk is told as such', () => {
  test('by the copy of a folder', async () => {
    const folder = join(world.folder, 'plain');
    mkdirSync(folder);
    writeFileSync(join(folder, 'data.bin'), BIG);
    temporaryDisk('2M');
    await expectFull(folder);
  });

  test('by the checkout of a local repository', async () => {
    const folder = await workTree(join(world.server.root, 'org/big.git'), join(world.folder, 'big'));
    temporaryDisk('2M');
    await expectFull(folder);
  });

  // What git says of it depends on whether the pack, its index or the files had no room.
  test.each(['16k', '256k', '2M', '5M', '8M'])('by a fetch with %s', async (size) => {
    temporaryDisk(size);
    await expectFull('org/big');
  });

  test('by files that were small as long as they were packed', async () => {
    temporaryDisk('2M');
    await expectFull('org/wide');
  });

  test('by slipway doctor, for what is kept as well', async () => {
    temporaryDisk('2M');
    const config = loadConfig({ SLIPWAY_DATA: join(small, 'data') });
    const { signal } = new AbortController();
    const found = [await checkTemporary(config, signal), await checkData(config, signal)].flat();
    expect(found).toMatchObject([
      { check: 'temporary space', state: 'fail', mend: expect.stringContaining('TMPDIR') },
      { check: 'data folder', state: 'ok' },
      { check: 'data space', state: 'fail', mend: expect.stringContaining('SLIPWAY_DATA') },
    ]);
  });
});

describe('a small temporary disk that holds it', () => {
  test('leaves other failures what they are', async () => {
    temporaryDisk('2M');
    await expect(world.fetch('org/none')).rejects.toMatchObject({ code: 'repo_not_found' });
  });
});
