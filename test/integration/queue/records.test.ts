import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Presence } from '../../../src/queue/presence.ts';
import { Records } from '../../../src/queue/records.ts';
import type { RedisLink } from '../../../src/queue/redis.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

interface Build {
  id: string;
  repo: string;
  tags?: string[];
  tries: number;
}

let redis: TestRedis;
let link: RedisLink;

beforeEach(async () => {
  redis = await startRedis();
  link = await redis.link();
});

afterEach(() => redis.close());

const build = (id: string, more: Partial<Build> = {}): Build => ({ id, repo: 'a', tries: 0, ...more });
const records = (keep = 60_000) =>
  new Records<Build>(link, 'builds', { keep, indexes: { repo: ({ repo }) => repo, tag: ({ tags }) => tags } });
const ids = (list: Build[]) => list.map(({ id }) => id);

test('a record is found by its id, by what it is indexed by, and among the latest', async () => {
  const builds = records();
  expect(await builds.get('1')).toBeUndefined();
  for (const id of ['1', '2', '3']) {
    await builds.put(id, build(id, { repo: id === '2' ? 'b' : 'a', tags: ['all', `only:${id}`] }));
    await sleep(2);
  }
  expect(await builds.get('2')).toEqual(build('2', { repo: 'b', tags: ['all', 'only:2'] }));
  expect(ids(await builds.recent(2))).toEqual(['3', '2']);
  expect(ids(await builds.findBy('repo', 'a'))).toEqual(['3', '1']);
  expect(ids(await builds.findBy('tag', 'all', 1))).toEqual(['3']);
  expect(ids(await builds.findBy('tag', 'only:1'))).toEqual(['1']);
  expect(await builds.findBy('repo', 'nothing')).toEqual([]);
});

test('a change moves it between indexes and keeps its place among the latest', async () => {
  const builds = records();
  await builds.put('1', build('1'));
  await sleep(2);
  await builds.put('2', build('2'));
  await builds.update('1', (one) => ({ ...one, repo: 'b' }));
  expect(ids(await builds.findBy('repo', 'a'))).toEqual(['2']);
  expect(ids(await builds.findBy('repo', 'b'))).toEqual(['1']);
  expect(ids(await builds.recent(5))).toEqual(['2', '1']);
  expect(await builds.update('1', () => undefined)).toEqual(build('1', { repo: 'b' }));
  expect(await builds.update('none', (one) => one)).toBeUndefined();
  await builds.remove('1');
  expect(await builds.findBy('repo', 'b')).toEqual([]);
  expect(ids(await builds.recent(5))).toEqual(['2']);
});

test('what is created twice is the first', async () => {
  const builds = records();
  const made = await Promise.all([1, 2, 3].map((tries) => builds.create('1', build('1', { tries }))));
  expect(new Set(made.map(({ tries }) => tries)).size).toBe(1);
  expect(await builds.get('1')).toEqual(made[0]);
});

test('changes by many at once all count', async () => {
  const other = new Records<Build>(await redis.link(), 'builds', { keep: 60_000 });
  const builds = records();
  await builds.put('1', build('1'));
  const add = (one: Build) => ({ ...one, tries: one.tries + 1 });
  await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? builds : other).update('1', add)));
  expect((await builds.get('1'))?.tries).toBe(50);
});

test('a record goes when it was not changed for so long, and no list holds on to it', async () => {
  const builds = records(300);
  await builds.put('1', build('1'));
  await builds.put('2', build('2'));
  await sleep(200);
  await builds.update('2', (one) => ({ ...one, tries: 1 }));
  await sleep(200);
  expect(await builds.get('1')).toBeUndefined();
  expect(ids(await builds.recent(5))).toEqual(['2']);
  expect(ids(await builds.findBy('repo', 'a'))).toEqual(['2']);
  await sleep(400);
  expect(await link.client.keys('*')).toEqual([]);
});

test('a process is alive while it says so, and a little longer when it dies', async () => {
  const [here, there] = [new Presence(link), new Presence(await redis.link())];
  const stop = await here.heartbeat('one');
  expect(await there.isAlive('one')).toBe(true);
  expect(await there.isAlive('two')).toBe(false);
  await sleep(7000);
  expect(await there.isAlive('one')).toBe(true);
  await stop();
  expect(await there.isAlive('one')).toBe(false);
});
