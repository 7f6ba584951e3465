/** Jobs that are rather done where the last of their kind was: handed from worker to worker, and never lost on the way. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handler, Job, Jobs, Worker } from '../../../src/queue/jobs.ts';
import { placeOf } from '../../../src/queue/locality.ts';
import { by, type Data, openQueue, type TestQueue, type WorkerProcess } from '../../support/queue.ts';

interface Begun {
  place: string;
  kind: string;
  job: Job<Data>;
  at: number;
}

let queue: TestQueue;
let begun: Begun[];
let workers: Worker[];
/** Per place: jobs at hand now, and the most that there ever were. */
let load: Map<string, { now: number; most: number }>;

beforeEach(async () => {
  queue = await openQueue();
  [begun, workers, load] = [[], [], new Map()];
});
afterEach(() => queue.close());

/** `kind#number`. */
const kindOf = (key: string) => key.replace(/#.*/, '');

/** A worker with connections of its own, as in another process. */
async function at(place: string, concurrency = 1): Promise<Worker> {
  const jobs: Jobs<Data> = await queue.other();
  const handler: Handler<Data> = async (job) => {
    const mine = load.get(place) ?? { now: 0, most: 0 };
    load.set(place, mine);
    mine.now += 1;
    mine.most = Math.max(mine.most, mine.now);
    begun.push({ place, kind: kindOf(job.key), job, at: performance.now() });
    try {
      await sleep(job.data.ms, undefined, { signal: job.signal });
    } finally {
      mine.now -= 1;
    }
  };
  const worker = jobs.work(concurrency, handler, { locality: { place, kindOf: (data) => data.kind ?? '' } });
  workers.push(worker);
  // Until it is known to the others.
  await sleep(100);
  return worker;
}

const add = (key: string, ms = 1) => queue.jobs.add(key, { ms, kind: kindOf(key) }, by);

async function placesOf(keys: readonly string[]): Promise<string[]> {
  const first = begun.length;
  for (const key of keys) {
    await add(key);
    await queue.idle();
  }
  return begun.slice(first).map(({ place }) => place);
}

const PLACES = ['a', 'b', 'c', 'd'];
const numbered = (kind: string, count: number) => Array.from({ length: count }, (_, n) => `${kind}#${n}`);

describe('while workers are idle', () => {
  it('each kind has a place of its own, and keeps it', async () => {
    for (const place of PLACES) await at(place);
    const kinds = Array.from({ length: 8 }, (_, n) => `kind ${n}`);
    for (const kind of kinds) {
      const places = await placesOf(numbered(kind, 4));
      expect(new Set(places), kind).toEqual(new Set([placeOf(kind, null, PLACES)]));
    }
    expect(new Set(begun.map(({ place }) => place)).size).toBeGreaterThan(1);
    // That it was handed over is no try.
    expect(begun.map(({ job }) => job.tries)).toEqual(begun.map(() => 1));
  });

  it('where it was done last counts for more than where it would be', async () => {
    await at('a');
    const kind = Array.from({ length: 50 }, (_, n) => `kind ${n}`).find(
      (one) => placeOf(one, null, ['a', 'b']) === 'b',
    );
    expect(await placesOf([`${kind}#0`])).toEqual(['a']);
    await at('b');
    expect(await placesOf(numbered(`${kind}`, 6).slice(1))).toEqual(['a', 'a', 'a', 'a', 'a']);
  });
});

it('a kind stays where it is, though each job that one worker takes wakes another for nothing', async () => {
  const kind = Array.from({ length: 50 }, (_, n) => `kind ${n}`).find((one) => placeOf(one, null, ['a', 'b']) === 'a');
  const both = { b: await queue.startWorker('b'), a: await queue.startWorker('a') };
  await sleep(200);
  for (const key of numbered(`${kind}`, 100)) {
    await add(key);
    await queue.idle();
  }
  const count = (place: 'a' | 'b') => both[place].lines.filter(([word]) => word === 'done').length;
  await expect.poll(() => ({ a: count('a'), b: count('b') })).toEqual({ a: 100, b: 0 });
});

describe('a place that is', () => {
  /** A kind that belongs to `a` while there are both. */
  const kind = Array.from({ length: 50 }, (_, n) => `kind ${n}`).find((one) => placeOf(one, null, ['a', 'b']) === 'a');

  it('busy is not waited for', async () => {
    await at('a');
    await at('b');
    await add(`${kind}#0`, 1000);
    await expect.poll(() => begun.length).toBe(1);
    const since = performance.now();
    await add(`${kind}#1`);
    await expect.poll(() => begun.length).toBe(2);
    expect(begun.map(({ place }) => place)).toEqual(['a', 'b']);
    expect((begun[1]?.at ?? 0) - since).toBeLessThan(100);
  });

  it('gone without a word costs nothing, and is forgotten', async () => {
    await at('b');
    // What a process that was killed leaves: it is believed to live for some seconds, and answers nothing.
    const ghost = await at('a');
    await placesOf([`${kind}#0`]);
    const { client } = await queue.redis.link();
    const known = await client.hgetall('slipway:builds:workers');
    await ghost.close(0);
    await client.hset('slipway:builds:workers', known);
    const since = performance.now();
    await add(`${kind}#1`);
    await queue.idle();
    expect(begun.at(-1)?.place).toBe('b');
    expect((begun.at(-1)?.at ?? 0) - since).toBeLessThan(100);
    await expect.poll(() => client.hlen('slipway:builds:workers'), { timeout: 10_000 }).toBe(2);
    await sleep(6500);
    await placesOf([`${kind}#2`]);
    expect(await client.hlen('slipway:builds:workers')).toBe(1);
  });
});

it('does every job once and no more at a time than each worker has places, whatever goes from hand to hand', async () => {
  for (const place of PLACES) await at(place, 2);
  const keys = Array.from({ length: 200 }, (_, n) => `kind ${n % 12}#${n}`);
  await Promise.all(keys.map((key, n) => add(key, 5 + (n % 4) * 10)));
  await queue.idle();
  expect(begun.map(({ job }) => job.key).sort()).toEqual([...keys].sort());
  expect(begun.every(({ job }) => job.tries === 1)).toBe(true);
  for (const place of PLACES) expect(load.get(place)?.most, place).toBeLessThanOrEqual(2);
});

/** Adds jobs until the other process has one: what it takes too late, on a busy machine, b does itself. */
async function givenTo(other: WorkerProcess, kind: string): Promise<void> {
  const given = () => other.lines.filter(([word]) => word === 'began').length;
  for (let n = 0; n < 20; n += 1) {
    await add(`${kind}#${n}`, 60_000);
    await expect.poll(() => begun.length + given()).toBe(1);
    if (given() === 1) return;
    await queue.jobs.cancel(`${kind}#${n}`);
    await queue.idle();
    begun = [];
  }
}

it('is lost on no way: its worker dies with a job it was given, and ends with one', async () => {
  const kind = Array.from({ length: 50 }, (_, n) => `kind ${n}`).find((one) => placeOf(one, null, ['a', 'b']) === 'a');
  // Redis wakes whoever waits longest: the job comes to b, which hands it over.
  await at('b');
  const dying = await queue.startWorker('a');
  await sleep(200);
  await givenTo(dying, `${kind}`);
  expect(begun).toEqual([]);
  dying.child.kill('SIGKILL');
  await expect.poll(() => begun.length, { timeout: 20_000 }).toBe(1);
  expect(begun[0]?.job.tries).toBe(2);

  const heir = await queue.startWorker('a');
  await workers[0]?.close(0);
  await heir.said('began');
  expect(await queue.jobs.counts()).toEqual({ waiting: 0, active: 1 });
  heir.child.kill('SIGTERM');
  await heir.said('stopped');
  await expect.poll(() => queue.jobs.counts(), { timeout: 5000 }).toEqual({ waiting: 1, active: 0 });
}, 60_000);

it('is cancelled in whoever has it', async () => {
  const kind = Array.from({ length: 50 }, (_, n) => `kind ${n}`).find((one) => placeOf(one, null, ['a', 'b']) === 'a');
  await at('b');
  await at('a');
  await add(`${kind}#0`, 60_000);
  await expect.poll(() => begun.map(({ place }) => place)).toEqual(['a']);
  expect(await queue.jobs.cancel(`${kind}#0`)).toBe('active');
  await queue.idle();
  expect(begun[0]?.job.signal.reason).toMatchObject({ code: 'cancelled' });
});
