import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journals } from '../../../src/queue/journal.ts';
import type { RedisLink } from '../../../src/queue/redis.ts';
import { expectGapless, readAll, valuesOf } from '../../support/journals.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let link: RedisLink;
let journals: Journals;

beforeEach(async () => {
  redis = await startRedis();
  link = await redis.link();
  journals = new Journals(link);
});

afterEach(async () => {
  journals.close();
  await redis.close();
});

/** launch → build → two attempts, each with events of its own before, between and after. */
async function writeNested(): Promise<unknown[]> {
  const [launch, build, one, two] = await Promise.all(['launch', 'build', 'one', 'two'].map((id) => journals.open(id)));
  launch?.append({ data: { i: 'l0' } });
  launch?.append({ follow: 'build' });
  build?.append({ follow: 'one' });
  one?.append({ data: { i: 'a0' } });
  one?.append({ data: { i: 'a1' }, event: 'queue' });
  await one?.close();
  build?.append({ data: { i: 'b0' } });
  build?.append({ follow: 'two' });
  await build?.flush();
  two?.append({ data: { i: 'c0' } });
  await two?.close();
  await build?.close();
  launch?.append({ data: { i: 'l1' } });
  await launch?.close();
  return ['l0', 'a0', 'a1', 'b0', 'c0', 'l1'];
}

test('a reader that comes early, late or in the middle gets the same numbers', async () => {
  const early = readAll(journals, 'launch');
  const expected = await writeNested();
  const reads = await early;
  expect(valuesOf(reads)).toEqual(expected);
  expectGapless(reads);
  expect(reads[2]).toMatchObject({ n: 2, event: 'queue' });
  expect(reads[1]).not.toHaveProperty('event');
  for (const from of [0, 1, 3, 5]) expect(await readAll(journals, 'launch', from)).toEqual(reads.slice(from));
  expect(await readAll(journals, 'launch', 6)).toEqual([]);
  expect(await journals.text('launch')).toEqual(reads);
});

test('a journal that is followed before it exists is read when it comes', async () => {
  const launch = await journals.open('launch');
  launch.append({ follow: 'build' });
  await launch.flush();
  const reading = readAll(journals, 'launch');
  await sleep(50);
  const build = await journals.open('build');
  build.append({ data: { i: 1 } });
  await build.close();
  await launch.close();
  expect(valuesOf(await reading)).toEqual([1]);
});

test('lines of a log are joined, and nothing else is', async () => {
  const writer = await journals.open('build');
  const line = (message: string) => ({ data: { phase: 'building', message } });
  for (const message of ['one', 'two\n', 'three']) writer.append(line(message));
  writer.append({ data: { phase: 'building', message: 'a step', step: { title: 'x', number: 1, total: 2 } } });
  writer.append({ data: { phase: 'fetching', message: 'a\n' } });
  writer.append({ data: { phase: 'fetching', message: 'b\n' } });
  writer.append(line('x'.repeat(16_000)));
  writer.append(line('y'.repeat(1000)));
  await writer.close();
  const messages = (await journals.text('build')).map(({ json }) => (JSON.parse(json) as { message: string }).message);
  expect(messages).toEqual(['one\ntwo\nthree', 'a step', 'a\n', 'b\n', 'x'.repeat(16_000), 'y'.repeat(1000)]);
});

test('a closed journal stays as it is', async () => {
  const writer = await journals.open('build');
  writer.append({ data: { i: 1 } });
  await writer.close();
  const again = await journals.open('build');
  again.append({ data: { i: 2 } });
  await again.close();
  expect(await journals.isClosed('build')).toBe(true);
  expect(valuesOf(await readAll(journals, 'build'))).toEqual([1]);
});

test('one who leaves a journal that goes on has its own end', async () => {
  const [launch, build] = [await journals.open('launch'), await journals.open('build')];
  launch.append({ follow: 'build' });
  build.append({ data: { i: 0 } });
  build.append({ data: { i: 1 } });
  await Promise.all([launch.flush(), build.flush()]);
  const reading = readAll(journals, 'launch');
  await sleep(50);
  await launch.leave('another');
  await launch.leave('build');
  launch.append({ data: { i: 'cancelled' } });
  await launch.close();
  expect(valuesOf(await reading)).toEqual([0, 1, 'cancelled']);
  build.append({ data: { i: 2 } });
  await build.close();
  expect(valuesOf(await readAll(journals, 'launch'))).toEqual([0, 1, 'cancelled']);
  expect(valuesOf(await journals.text('launch'))).toEqual([0, 1, 'cancelled']);
  expect(valuesOf(await readAll(journals, 'launch', 2))).toEqual(['cancelled']);
});

test('a journal is forgotten in its time, and not before it what it follows', async () => {
  const expected = await writeNested();
  await journals.remember('one', 1000);
  await journals.remember('build', 60_000);
  await sleep(1200);
  expect(valuesOf(await readAll(journals, 'launch'))).toEqual(expected);
  await journals.remember('build', 1);
  await sleep(50);
  await journals.remember('launch', 2000);
  expect(await journals.exists('build')).toBe(false);
  // What remains of it ends all the same.
  expect(valuesOf(await readAll(journals, 'launch'))).toEqual(['l0', 'l1']);
  await sleep(2000);
  expect(await journals.exists('launch')).toBe(false);
  expect(await journals.text('launch')).toEqual([]);
});

test('a reader in another process hears at once; one that goes away ends at once', async () => {
  const other = new Journals(await redis.link());
  const writer = await journals.open('build');
  const lags: number[] = [];
  const gone = new AbortController();
  const reading = (async () => {
    for await (const reads of other.read('build', 0, gone.signal))
      for (const { json } of reads) lags.push(performance.now() - (JSON.parse(json) as { at: number }).at);
  })();
  for (let i = 0; i < 20; i++) {
    await sleep(40);
    writer.append({ data: { at: performance.now() } });
  }
  await expect.poll(() => lags.length).toBe(20);
  expect(Math.max(...lags)).toBeLessThan(500);
  gone.abort();
  await reading;
  other.close();
});

test('a journal that follows itself is a fault, not an endless loop', async () => {
  const writer = await journals.open('snake');
  writer.append({ follow: 'snake' });
  await writer.close();
  await expect(readAll(journals, 'snake')).rejects.toThrow('deeply');
  await expect(journals.text('snake')).rejects.toThrow('deeply');
});
