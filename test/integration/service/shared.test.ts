/** What one process keeps and another needs that has a data folder of its own: with the same REDIS_URL it is there. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../../../src/config.ts';
import { SlipwayError } from '../../../src/errors.ts';
import { instanceId } from '../../../src/instance.ts';
import { keepPlan, keptPlan } from '../../../src/pipeline.ts';
import type { RedisLink } from '../../../src/queue/redis.ts';
import { BuiltPlans } from '../../../src/service/built-plans.ts';
import { sharedRests } from '../../../src/service/host-rests.ts';
import { joinInstallation } from '../../../src/service/installation.ts';
import { Logs } from '../../../src/service/log-store.ts';
import { createLookups } from '../../../src/service/lookups.ts';
import type { Plan, RepoSpec, Resolved } from '../../../src/types.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { tempFolder } from '../../support/repo.ts';

const MONTH = 30 * 86_400_000;

let redis: TestRedis;
let link: RedisLink;
const folders: Awaited<ReturnType<typeof tempFolder>>[] = [];

beforeAll(async () => {
  redis = await startRedis();
  link = await redis.link();
});
afterAll(async () => {
  await redis?.close();
  await Promise.all(folders.map((folder) => folder.remove()));
});

/** Settings of a process with a data folder of its own. */
async function apart(settings: Record<string, string> = { REDIS_URL: redis.url }): Promise<Config> {
  const folder = await tempFolder('shared');
  folders.push(folder);
  return loadConfig({ SLIPWAY_DATA: folder.path, ...settings });
}

function commit(): { resolved: Resolved; plan: Plan } {
  const sha = randomBytes(20).toString('hex');
  const resolved = { spec: { canonicalUrl: 'https://example.org/tides' }, ref: 'main', commit: sha } as Resolved;
  return { resolved, plan: { commit: sha, subdir: 'docs', repo: 'https://example.org/tides' } as Plan };
}

const read = (n: number, message: string) => ({ n, json: JSON.stringify({ phase: 'building', message }) });

describe('the plan by which a commit was built', () => {
  it('is known to every process, as the last one built it, for as long as it is asked for', async () => {
    const [here, there] = [new BuiltPlans(await apart(), link), new BuiltPlans(await apart(), link)];
    const { resolved, plan } = commit();
    expect(await there.find(resolved, 'docs')).toBeUndefined();
    await here.keep(plan, resolved);
    expect(await there.find(resolved, 'docs')).toEqual(plan);
    await there.keep({ ...plan, asOf: '2025-01-01' }, resolved);
    expect(await here.find(resolved, 'docs')).toMatchObject({ asOf: '2025-01-01' });
    const [key = ''] = await link.client.keys('slipway:built-plans:*');
    await link.client.pexpire(key, 1000);
    await here.find(resolved, 'docs');
    expect(await link.client.pttl(key)).toBeGreaterThan(MONTH - 60_000);
  });

  it('is told to the others when only a folder has it still', async () => {
    const config = await apart();
    const { resolved, plan } = commit();
    await keepPlan(plan, resolved, config);
    expect(await new BuiltPlans(config, link).find(resolved, 'docs')).toEqual(plan);
    expect(await new BuiltPlans(await apart(), link).find(resolved, 'docs')).toEqual(plan);
  });

  it("is in the folder alone where that is what all have in common, with Slipway's own Redis", async () => {
    const config = await apart({});
    const { resolved, plan } = commit();
    const before = await link.client.dbsize();
    await new BuiltPlans(config, link).keep(plan, resolved);
    expect(await link.client.dbsize()).toBe(before);
    expect(await keptPlan(resolved, 'docs', config)).toEqual(plan);
  });
});

describe('a host that was asked too often', () => {
  it('is left alone by every process, for as long as it said', async () => {
    const spec = { provider: 'git', cloneUrl: 'https://git.example.org/a.git' } as RepoSpec;
    const asked: string[] = [];
    const process = (name: string) => {
      const ask = async () => {
        asked.push(name);
        throw new SlipwayError('host_rate_limited', 'too often', { retryAfter: 90_000 });
      };
      return createLookups(loadConfig({}), ask, Date.now, sharedRests(link));
    };
    await expect(process('here').resolve(spec)).rejects.toThrow('too often');
    const refused = await process('there')
      .resolve(spec)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'host_rate_limited', hint: expect.stringMatching(/in (90|89) s/) });
    expect(asked).toEqual(['here']);
    await link.client.pexpire('slipway:rest:git.example.org', 0);
    await expect(process('later').resolve(spec)).rejects.toThrow('too often');
    expect(asked).toEqual(['here', 'later']);
  });
});

describe('the log of a build that is over', () => {
  it('is served by every process, and goes when its record does', async () => {
    const config = await apart();
    await new Logs(config, link).store('01ABC', [read(0, 'Fetching'), read(1, 'Building\n')]);
    const stored = await new Logs(await apart(), link).read('01ABC');
    expect(stored && (await text(stored))).toBe('Fetching\nBuilding\n');
    expect(await link.client.pttl('slipway:logs:01ABC')).toBeGreaterThan(MONTH - 60_000);
    expect(existsSync(join(config.SLIPWAY_DATA, 'logs'))).toBe(false);
  });

  it('takes no more memory than it may, however little it compresses', async () => {
    const noise = Array.from({ length: 40 }, (_, n) => read(n, randomBytes(50_000).toString('base64')));
    const logs = new Logs(await apart(), link);
    await logs.store('01LONG', noise);
    expect(await link.client.strlen('slipway:logs:01LONG')).toBeLessThan(256 * 1024);
    const stored = await logs.read('01LONG');
    const words = (stored && (await text(stored))) ?? '';
    expect(words.length).toBeGreaterThan(100_000);
    expect(words).toMatch(/not kept\n$/);
  });

  it('that a folder has from before is read from there', async () => {
    const folder = await apart({});
    await new Logs(folder, link).store('01OLD', [read(0, 'Fetching')]);
    expect(await readdir(join(folder.SLIPWAY_DATA, 'logs'))).toEqual(['01OLD.log.gz']);
    const now = new Logs(loadConfig({ SLIPWAY_DATA: folder.SLIPWAY_DATA, REDIS_URL: redis.url }), link);
    const stored = await now.read('01OLD');
    expect(stored && (await text(stored))).toBe('Fetching\n');
  });
});

it('all are one installation, as the first of them was', async () => {
  const first = await apart();
  const own = await instanceId(first);
  const others = [await apart(), await apart()];
  await joinInstallation(first, link);
  await Promise.all(others.map((other) => joinInstallation(other, link)));
  for (const other of others) expect(await instanceId(other)).toBe(own);
});
