/** `npm run bench`: the promises of speed, each measured beside what it is compared with, on this machine, in this run. */
import { execFileSync } from 'node:child_process';
import { openWorld, type World } from '../support/world.ts';
import { bootRow } from './boot.ts';
import { environmentRows } from './environment.ts';
import { hubRows } from './hub.ts';
import { launchRow, npmRow } from './launch.ts';
import { manyRow } from './many.ts';
import { type GitClock, gitClock, type Row } from './measure.ts';
import { memoryRow } from './memory.ts';
import { planRows } from './plan.ts';
import { publishRows } from './publish.ts';
import { pickUpRow } from './queue.ts';
import { clickRows, warmRow } from './service.ts';
import { cachedRow, identicalRow } from './service-load.ts';
import { pageRows } from './service-pages.ts';
import { watchRows } from './service-watch.ts';

const SECTIONS: Record<string, (world: World, clock: GitClock) => Promise<Row[]>> = {
  plan: planRows,
  environment: environmentRows,
  launch: async (world) => [await launchRow(world), await npmRow(world)],
  hub: hubRows,
  publish: publishRows,
  memory: async (world) => [await memoryRow(world)],
  boot: async (world) => [await bootRow(world)],
  click: clickRows,
  warm: async (_world, clock) => [await warmRow(clock)],
  cached: async () => [await cachedRow()],
  identical: async () => [await identicalRow()],
  watch: watchRows,
  pages: pageRows,
  queue: async () => [await pickUpRow()],
  many: async () => [await manyRow()],
};

function table(rows: Row[]): string {
  const lines = rows.map((row) => [
    row.measure,
    row.ours,
    row.against,
    row.value,
    row.aim,
    row.isMet ? 'met' : 'MISSED',
  ]);
  const all = [['measure', 'ours', 'against', 'result', 'aim', ''], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return all.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function notMeasured(name: string, error: Error): Row {
  process.stderr.write(`${error.stack}\n`);
  return { measure: name, ours: '', against: '', value: 'not measured', aim: '', isMet: false };
}

// Node reads such a bundle whole whenever it starts, which takes as long as all the rest of its start.
delete process.env.NODE_EXTRA_CA_CERTS;
const wanted = process.argv.slice(2);
const world = await openWorld();
try {
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const clock = await gitClock(world.data, git);
  world.settings.PATH = clock.path;
  process.env.PATH = clock.path;
  const rows: Row[] = [];
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`measuring ${name} …\n`);
    // One that cannot be measured here must not cost the figures of the others.
    rows.push(...(await section(world, clock).catch((error: Error) => [notMeasured(name, error)])));
  }
  process.stdout.write(`${table(rows)}\n`);
  if (rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
} finally {
  await world.close();
}
