import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SlipwayError } from '../../../src/errors.ts';
import { type Handler, type Job, Jobs, type Worker } from '../../../src/queue/jobs.ts';
import type { RedisLink } from '../../../src/queue/redis.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

interface Data {
  ms: number;
}

let redis: TestRedis;
let link: RedisLink;
let jobs: Jobs<Data>;
let open: { close(grace: number): Promise<unknown> }[];

beforeEach(async () => {
  redis = await startRedis();
  link = await redis.link();
  open = [];
  jobs = await queue();
});

afterEach(async () => {
  for (const one of open.reverse()) await one.close(0);
  await redis.close();
});

const by = { client: '192.0.2.1', repo: 'https://example.org/a' };

/** The queue as another process has it. */
async function queue(): Promise<Jobs<Data>> {
  const made = new Jobs<Data>(await redis.link(), 'builds');
  open.push(made);
  return made;
}

function work(concurrency: number, handler: Handler<Data>, source = jobs): Worker {
  const worker = source.work(concurrency, handler);
  open.push(worker);
  return worker;
}

/** A handler that keeps what it was given, and ends each job when it is told to. */
function held() {
  const begun: Job<Data>[] = [];
  const ends: (() => void)[] = [];
  const handler: Handler<Data> = (job) => {
    begun.push(job);
    return new Promise((resolve, reject) => {
      ends.push(resolve);
      job.signal.addEventListener('abort', () => reject(job.signal.reason));
      if (job.signal.aborted) reject(job.signal.reason);
    });
  };
  const until = (count: number, timeout = 5000) =>
    expect.poll(() => begun.length, { timeout, interval: 5 }).toBe(count);
  return { begun, ends, handler, until };
}

const idle = (timeout = 5000) =>
  expect.poll(async () => Object.values(await jobs.counts()), { timeout }).toEqual([0, 0]);

interface WorkerProcess {
  child: ChildProcess;
  lines: string[][];
  /** The first line with this word, past or future. */
  said(word: string, timeout?: number): Promise<string[]>;
}

async function startWorker(): Promise<WorkerProcess> {
  const file = fileURLToPath(new URL('../../support/queue-worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, redis.url, 'builds'], {
    env: { ...process.env, GRACE: '1000' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[][] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line.split(' ')));
  const find = (word: string) => lines.find(([first]) => first === word);
  const said = async (word: string, timeout = 15_000) => {
    await expect.poll(() => find(word), { timeout, interval: 10 }).toBeDefined();
    return find(word) ?? [];
  };
  open.push({
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  });
  await said('ready');
  return { child, lines, said };
}

test('however many ask, a job is done once; afterwards it can be asked for again', async () => {
  const other = await queue();
  const asked = Array.from({ length: 500 }, (_, n) => (n % 2 ? other : jobs).add('a:key', { ms: n }, by));
  const answers = await Promise.all(asked);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
  const { begun, ends, handler, until } = held();
  work(5, handler);
  await until(1);
  expect(await other.add('a:key', { ms: 0 }, by)).toEqual({ id: begun[0]?.id, isNew: false });
  ends[0]?.();
  await idle();
  expect(begun).toHaveLength(1);
  const again = await jobs.add('a:key', { ms: 0 }, by);
  expect(again.isNew).toBe(true);
  expect(again.id).not.toBe(begun[0]?.id);
  await until(2);
  ends[1]?.();
});

test('everybody has a turn: many jobs of one address or repository come after few of another', async () => {
  const { begun, ends, handler, until } = held();
  work(1, handler);
  await jobs.add('first', { ms: 0 }, { client: 'many', repo: 'r0' });
  await until(1);
  for (const n of [1, 2, 3, 4]) await jobs.add(`many${n}`, { ms: 0 }, { client: 'many', repo: `r${n}` });
  for (const n of [1, 2, 3]) await jobs.add(`repo${n}`, { ms: 0 }, { client: `c${n}`, repo: 'popular' });
  await jobs.add('few1', { ms: 0 }, { client: 'few', repo: 'r' });
  expect(await jobs.position('few1')).toBe(3);
  expect(await jobs.position('many4')).toBe(8);
  expect((await jobs.list(4)).map(({ key, state }) => [key, state])).toEqual([
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
  await jobs.add('late', { ms: 0 }, { client: 'late', repo: 'late' });
  for (const n of [4, 5, 6, 7, 8]) {
    ends[n]?.();
    await until(n + 2);
  }
  ends[9]?.();
  await idle();
  expect(begun.map(({ key }) => key)).toEqual([
    ...['first', 'many1', 'repo1', 'few1'],
    ...['many2', 'repo2', 'late'],
    ...['many3', 'repo3', 'many4'],
  ]);
});

test('what was cancelled while it waited holds nobody back', async () => {
  const { ends, handler, until } = held();
  work(1, handler);
  await jobs.add('busy', { ms: 0 }, { client: 'x', repo: 'x' });
  await until(1);
  for (const n of [1, 2, 3, 4, 5]) await jobs.add(`a${n}`, { ms: 0 }, { client: 'a', repo: `a${n}` });
  for (const n of [1, 2, 3, 4, 5]) expect(await jobs.cancel(`a${n}`)).toBe('waiting');
  expect(await jobs.counts()).toEqual({ waiting: 0, active: 1 });
  await jobs.add('b1', { ms: 0 }, { client: 'b', repo: 'b' });
  await jobs.add('b2', { ms: 0 }, { client: 'b', repo: 'b' });
  await jobs.add('a6', { ms: 0 }, { client: 'a', repo: 'a6' });
  expect(await jobs.position('a6')).toBe(2);
  expect(await jobs.position('a1')).toBeUndefined();
  for (const key of ['b1', 'b2', 'a6']) await jobs.cancel(key);
  ends[0]?.();
});

test('only what may succeed later is tried again, at most twice, each time as another attempt', async () => {
  const tries: Pick<Job<Data>, 'key' | 'attempt' | 'tries' | 'isLast'>[] = [];
  const times: number[] = [];
  work(2, async ({ key, attempt, tries: count, isLast }) => {
    tries.push({ key, attempt, tries: count, isLast });
    if (key === 'flaky') times.push(performance.now());
    throw new SlipwayError(key === 'flaky' ? 'fetch_failed' : 'build_failed', 'it failed');
  });
  await jobs.add('flaky', { ms: 0 }, by);
  await jobs.add('wrong', { ms: 0 }, by);
  await expect.poll(() => times.length, { timeout: 15_000 }).toBe(3);
  await idle();
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

test('an active job is cancelled wherever it runs, and its key is free at once', async () => {
  const worker = await startWorker();
  const { id } = await jobs.add('key', { ms: 60_000 }, by);
  await worker.said('began');
  expect(await jobs.cancel('key')).toBe('active');
  const again = await jobs.add('key', { ms: 10 }, by);
  expect(again.isNew).toBe(true);
  expect(again.id).not.toBe(id);
  expect((await worker.said('stopped', 1000))[3]).toBe('cancelled');
  await worker.said('done');
  await idle();
  expect(worker.lines.filter(([word]) => word === 'began')).toHaveLength(2);
  expect(await jobs.cancel('key')).toBeUndefined();
});

test('a cancellation that the worker did not hear of reaches it all the same', async () => {
  const { begun, handler, until } = held();
  const source = await queue();
  work(1, handler, source);
  await jobs.add('key', { ms: 0 }, by);
  await until(1);
  // It is told while the connection that hears is away.
  await link.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await jobs.cancel('key');
  await expect.poll(() => begun[0]?.signal.aborted, { timeout: 6000 }).toBe(true);
  await idle();
});

test('a job whose worker is killed is taken up again within some ten seconds, as another attempt', async () => {
  const dying = await startWorker();
  await jobs.add('key', { ms: 60_000 }, by);
  const [, , attempt] = await dying.said('began');
  await sleep(3000);
  const { begun, ends, handler, until } = held();
  work(1, handler);
  dying.child.kill('SIGKILL');
  const killed = performance.now();
  await until(1, 15_000);
  expect(performance.now() - killed).toBeLessThan(11_000);
  expect(begun[0]).toMatchObject({ key: 'key', tries: 2, isLast: false });
  expect(begun[0]?.attempt).not.toBe(attempt);
  expect(await jobs.add('key', { ms: 0 }, by)).toEqual({ id: begun[0]?.id, isNew: false });
  ends[0]?.();
  await idle();
});

test('a job that kills its workers is given up, and said so', async () => {
  const { id } = await jobs.add('key', { ms: 60_000 }, by);
  for (let n = 0; n < 3; n++) {
    const dying = await startWorker();
    await dying.said('began', 20_000);
    dying.child.kill('SIGKILL');
  }
  const last = await startWorker();
  expect((await last.said('given-up', 20_000)).join(' ')).toContain('key 3 workers died');
  await idle();
  expect(last.lines.some(([word]) => word === 'began')).toBe(false);
  expect((await jobs.add('key', { ms: 0 }, by)).id).not.toBe(id);
});

test('a worker that was not there for a while hears that its job is with another', async () => {
  const frozen = await startWorker();
  await jobs.add('key', { ms: 60_000 }, by);
  await frozen.said('began');
  const { ends, handler, until } = held();
  work(1, handler);
  frozen.child.kill('SIGSTOP');
  await until(1, 15_000);
  frozen.child.kill('SIGCONT');
  expect((await frozen.said('stopped'))[3]).toBe('taken_over');
  await frozen.said('lost');
  await sleep(500);
  // What the first made of it changed nothing for the second.
  expect(await jobs.position('key')).toBe(0);
  ends[0]?.();
  await idle();
});

test('a worker that closes finishes what it can and gives the rest to others at once', async () => {
  const closing = await startWorker();
  await jobs.add('short', { ms: 300 }, by);
  await jobs.add('long', { ms: 60_000 }, { client: 'b', repo: 'b' });
  await expect.poll(() => closing.lines.filter(([word]) => word === 'began').length, { timeout: 5000 }).toBe(2);
  const { begun, ends, handler, until } = held();
  work(1, handler);
  process.kill(closing.child.pid ?? 0, 'SIGTERM');
  const asked = performance.now();
  await until(1);
  expect(performance.now() - asked).toBeLessThan(2000);
  await once(closing.child, 'exit');
  expect(closing.child.exitCode).toBe(0);
  expect(begun[0]).toMatchObject({ key: 'long', tries: 2 });
  ends[0]?.();
  await idle();
});

test('Redis killed and restarted: what waits and what is being done is done once', async () => {
  const { begun, ends, handler, until } = held();
  work(2, handler);
  for (let n = 0; n < 6; n++) await jobs.add(`key${n}`, { ms: 0 }, { client: `c${n}`, repo: `r${n}` });
  await until(2);
  await sleep(1100);
  await redis.kill();
  const during = jobs.add('meanwhile', { ms: 0 }, { client: 'm', repo: 'm' });
  await sleep(1000);
  await redis.start();
  expect((await during).isNew).toBe(true);
  for (let n = 0; n < 7; n++) {
    await until(Math.min(7, n + 2));
    ends[n]?.();
  }
  await idle();
  expect(begun.map(({ key }) => key).sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `key${n}`).concat('meanwhile'));
  expect(begun.every(({ lost }) => !lost.aborted)).toBe(true);
});

test('Redis away for longer than a lock lasts: who did the job goes on with it', async () => {
  const { begun, ends, handler, until } = held();
  work(1, handler);
  const other = await startWorker();
  await jobs.add('key', { ms: 15_000 }, by);
  await expect.poll(() => begun.length + other.lines.length, { timeout: 5000 }).toBe(2);
  await jobs.add('second', { ms: 15_000 }, { client: 'b', repo: 'b' });
  await until(1);
  await other.said('began');
  await sleep(1100);
  await redis.kill();
  await sleep(11_000);
  await redis.start();
  await sleep(7000);
  expect(begun[0]?.lost.aborted).toBe(false);
  await other.said('done');
  ends[0]?.();
  await idle();
  expect(begun).toHaveLength(1);
  expect(other.lines.map(([word]) => word)).toEqual(['ready', 'began', 'done']);
});

test('a job is picked up at once', async () => {
  const waits: number[] = [];
  work(4, async ({ data }) => {
    waits.push(performance.timeOrigin + performance.now() - data.ms);
  });
  const other = await queue();
  for (let n = 0; n < 100; n++) {
    await other.add(`key${n}`, { ms: performance.timeOrigin + performance.now() }, by);
    await sleep(5);
  }
  await expect.poll(() => waits.length).toBe(100);
  expect(waits.sort((a, b) => a - b)[98]).toBeLessThan(50);
});
