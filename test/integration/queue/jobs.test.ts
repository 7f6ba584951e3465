import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SlipwayError } from '../../../src/errors.ts';
import type { Job } from '../../../src/queue/jobs.ts';
import { by, type Data, held, openQueue, type TestQueue } from '../../support/queue.ts';

let queue: TestQueue;

beforeEach(async () => {
  queue = await openQueue();
});

afterEach(() => queue.close());

test('however many ask, a job is done once; afterwards it can be asked for again', async () => {
  const other = await queue.other();
  const asked = Array.from({ length: 500 }, (_, n) => (n % 2 ? other : queue.jobs).add('a:key', { ms: n }, by));
  const answers = await Promise.all(asked);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
  const { begun, ends, handler, until } = held();
  queue.work(5, handler);
  await until(1);
  expect(await other.add('a:key', { ms: 0 }, by)).toEqual({ id: begun[0]?.id, isNew: false });
  ends[0]?.();
  await queue.idle();
  expect(begun).toHaveLength(1);
  const again = await queue.jobs.add('a:key', { ms: 0 }, by);
  expect(again.isNew).toBe(true);
  expect(again.id).not.toBe(begun[0]?.id);
  await until(2);
  ends[1]?.();
});

test('everybody has a turn: many jobs of one address or repository come after few of another', async () => {
  const { begun, ends, handler, until } = held();
  queue.work(1, handler);
  await queue.jobs.add('first', { ms: 0 }, { client: 'many', repo: 'r0' });
  await until(1);
  for (const n of [1, 2, 3, 4]) await queue.jobs.add(`many${n}`, { ms: 0 }, { client: 'many', repo: `r${n}` });
  for (const n of [1, 2, 3]) await queue.jobs.add(`repo${n}`, { ms: 0 }, { client: `c${n}`, repo: 'popular' });
  await queue.jobs.add('few1', { ms: 0 }, { client: 'few', repo: 'r' });
  expect(await queue.jobs.position('few1')).toBe(3);
  expect(await queue.jobs.position('many4')).toBe(8);
  expect((await queue.jobs.list(4)).map(({ key, state }) => [key, state])).toEqual([
    ['first', 'active'],
    ['many1', 'waiting'],
    ['repo1', 'waiting'],
    ['few1', 'waiting'],
  ]);
  for (const n of [0, 1, 2, 3]) {
    ends[n]?.();
    await until(n + 2);
  }
  // The second round has begun; who comes now belongs to it, and who had many is not pushed back for ever.
  await queue.jobs.add('late', { ms: 0 }, { client: 'late', repo: 'late' });
  for (const n of [4, 5, 6, 7, 8]) {
    ends[n]?.();
    await until(n + 2);
  }
  ends[9]?.();
  await queue.idle();
  expect(begun.map(({ key }) => key)).toEqual([
    ...['first', 'many1', 'repo1', 'few1'],
    ...['many2', 'repo2', 'late'],
    ...['many3', 'repo3', 'many4'],
  ]);
});

test('what was cancelled while it waited holds nobody back', async () => {
  const { ends, handler, until } = held();
  queue.work(1, handler);
  await queue.jobs.add('busy', { ms: 0 }, { client: 'x', repo: 'x' });
  await until(1);
  for (const n of [1, 2, 3, 4, 5]) await queue.jobs.add(`a${n}`, { ms: 0 }, { client: 'a', repo: `a${n}` });
  for (const n of [1, 2, 3, 4, 5]) expect(await queue.jobs.cancel(`a${n}`)).toBe('waiting');
  expect(await queue.jobs.counts()).toEqual({ waiting: 0, active: 1 });
  await queue.jobs.add('b1', { ms: 0 }, { client: 'b', repo: 'b' });
  await queue.jobs.add('b2', { ms: 0 }, { client: 'b', repo: 'b' });
  await queue.jobs.add('a6', { ms: 0 }, { client: 'a', repo: 'a6' });
  expect(await queue.jobs.position('a6')).toBe(2);
  expect(await queue.jobs.position('a1')).toBeUndefined();
  for (const key of ['b1', 'b2', 'a6']) await queue.jobs.cancel(key);
  ends[0]?.();
});

test('only what may succeed later is tried again, at most twice, each time as another attempt', async () => {
  const tries: Pick<Job<Data>, 'key' | 'attempt' | 'tries' | 'isLast'>[] = [];
  const times: number[] = [];
  queue.work(2, async ({ key, attempt, tries: count, isLast }) => {
    tries.push({ key, attempt, tries: count, isLast });
    if (key === 'flaky') times.push(performance.now());
    throw new SlipwayError(key === 'flaky' ? 'fetch_failed' : 'build_failed', 'it failed');
  });
  await queue.jobs.add('flaky', { ms: 0 }, by);
  await queue.jobs.add('wrong', { ms: 0 }, by);
  await expect.poll(() => times.length, { timeout: 15_000 }).toBe(3);
  await queue.idle();
  expect(tries.filter(({ key }) => key === 'wrong')).toHaveLength(1);
  const flaky = tries.filter(({ key }) => key === 'flaky');
  expect(flaky.map(({ tries: count, isLast }) => [count, isLast])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
  expect(new Set(flaky.map(({ attempt }) => attempt)).size).toBe(3);
  const [first = 0, second = 0, third = 0] = times;
  expect(third - second).toBeGreaterThan((second - first) * 1.5);
});

test('a job is picked up at once', async () => {
  const waits: number[] = [];
  queue.work(4, async ({ data }) => {
    waits.push(performance.timeOrigin + performance.now() - data.ms);
  });
  const other = await queue.other();
  for (let n = 0; n < 100; n++) {
    await other.add(`key${n}`, { ms: performance.timeOrigin + performance.now() }, by);
    await sleep(5);
  }
  await expect.poll(() => waits.length).toBe(100);
  // The bound for nearly all of them is measured where nothing else runs; one that is not woken waits for seconds.
  expect(waits.sort((a, b) => a - b)[50]).toBeLessThan(50);
  expect(waits[99]).toBeLessThan(1000);
});
