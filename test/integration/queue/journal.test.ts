import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journals, type Read } from '../../../src/queue/journal.ts';
import { appendEntries, channelOf, keysOf, openJournal } from '../../../src/queue/journal-store.ts';
import type { RedisLink } from '../../../src/queue/redis.ts';
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

const forever = new AbortController().signal;
const dataOf = (reads: readonly Read[]) => reads.map(({ json }) => (JSON.parse(json) as { i: unknown }).i);
const gapless = (reads: readonly Read[], from = 0) =>
  expect(reads.map(({ n }) => n)).toEqual(reads.map((_, i) => from + i));

async function all(id: string, from = 0, source = journals): Promise<Read[]> {
  const reads: Read[] = [];
  for await (const batch of source.read(id, from, forever)) reads.push(...batch);
  return reads;
}

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
  const early = all('launch');
  const expected = await writeNested();
  const reads = await early;
  expect(dataOf(reads)).toEqual(expected);
  gapless(reads);
  expect(reads[2]).toMatchObject({ n: 2, event: 'queue' });
  expect(reads[1]).not.toHaveProperty('event');
  for (const from of [0, 1, 3, 5]) expect(await all('launch', from)).toEqual(reads.slice(from));
  expect(await all('launch', 6)).toEqual([]);
  expect(await journals.text('launch')).toEqual(reads);
});

test('a journal that is followed before it exists is read when it comes', async () => {
  const launch = await journals.open('launch');
  launch.append({ follow: 'build' });
  await launch.flush();
  const reading = all('launch');
  await sleep(50);
  const build = await journals.open('build');
  build.append({ data: { i: 1 } });
  await build.close();
  await launch.close();
  expect(dataOf(await reading)).toEqual([1]);
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

test('a writer whose journal was taken over appends nothing and hears of it', async () => {
  const first = await journals.open('build');
  first.append({ data: { i: 'first' } });
  await first.flush();
  const second = await new Journals(await redis.link()).open('build');
  expect(second.length).toBe(1);
  first.append({ data: { i: 'late' } });
  await expect(first.flush()).rejects.toMatchObject({ code: 'taken_over' });
  expect(first.lost.aborted).toBe(true);
  first.append({ data: { i: 'later' } });
  await expect(first.close()).rejects.toMatchObject({ code: 'taken_over' });
  second.append({ data: { i: 'second' } });
  await second.close();
  expect(dataOf(await all('build'))).toEqual(['first', 'second']);
});

test('a closed journal stays as it is', async () => {
  const writer = await journals.open('build');
  writer.append({ data: { i: 1 } });
  await writer.close();
  const again = await journals.open('build');
  again.append({ data: { i: 2 } });
  await again.close();
  expect(await journals.isClosed('build')).toBe(true);
  expect(dataOf(await all('build'))).toEqual([1]);
});

test('a command that is sent twice appends once', async () => {
  const [fence] = await openJournal(link.client, keysOf(link.prefix, 'build'), [60_000]);
  const send = (from: number, closing: number, ...entries: string[]) =>
    appendEntries(link.client, keysOf(link.prefix, 'build'), [
      fence,
      from,
      closing,
      channelOf(link.prefix, 'build'),
      60_000,
      ...entries,
    ]);
  expect(await send(0, 0, 'd{"i":0}', 'd{"i":1}')).toBe(2);
  expect(await send(0, 0, 'd{"i":0}', 'd{"i":1}')).toBe(2);
  // The end of it had not come through.
  expect(await send(1, 0, 'd{"i":1}', 'd{"i":2}')).toBe(3);
  // What would leave a gap is not appended.
  expect(await send(5, 0, 'd{"i":5}')).toBe(3);
  // Another's entry stands there.
  expect(await send(2, 0, 'd{"i":"other"}')).toBe(-1);
  expect(await send(3, 1)).toBe(3);
  expect(await send(3, 1)).toBe(3);
  expect(await send(3, 0, 'd{"i":3}')).toBe(-1);
  expect(dataOf(await journals.text('build'))).toEqual([0, 1, 2]);
});

test('Redis killed and restarted while much is written: every event once, in order', async () => {
  const count = 6000;
  const writer = await journals.open('build');
  const readers = [all('build'), all('build', 2500)];
  const writing = (async () => {
    for (let i = 0; i < count; i++) {
      writer.append({ data: { i } });
      if (i % 20 === 0) await sleep(1);
    }
  })();
  for (let round = 0; round < 4; round++) {
    await sleep(60);
    await redis.kill();
    await sleep(round * 40);
    await redis.start();
  }
  await writing;
  await writer.close();
  const [reads = [], later = []] = await Promise.all(readers);
  expect(dataOf(reads)).toEqual(Array.from({ length: count }, (_, i) => i));
  gapless(reads);
  expect(later).toEqual(reads.slice(2500));
  expect(await journals.text('build')).toEqual(reads);
});

test.each([true, false])('a Redis that has lost its last entries gets them again (closed: %s)', async (closed) => {
  const writer = await journals.open('build');
  for (let i = 0; i < 10; i++) writer.append({ data: { i } });
  await writer.flush();
  await sleep(1100);
  const earlier = await redis.snapshot();
  const reading = all('build');
  for (let i = 10; i < 20; i++) writer.append({ data: { i } });
  await (closed ? writer.close() : writer.flush());
  await sleep(100);
  await redis.kill();
  await earlier.back();
  await redis.start();
  // Without another word from the writer.
  await expect.poll(async () => (await journals.text('build')).length, { timeout: 5000 }).toBe(20);
  await writer.close();
  const expected = Array.from({ length: 20 }, (_, i) => i);
  const reads = await reading;
  expect(dataOf(reads)).toEqual(expected);
  gapless(reads);
  expect(dataOf(await all('build'))).toEqual(expected);
});

test('what Redis refuses for lack of memory comes when there is room again', async () => {
  const writer = await journals.open('build');
  const reading = all('build');
  await link.client.config('SET', 'maxmemory', '1');
  writer.append({ data: { i: 'kept' } });
  const closed = writer.close();
  await sleep(200);
  expect(await journals.isClosed('build')).toBe(false);
  await link.client.config('SET', 'maxmemory', '0');
  await closed;
  expect(dataOf(await reading)).toEqual(['kept']);
});

test('one who leaves a journal that goes on has its own end', async () => {
  const [launch, build] = [await journals.open('launch'), await journals.open('build')];
  launch.append({ follow: 'build' });
  build.append({ data: { i: 0 } });
  build.append({ data: { i: 1 } });
  await Promise.all([launch.flush(), build.flush()]);
  const reading = all('launch');
  await sleep(50);
  await launch.leave('another');
  await launch.leave('build');
  launch.append({ data: { i: 'cancelled' } });
  await launch.close();
  expect(dataOf(await reading)).toEqual([0, 1, 'cancelled']);
  build.append({ data: { i: 2 } });
  await build.close();
  expect(dataOf(await all('launch'))).toEqual([0, 1, 'cancelled']);
  expect(dataOf(await journals.text('launch'))).toEqual([0, 1, 'cancelled']);
  expect(dataOf(await all('launch', 2))).toEqual(['cancelled']);
});

test("a dead writer's journal is ended by others, who read on", async () => {
  const build = await journals.open('build');
  build.append({ follow: 'dead' });
  const dead = await new Journals(await redis.link()).open('dead');
  dead.append({ data: { i: 0 } });
  await dead.flush();
  build.append({ data: { i: 1 } });
  await build.close();
  const reading = all('build');
  await journals.end('dead');
  expect(dataOf(await reading)).toEqual([0, 1]);
  dead.append({ data: { i: 'late' } });
  await expect(dead.flush()).rejects.toMatchObject({ code: 'taken_over' });
});

test('a journal is forgotten in its time, and not before it what it follows', async () => {
  const expected = await writeNested();
  await journals.remember('one', 100);
  await journals.remember('build', 60_000);
  await sleep(200);
  expect(dataOf(await all('launch'))).toEqual(expected);
  await journals.remember('build', 1);
  await journals.remember('launch', 300);
  await sleep(50);
  expect(await journals.exists('build')).toBe(false);
  // What remains of it ends all the same.
  expect(dataOf(await all('launch'))).toEqual(['l0', 'l1']);
  await sleep(300);
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
  await expect(all('snake')).rejects.toThrow('deeply');
  await expect(journals.text('snake')).rejects.toThrow('deeply');
});
