/** Connections that break when Redis has done a command and the reply is still under way: the command is sent again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { Jobs } from '../../../src/queue/jobs.ts';
import { Journals } from '../../../src/queue/journal.ts';
import { Records } from '../../../src/queue/records.ts';
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts';
import { type CuttingProxy, startCuttingProxy } from '../../support/cutting-proxy.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let proxy: CuttingProxy;
let cut: RedisLink;
let direct: RedisLink;

beforeEach(async () => {
  redis = await startRedis();
  proxy = await startCuttingProxy(new URL(redis.url).pathname);
  direct = await redis.link();
  cut = await connectRedis(loadConfig({ REDIS_URL: proxy.url }));
});

afterEach(async () => {
  proxy.every = 0;
  await cut.close();
  await proxy.close();
  await redis.close();
});

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test('a journal has each event once', async () => {
  const [writing, reading] = [new Journals(cut), new Journals(direct)];
  const writer = await writing.open('build');
  // What a connection begins with takes some replies; one command of ours gets through on each.
  proxy.every = 6;
  for (const i of numbers(60)) {
    writer.append({ data: { i } });
    await writer.flush();
  }
  await writer.close();
  expect(proxy.cuts).toBeGreaterThan(10);
  const kept = (await reading.text('build')).map(({ json }) => (JSON.parse(json) as { i: number }).i);
  expect(kept).toEqual(numbers(60));
  writing.close();
  reading.close();
});

test('a change of a record is made once', async () => {
  const records = new Records<{ count: number }>(cut, 'counters', { keep: 60_000 });
  await records.put('one', { count: 0 });
  proxy.every = 6;
  for (const _ of numbers(40)) await records.update('one', ({ count }) => ({ count: count + 1 }));
  expect(proxy.cuts).toBeGreaterThan(10);
  expect(await records.get('one')).toEqual({ count: 40 });
});

test('a job is added once, and new to the one who added it', async () => {
  const jobs = new Jobs<object>(cut, 'builds');
  await jobs.counts();
  proxy.every = 6;
  for (const i of numbers(30)) {
    expect((await jobs.add(`key${i}`, {}, { client: 'c', repo: `r${i}` })).isNew).toBe(true);
  }
  expect(proxy.cuts).toBeGreaterThan(10);
  expect(await jobs.counts()).toEqual({ waiting: 30, active: 0 });
  await jobs.close();
});
