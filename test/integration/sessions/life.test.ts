/** How sessions come and go: quotas, culling, restarts, processes that die. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SlipwayError } from '../../../src/errors.ts';
import { SessionClaims } from '../../../src/service/session-claims.ts';
import { runCode } from '../../support/kernel.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { newLaunchId, openSessions, resolvedOf, type SessionsUnderTest } from '../../support/sessions.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
let redis: TestRedis;
let given: { image: string; resolved: ReturnType<typeof resolvedOf> };
const opened: SessionsUnderTest[] = [];

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), startRedis()]);
  const { url, shas } = await world.repo('living', [{ date: '2024-05-10', files: { 'index.md': '# x' } }]);
  const { imageName } = await world.build([url]);
  given = { image: imageName, resolved: resolvedOf(url, shas[0] ?? '') };
}, 600_000);

afterEach(async () => {
  const [first] = opened;
  for (const { id } of (await first?.sessions.list()) ?? []) await first?.sessions.stop(id).catch(() => undefined);
  for (const one of opened.splice(0)) await one.close();
});

afterAll(async () => {
  await world?.close();
  await redis?.close();
});

async function open(settings: Record<string, string> = {}): Promise<SessionsUnderTest> {
  const one = await openSessions(world, redis, given, settings);
  opened.push(one);
  return one;
}

/** Waits until something is so. */
async function until(what: () => Promise<boolean>, limit = 20_000): Promise<number> {
  const started = Date.now();
  while (!(await what())) {
    if (Date.now() - started > limit) throw new Error(`not within ${limit} ms`);
    await sleep(50);
  }
  return Date.now() - started;
}

const codes = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as SlipwayError).code)).sort();

describe('quotas', () => {
  it('hold over processes that ask at the same time, and come free again', async () => {
    const settings = { SLIPWAY_QUOTA_PER_REPO: '2' };
    const [one, two] = [await open(settings), await open(settings)];
    const outcomes = await Promise.allSettled([one.start(), two.start(), one.start(), two.start()]);
    expect(codes(outcomes)).toEqual(['ok', 'ok', 'quota_reached', 'quota_reached']);
    expect(await one.sessions.count()).toBe(2);
    expect(await two.sessions.countOf(given.resolved.spec.canonicalUrl)).toBe(2);
    const [session] = await two.sessions.list();
    await two.sessions.stop(session?.id ?? '');
    await expect(one.start()).resolves.toBeDefined();
    await expect(one.start({ isOperator: true })).resolves.toBeDefined();
  });

  it('are per pattern, and in all', async () => {
    const own = await open({ SLIPWAY_QUOTA_PER_REPO: '9', SLIPWAY_QUOTAS: 'gh/*=9,git/*=1' });
    await own.start();
    const failure = await own.start().catch((error) => error);
    expect(failure).toMatchObject({ code: 'quota_reached', message: expect.stringMatching(/its 1 sessions/) });
    const all = await open({ SLIPWAY_QUOTA_TOTAL: '1' });
    await expect(all.start()).rejects.toMatchObject({ message: expect.stringMatching(/full/) });
  });

  it('see a session that was ended behind their back', async () => {
    const one = await open({ SLIPWAY_QUOTA_TOTAL: '1' });
    const { id } = await one.start();
    await world.docker.getContainer(`slipway-${id}`).remove({ force: true });
    await expect(one.start()).resolves.toBeDefined();
  });

  it('are not used up by what never came up', async () => {
    const one = await open({ SLIPWAY_QUOTA_TOTAL: '1' });
    await expect(one.start({ image: 'slipway/none:none' })).rejects.toMatchObject({ code: 'session_failed' });
    expect(await one.sessions.count()).toBe(0);
    const stopped = new AbortController();
    const starting = one.start({ signal: stopped.signal });
    setTimeout(() => stopped.abort(new SlipwayError('cancelled', 'no')), 400);
    await expect(starting).rejects.toThrow();
    await expect(one.start()).resolves.toBeDefined();
  });
});

describe('culling', () => {
  it('ends a session that nobody uses, and not one that somebody does', async () => {
    const one = await open({ SLIPWAY_SESSION_IDLE: '4s' });
    const [idle, used] = await Promise.all([one.start(), one.start()]);
    const use = setInterval(() => fetch(`${used.url}api`), 500);
    await until(async () => (await one.sessions.list()).length === 1);
    expect((await one.sessions.list()).map(({ id }) => id)).toEqual([used.id]);
    expect(await one.sessions.whyEnded(idle.id)).toMatchObject({ reason: 'idle' });
    clearInterval(use);
    await until(async () => (await one.sessions.count()) === 0);
  });

  it('takes the word of a kernel that computes though nobody looks', async () => {
    const one = await open({ SLIPWAY_SESSION_IDLE: '4s' });
    const session = await one.start();
    const code = 'import subprocess; subprocess.Popen(["sh", "-c", "sleep 1"])';
    await runCode(session, code);
    const busy = runCode(session, 'import time\nfor i in range(16): print(i, flush=True); time.sleep(0.5)');
    // Nothing goes from the reader to the session in all this time.
    expect(await busy).toMatch(/15\n$/);
    expect((await one.sessions.list()).map(({ id }) => id)).toEqual([session.id]);
  });

  it('ends what is too old, used or not', async () => {
    const one = await open({ SLIPWAY_SESSION_AGE: '5s', SLIPWAY_SESSION_IDLE: '2s' });
    const { id, url } = await one.start();
    const use = setInterval(() => fetch(`${url}api`).catch(() => undefined), 300);
    const took = await until(async () => (await one.sessions.list()).length === 0);
    clearInterval(use);
    expect(took).toBeGreaterThan(2500);
    expect(await one.sessions.whyEnded(id)).toMatchObject({ reason: 'age' });
  });

  it('goes on after a restart, from what was noted before it', async () => {
    const settings = { SLIPWAY_SESSION_IDLE: '6s' };
    const one = await open(settings);
    const session = await one.start();
    await one.close();
    opened.length = 0;
    const two = await open(settings);
    expect(await two.sessions.findByLaunch((await two.sessions.list())[0]?.launchId ?? '')).toMatchObject({
      id: session.id,
      token: session.token,
      client: '192.0.2.7',
    });
    expect((await two.sessions.timeLeft(session.id)).left).toBeLessThanOrEqual(6000);
    await until(async () => (await two.sessions.list()).length === 0);
  });

  it('knows its sessions though Redis has forgotten them', async () => {
    const one = await open({ SLIPWAY_SESSION_IDLE: '8s' });
    const { id } = await one.start();
    await (await redis.link()).client.flushall();
    await until(async () => (await one.sessions.count()) === 1);
    expect(await one.sessions.target(id)).toBeDefined();
    await until(async () => (await one.sessions.list()).length === 0);
    expect(await one.sessions.whyEnded(id)).toMatchObject({ reason: 'idle', repo: given.resolved.spec.canonicalUrl });
  });
});

describe('a process that dies while it starts a session', () => {
  it('leaves one that another goes on with', async () => {
    const [one, two] = [await open(), await open()];
    const launchId = newLaunchId();
    const begun = one.start({ launchId }).catch(() => undefined);
    await until(async () => (await two.sessions.list())[0]?.state === 'running');
    const session = await two.start({ launchId });
    await begun;
    expect((await two.sessions.list()).map(({ id }) => id)).toEqual([session.id]);
    expect(await two.sessions.count()).toBe(1);
  });

  it('leaves none when nobody does', async () => {
    const one = await open({ SLIPWAY_SESSION_IDLE: '2s' });
    const { id } = await one.start();
    // As Redis has it when the process was killed before the server answered.
    const link = await redis.link();
    const record = await new SessionClaims(link).get(id);
    const claim = JSON.stringify({ ...record, ready: false, owner: 'nobody' });
    await link.client.hset('slipway:sessions:claims', id, claim);
    const took = await until(async () => (await one.sessions.list()).length === 0, 30_000);
    expect(took).toBeGreaterThan(14_000);
    expect(await one.sessions.whyEnded(id)).toMatchObject({ reason: 'abandoned' });
  });
});

describe('an operator', () => {
  it('ends everything of a repository or an address', async () => {
    const one = await open();
    const [a, b] = await Promise.all([one.start(), one.start({ client: '192.0.2.9' })]);
    expect(await one.sessions.stopAll({ client: '192.0.2.9' })).toEqual([b.id]);
    expect(await one.sessions.stopAll({ repo: 'https://example.org/*' })).toEqual([]);
    expect(await one.sessions.stopAll({ repo: given.resolved.spec.canonicalUrl })).toEqual([a.id]);
    expect(await one.sessions.list()).toEqual([]);
  });
});
