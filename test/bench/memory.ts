/** Memory of the process while a repository of 1 GB goes through it. */
import { randomBytes } from 'node:crypto';
import type { World } from '../support/world.ts';
import { mb, peakMemory, type Row } from './measure.ts';

const FILES = 8;
const FILE_SIZE = 2 ** 27;

export async function memoryRow(world: World): Promise<Row> {
  const { url } = await world.repo('gigabyte', [{ date: '2025-10-10', files: { 'index.md': 'x' } }]);
  await world.build([url]);
  // One commit a file, so that the test itself never holds them all.
  for (let index = 0; index < FILES; index += 1) {
    await world.repo('gigabyte', [{ date: '2025-10-11', files: { [`data/${index}.bin`]: randomBytes(FILE_SIZE) } }]);
  }
  const running = world.start(['build', '--json', url], { SLIPWAY_FETCH_SIZE: '8G' });
  const peak = await peakMemory(running);
  const run = await running.done;
  if (run.exitCode !== 0) throw new Error(`The build of 1 GB failed: ${run.stdout}${run.stderr}`);
  return {
    measure: 'memory while a 1 GB repository goes through',
    ours: mb(peak),
    against: mb(FILES * FILE_SIZE),
    value: mb(peak),
    aim: '≤ 200 MB',
    isMet: peak <= 200 * 2 ** 20,
  };
}
