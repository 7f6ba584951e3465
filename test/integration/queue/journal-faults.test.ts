import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journals } from '../../../src/queue/journal.ts';
import { appendEntries, channelOf, keysOf, openJournal } from '../../../src/queue/journal-store.ts';
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
  expect(valuesOf(await readAll(journals, 'build'))).toEqual(['first', 'second']);
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
  expect(valuesOf(await journals.text('build'))).toEqual([0, 1, 2]);
});

test('Redis killed and restarted while much is written: every event once, in order', async () => {
  const count = 6000;
  const writer = await journals.open('build');
  const readers = [readAll(journals, 'build'), readAll(journals, 'build', 2500)];
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
  expect(valuesOf(reads)).toEqual(Array.from({ length: count }, (_, i) => i));
  expectGapless(reads);
  expect(later).toEqual(reads.slice(2500));
  expect(await journals.text('build')).toEqual(reads);
});

test.each([true, false])('a Redis that has lost its last entries gets them again (closed: %s)', async (closed) => {
  const writer = await journals.open('build');
  for (let i = 0; i < 10; i++) writer.append({ data: { i } });
  await writer.flush();
  await sleep(1100);
  const earlier = await redis.snapshot();
  const reading = readAll(journals, 'build');
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
  expect(valuesOf(reads)).toEqual(expected);
  expectGapless(reads);
  expect(valuesOf(await readAll(journals, 'build'))).toEqual(expected);
});

test('what Redis refuses for lack of memory comes when there is room again', async () => {
  const writer = await journals.open('build');
  const reading = readAll(journals, 'build');
  await link.client.config('SET', 'maxmemory', '1');
  writer.append({ data: { i: 'kept' } });
  const closed = writer.close();
  await sleep(200);
  expect(await journals.isClosed('build')).toBe(false);
  await link.client.config('SET', 'maxmemory', '0');
  await closed;
  expect(valuesOf(await reading)).toEqual(['kept']);
});

test("a dead writer's journal is ended by others, who read on", async () => {
  const build = await journals.open('build');
  build.append({ follow: 'dead' });
  const dead = await new Journals(await redis.link()).open('dead');
  dead.append({ data: { i: 0 } });
  await dead.flush();
  build.append({ data: { i: 1 } });
  await build.close();
  const reading = readAll(journals, 'build');
  await journals.end('dead');
  expect(valuesOf(await reading)).toEqual([0, 1]);
  dead.append({ data: { i: 'late' } });
  await expect(dead.flush()).rejects.toMatchObject({ code: 'taken_over' });
});
