import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts';
import { freePort, startRedis, type TestRedis } from '../../support/redis.ts';

let data: string;
let links: RedisLink[];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'slipway-data-'));
  links = [];
});

afterEach(async () => {
  for (const link of links) await link.close();
  await rm(data, { recursive: true, force: true });
});

async function link(settings: Record<string, string> = {}): Promise<RedisLink> {
  const made = await connectRedis(loadConfig({ SLIPWAY_DATA: data, ...settings }));
  links.push(made);
  return made;
}

async function close(made: RedisLink): Promise<void> {
  links.splice(links.indexOf(made), 1);
  await made.close();
}

async function pidOf({ client }: RedisLink): Promise<number> {
  return Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
}

/** One that nobody has taken notice of since it ended does not count. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a server of our own', () => {
  test('is on a socket that is only ours, forgets nothing, and ends with its last user', async () => {
    const [one, two] = await Promise.all([link(), link()]);
    const pid = await pidOf(one);
    expect(await pidOf(two)).toBe(pid);
    expect((await stat(join(data, 'redis'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(data, 'redis', 'redis.sock'))).mode & 0o777).toBe(0o700);
    expect(await one.client.config('GET', 'port')).toEqual(['port', '0']);
    expect(await one.client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(one.warnings).toEqual([]);
    await one.client.set('kept', 'yes');
    await close(one);
    expect(await two.client.get('kept')).toBe('yes');
    await close(two);
    await expect.poll(() => lives(pid)).toBe(false);
    expect(await (await link()).client.get('kept')).toBe('yes');
  });

  test('knows of none who has left', async () => {
    const stays = await link();
    for (let round = 0; round < 20; round += 1) {
      await close(await link());
      const list = (await stays.client.client('LIST')) as string;
      expect(list.match(/ name=slipway-/g)).toHaveLength(2);
    }
  });

  test('outlives a process that crashes, and is found again', async () => {
    const users = [user(), user()];
    await Promise.all(users.map(({ ready }) => ready));
    const found = await link();
    const pid = await pidOf(found);
    expect(await found.client.get('users')).toBe('2');
    await close(found);
    for (const { child } of users) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    expect(lives(pid)).toBe(true);
    const again = await link();
    expect(await pidOf(again)).toBe(pid);
    const last = user();
    await last.ready;
    await close(again);
    expect(lives(pid)).toBe(true);
    last.child.kill('SIGTERM');
    await once(last.child, 'exit');
    await expect.poll(() => lives(pid)).toBe(false);
  });

  test('is started again when it is killed; what was asked meanwhile is answered', async () => {
    const [one, two] = await Promise.all([link(), link()]);
    await one.client.set('kept', 'yes');
    let heard = 0;
    await two.news.subscribe('news', () => {
      heard += 1;
    });
    const pid = await pidOf(one);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => lives(pid)).toBe(false);
    expect(await Promise.all([one.client.get('kept'), two.client.get('kept')])).toEqual(['yes', 'yes']);
    expect(await pidOf(one)).toBe(await pidOf(two));
    await expect.poll(async () => [await one.client.publish('news', ''), heard > 0]).toEqual([1, true]);
  });

  test('that has just died does not hold up who closes', async () => {
    const one = await link();
    process.kill(await pidOf(one), 'SIGKILL');
    const before = performance.now();
    await close(one);
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('has room for a long name of the data folder', async () => {
    const long = join(data, 'x'.repeat(100), 'y'.repeat(100));
    await mkdir(long, { recursive: true });
    const one = await link({ SLIPWAY_DATA: long });
    expect(await one.client.ping()).toBe('PONG');
  });

  test('says why it does not start', async () => {
    const one = await link();
    await one.client.set('a', 'b');
    await close(one);
    const file = join(data, 'redis', 'appendonlydir', 'appendonly.aof.manifest');
    expect(await readFile(file, 'utf8')).toContain('file');
    await writeFile(file, 'nonsense');
    await expect(link()).rejects.toMatchObject({ code: 'redis_unreachable', message: expect.stringContaining('AOF') });
  });

  test('says what is missing where there is no redis-server', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await expect(link()).rejects.toMatchObject({
        code: 'redis_unreachable',
        message: expect.stringContaining('not installed'),
        hint: expect.stringContaining('apt-get install redis-server'),
      });
    } finally {
      process.env.PATH = path;
    }
  });
});

function user(): { child: ChildProcess; ready: Promise<unknown> } {
  const file = fileURLToPath(new URL('../../support/redis-user.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    env: { PATH: process.env.PATH, SLIPWAY_DATA: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, ready: once(child.stdout as NodeJS.ReadableStream, 'data') };
}

describe('REDIS_URL', () => {
  let redis: TestRedis | undefined;

  afterEach(async () => {
    for (const made of links.splice(0)) await made.close();
    await redis?.close();
    redis = undefined;
  });

  const start = async (...args: string[]) => {
    redis = await startRedis(['--port', String(await freePort()), '--save', '', ...args]);
    return redis.url;
  };

  test('a Redis that may drop keys is refused, with the reason', async () => {
    const REDIS_URL = await start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    await expect(link({ REDIS_URL })).rejects.toMatchObject({
      code: 'redis_unsafe',
      message: expect.stringContaining('allkeys-lru'),
    });
  });

  test('a Redis that anybody may use is refused; with a password, on loopback or protected it is not', async () => {
    const REDIS_URL = await start('--protected-mode', 'no', '--bind', '0.0.0.0', '--appendonly', 'yes');
    await expect(link({ REDIS_URL })).rejects.toMatchObject({
      code: 'redis_unsafe',
      message: expect.stringContaining('no password'),
    });
    const ours = new Redis(REDIS_URL);
    await ours.config('SET', 'requirepass', 'secret');
    const url = REDIS_URL.replace('redis://', 'redis://:secret@');
    expect((await link({ REDIS_URL: url })).warnings).toEqual([]);
    await ours.config('SET', 'requirepass', '');
    // A password that nobody asks for protects nothing.
    await expect(link({ REDIS_URL: url })).rejects.toMatchObject({ code: 'redis_unsafe' });
    await ours.config('SET', 'protected-mode', 'yes');
    await link({ REDIS_URL });
    await ours.config('SET', 'protected-mode', 'no');
    await ours.config('SET', 'bind', '127.0.0.1 -::1');
    await link({ REDIS_URL });
    ours.disconnect();
  });

  test('one without an append-only file is warned of', async () => {
    const made = await link({ REDIS_URL: await start() });
    expect(made.warnings).toEqual([expect.stringContaining('append-only')]);
    // It is not ours to end.
    await close(made);
    await link({ REDIS_URL: redis?.url ?? '' });
  });

  test('a wrong password is told at once', async () => {
    const REDIS_URL = (await start('--requirepass', 'right')).replace('redis://', 'redis://:wrong@');
    const before = performance.now();
    await expect(link({ REDIS_URL })).rejects.toMatchObject({
      code: 'redis_unreachable',
      message: expect.stringContaining('WRONGPASS'),
    });
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test('one that comes a little later is waited for, one that does not is told of', async () => {
    const port = await freePort();
    const REDIS_URL = `redis://127.0.0.1:${port}`;
    await expect(link({ REDIS_URL })).rejects.toMatchObject({
      code: 'redis_unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const connecting = link({ REDIS_URL });
    await sleep(500);
    redis = await startRedis(['--port', String(port), '--save', '']);
    expect(await (await connecting).client.ping()).toBe('PONG');
  });

  test('what is no address is a bad setting, and is not repeated with its password', async () => {
    const made = link({ REDIS_URL: 'http://:secret@127.0.0.1' });
    await expect(made).rejects.toMatchObject({ code: 'bad_setting', message: expect.not.stringContaining('secret') });
  });
});
