import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { by, held, openQueue, type TestQueue } from '../../support/queue.ts';

let queue: TestQueue;

beforeEach(async () => {
  queue = await openQueue();
});

afterEach(() => queue.close());

test('an active job is cancelled wherever it runs, and its key is free at once', async () => {
  const worker = await queue.startWorker();
  const { id } = await queue.jobs.add('key', { ms: 60_000 }, by);
  await worker.said('began');
  expect(await queue.jobs.cancel('key')).toBe('active');
  const again = await queue.jobs.add('key', { ms: 10 }, by);
  expect(again.isNew).toBe(true);
  expect(again.id).not.toBe(id);
  expect((await worker.said('stopped'))[3]).toBe('cancelled');
  await worker.said('done');
  await queue.idle();
  expect(worker.lines.filter(([word]) => word === 'began')).toHaveLength(2);
  expect(await queue.jobs.cancel('key')).toBeUndefined();
});

test('a cancellation that the worker did not hear of reaches it all the same', async () => {
  const { begun, handler, until } = held();
  const source = await queue.other();
  queue.work(1, handler, source);
  await queue.jobs.add('key', { ms: 0 }, by);
  await until(1);
  // It is told while the connection that hears is away.
  const { client } = await queue.redis.link();
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await queue.jobs.cancel('key');
  await expect.poll(() => begun[0]?.signal.aborted, { timeout: 6000 }).toBe(true);
  await queue.idle();
});

test('a job whose worker is killed is taken up again within some ten seconds, as another attempt', async () => {
  const dying = await queue.startWorker();
  await queue.jobs.add('key', { ms: 60_000 }, by);
  const [, , attempt] = await dying.said('began');
  await sleep(3000);
  const { begun, ends, handler, until } = held();
  queue.work(1, handler);
  dying.child.kill('SIGKILL');
  const killed = performance.now();
  await until(1, 15_000);
  expect(performance.now() - killed).toBeLessThan(11_000);
  expect(begun[0]).toMatchObject({ key: 'key', tries: 2, isLast: false });
  expect(begun[0]?.attempt).not.toBe(attempt);
  expect(await queue.jobs.add('key', { ms: 0 }, by)).toEqual({ id: begun[0]?.id, isNew: false });
  ends[0]?.();
  await queue.idle();
});

test('a job that kills its workers is given up, and said so', async () => {
  const { id } = await queue.jobs.add('key', { ms: 60_000 }, by);
  for (let n = 0; n < 3; n++) {
    const dying = await queue.startWorker();
    await dying.said('began', 20_000);
    dying.child.kill('SIGKILL');
  }
  const last = await queue.startWorker();
  expect((await last.said('given-up', 20_000)).join(' ')).toContain('key 3 workers died');
  await queue.idle();
  expect(last.lines.some(([word]) => word === 'began')).toBe(false);
  expect((await queue.jobs.add('key', { ms: 0 }, by)).id).not.toBe(id);
});

test('a worker that was not there for a while hears that its job is with another', async () => {
  const frozen = await queue.startWorker();
  await queue.jobs.add('key', { ms: 60_000 }, by);
  await frozen.said('began');
  const { ends, handler, until } = held();
  queue.work(1, handler);
  frozen.child.kill('SIGSTOP');
  await until(1, 15_000);
  frozen.child.kill('SIGCONT');
  expect((await frozen.said('stopped'))[3]).toBe('taken_over');
  await frozen.said('lost');
  await sleep(500);
  // What the first made of it changed nothing for the second.
  expect(await queue.jobs.position('key')).toBe(0);
  ends[0]?.();
  await queue.idle();
});

test('a worker that closes finishes what it can and gives the rest to others at once', async () => {
  const closing = await queue.startWorker();
  await queue.jobs.add('short', { ms: 300 }, by);
  await queue.jobs.add('long', { ms: 60_000 }, { client: 'b', repo: 'b' });
  await expect.poll(() => closing.lines.filter(([word]) => word === 'began').length, { timeout: 5000 }).toBe(2);
  const { begun, ends, handler, until } = held();
  queue.work(1, handler);
  process.kill(closing.child.pid ?? 0, 'SIGTERM');
  const asked = performance.now();
  await until(1);
  expect(performance.now() - asked).toBeLessThan(2000);
  await once(closing.child, 'exit');
  expect(closing.child.exitCode).toBe(0);
  expect(begun[0]).toMatchObject({ key: 'long', tries: 2 });
  ends[0]?.();
  await queue.idle();
});

test('Redis killed and restarted: what waits and what is being done is done once', async () => {
  const { begun, ends, handler, until } = held();
  queue.work(2, handler);
  for (let n = 0; n < 6; n++) await queue.jobs.add(`key${n}`, { ms: 0 }, { client: `c${n}`, repo: `r${n}` });
  await until(2);
  await sleep(1100);
  await queue.redis.kill();
  const during = queue.jobs.add('meanwhile', { ms: 0 }, { client: 'm', repo: 'm' });
  await sleep(1000);
  await queue.redis.start();
  expect((await during).isNew).toBe(true);
  for (let n = 0; n < 7; n++) {
    await until(Math.min(7, n + 2));
    ends[n]?.();
  }
  await queue.idle();
  expect(begun.map(({ key }) => key).sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `key${n}`).concat('meanwhile'));
  expect(begun.every(({ lost }) => !lost.aborted)).toBe(true);
});

test('Redis away for longer than a lock lasts: who did the job goes on with it', async () => {
  const { begun, ends, handler, until } = held();
  queue.work(1, handler);
  const other = await queue.startWorker();
  await queue.jobs.add('key', { ms: 15_000 }, by);
  await expect.poll(() => begun.length + other.lines.length, { timeout: 5000 }).toBe(2);
  await queue.jobs.add('second', { ms: 15_000 }, { client: 'b', repo: 'b' });
  await until(1);
  await other.said('began');
  await sleep(1100);
  await queue.redis.kill();
  await sleep(11_000);
  await queue.redis.start();
  await sleep(7000);
  expect(begun[0]?.lost.aborted).toBe(false);
  await other.said('done');
  ends[0]?.();
  await queue.idle();
  expect(begun).toHaveLength(1);
  expect(other.lines.map(([word]) => word)).toEqual(['ready', 'began', 'done']);
});
