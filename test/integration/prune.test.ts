/** Pruning, on a Docker engine of the test's own with tiny images: what goes, in which order, and what never does. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import { INSTANCE_LABEL, instanceId } from '../../src/instance.ts';
import type { RedisLink } from '../../src/queue/redis.ts';
import { type Context, createContext } from '../../src/service/context.ts';
import { type Extent, type PruneReport, prune } from '../../src/service/prune.ts';
import { Pruner, pruneDeps } from '../../src/service/pruner.ts';
import { Uses } from '../../src/service/uses.ts';
import type { Plan } from '../../src/types.ts';
import { makeNodeImage } from '../support/node-image.ts';
import { type OwnEngine, startEngine } from '../support/own-engine.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { cleanEnvironment, startSlipway } from '../support/slipway.ts';
import { buildSmall } from '../support/small-images.ts';

const MB = 2 ** 20;
const DAY = 86_400_000;

let engine: OwnEngine;
let redis: TestRedis;
let link: RedisLink;
let data: string;
let settings: Record<string, string>;
let config: Config;
let context: Context;

beforeAll(async () => {
  [engine, redis] = await Promise.all([startEngine(), startRedis()]);
  link = await redis.link();
});

afterAll(async () => {
  await redis?.close();
  await engine?.close();
});

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'slipway-prune-'));
  settings = { SLIPWAY_DATA: data, DOCKER_HOST: engine.host, REDIS_URL: redis.url };
  config = loadConfig(cleanEnvironment(settings));
  const log = pino({ level: 'silent' });
  context = createContext({ config, log, redis: link, self: 'test', observe: () => undefined });
  await link.client.flushall();
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([context.buildJobs.close(), context.tierJobs.close()]);
  for (const { Id } of await engine.docker.listContainers({ all: true }))
    await engine.docker.getContainer(Id).remove({ force: true });
  for (const { Id } of await engine.docker.listImages()) await engine.docker.getImage(Id).remove({ force: true });
  await dropCache();
  await rm(data, { recursive: true });
});

interface Made {
  parent?: string;
  tier?: string;
  size?: number;
  instance?: string;
}

/** An image of one layer on its parent's, built as ours are. */
async function make(name: string, { parent = 'scratch', tier, size = MB, instance }: Made = {}): Promise<void> {
  const labels = {
    [INSTANCE_LABEL]: instance ?? (await instanceId(config)),
    ...(tier && { 'org.slipway.tier': tier }),
  };
  const dockerfile = `FROM ${parent}\nCOPY bytes /${name.replace(/\W/g, '-')}\n`;
  await buildSmall(engine.docker, name, dockerfile, { bytes: randomBytes(size) }, { version: '2', labels });
}

/** A base, two environments on it, and a content on each; `old` ones were used before `new` ones. */
async function makeTiers(): Promise<void> {
  await make('slipway/base:b', { tier: 'base', size: 4 * MB });
  for (const name of ['old', 'new']) {
    await make(`slipway/environment:${name}`, { tier: 'environment', parent: 'slipway/base:b', size: 2 * MB });
    await make(`slipway/content:${name}`, { tier: 'content', parent: `slipway/environment:${name}` });
  }
  await new Uses(link).note('slipway/content:new', { last: Date.now() + 3 * DAY, count: 1 });
}

async function names(): Promise<string[]> {
  return (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).sort();
}

/** What the engine holds, in images and in BuildKit's cache that no image shares. */
async function held(): Promise<number> {
  const { LayersSize } = (await engine.docker.df()) as { LayersSize: number };
  return LayersSize + (await cache()).reduce((sum, { Size, Shared }) => (Shared ? sum : sum + Size), 0);
}

async function cache(): Promise<{ Size: number; Shared: boolean }[]> {
  const { BuildCache } = (await engine.docker.df()) as { BuildCache: { Size: number; Shared: boolean }[] | null };
  return BuildCache ?? [];
}

async function dropCache(): Promise<void> {
  await (await pruneDeps(config, async () => engine.docker)).stock.pruneCache(0);
}

/** On a disk of `total` bytes that holds what the engine has and nothing else. */
async function pruned(extent: Extent, total: number, dryRun = false): Promise<PruneReport> {
  const deps = await pruneDeps(config, async () => engine.docker, context);
  const disk = async () => {
    const used = await held();
    return { used, total, free: total - used };
  };
  return prune({ extent, dryRun }, { ...deps, disk });
}

/** Nothing is young any more. */
function later(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * DAY });
}

test('what was not used for longest goes first, content before environment, until enough is free', async () => {
  await makeTiers();
  await dropCache();
  later();
  // 10 MB of 12 are used; down to 60 % are 3 MB to go: the older environment and its content.
  const report = await pruned('high', 12 * MB);
  expect(report.images.map(({ name }) => name)).toEqual(['slipway/content:old', 'slipway/environment:old']);
  expect(await names()).toEqual(['slipway/base:b', 'slipway/content:new', 'slipway/environment:new']);
  expect(report.freed).toBeGreaterThan(2.9 * MB);
  expect(report.disk?.after.used).toBeLessThan(0.6 * 12 * MB + 1);
  expect(report.images.map(({ bytes }) => Math.round(bytes / MB))).toEqual([1, 2]);
});

test('everything that nobody uses goes in the end, the base last; a disk that is not high is left alone', async () => {
  await makeTiers();
  later();
  expect((await pruned('high', 80 * MB)).images).toEqual([]);
  const report = await pruned('high', 10 * MB + MB / 2, true);
  expect(report.images.length).toBeGreaterThan(1);
  expect((await names()).length).toBe(5);
  const all = await pruned('all', 20 * MB);
  expect(all.images.at(-1)?.name).toBe('slipway/base:b');
  expect(await names()).toEqual([]);
  expect(await held()).toBe(0);
});

test('BuildKit’s cache goes before images do, and with an image what of it only the cache has left', async () => {
  await makeTiers();
  later();
  const before = await held();
  expect(before).toBeGreaterThan(15 * MB);
  // As much as the disk is to be emptied by is in the cache alone.
  const first = await pruned('high', before / 0.85);
  expect(first.images).toEqual([]);
  expect(first.cache).toBeGreaterThan(before * 0.25);
  expect((await cache()).some(({ Shared }) => Shared)).toBe(true);
  const used = await held();
  const second = await pruned('high', used * 0.75);
  expect(second.images[0]?.name).toBe('slipway/content:old');
  expect(await held()).toBeLessThan(0.46 * used);
});

test('of those of one day the one that was used more often stays', async () => {
  await makeTiers();
  const [now, uses] = [Date.now() + 3 * DAY, new Uses(link)];
  await uses.note('slipway/content:old', { last: now - 1, count: 5 });
  later();
  const report = await pruned('high', 12 * MB);
  expect(report.images[0]?.name).toBe('slipway/content:new');
  expect((await uses.all()).get('slipway/content:new')).toBeUndefined();
});

test('that a content was used counts for its environment when the content is gone', async () => {
  await makeTiers();
  await make('slipway/content:newer', { tier: 'content', parent: 'slipway/environment:new', size: 3 * MB });
  await dropCache();
  const uses = new Uses(link);
  await uses.note('slipway/content:old', { last: Date.now() + 2 * DAY, count: 3 });
  await uses.note('slipway/content:newer', { last: Date.now() + 4 * DAY, count: 1 });
  later();
  // 13 MB are used: less than one has to go.
  const { images } = await pruned('low', 20.5 * MB);
  expect(images.map(({ name }) => name)).toEqual(['slipway/content:old']);
  expect(await names()).toContain('slipway/environment:old');
  expect((await uses.all()).get('slipway/environment:old')?.count).toBe(3);
});

test('what is young, runs, is being built or is not ours stays, and whatever it stands on', async () => {
  await makeTiers();
  const removeNode = await makeNodeImage(engine.docker, 'node:test', 'setInterval(() => {}, 1000)');
  await make('slipway/base:node', { tier: 'base', parent: 'node:test' });
  await make('slipway/content:runs', { tier: 'content', parent: 'slipway/base:node' });
  await make('slipway/environment:being', { tier: 'environment' });
  await make('slipway/environment:other', { tier: 'environment', instance: '0123456789abcdef' });
  await make('slipway/content:named', { tier: 'content' });
  await engine.docker.getImage('slipway/content:named').tag({ repo: 'mine', tag: 'kept' });
  const container = await engine.docker.createContainer({
    Image: 'slipway/content:runs',
    HostConfig: { NetworkMode: 'none' },
  });
  await container.start();
  const tier = (name: string) => ({ key: name, image: `slipway/environment:${name}` });
  const plan = { tiers: { base: tier('being'), environment: tier('being'), content: tier('being') } } as Plan;
  const job = { plan, refresh: false, createdAt: new Date().toISOString() };
  await context.tierJobs.add('being', job, { client: '192.0.2.1', repo: 'https://example.org/a' });

  expect((await pruned('high', MB)).images).toEqual([]);
  later();
  await pruned('high', MB);
  const kept = [
    ...['mine:kept', 'node:test', 'slipway/base:node', 'slipway/content:named', 'slipway/content:runs'],
    ...['slipway/environment:being', 'slipway/environment:other'],
  ];
  expect(await names()).toEqual(kept);
  expect((await container.inspect()).State.Running).toBe(true);

  await context.tierJobs.cancel('being');
  await container.remove({ force: true });
  await pruned('all', MB);
  expect(await names()).toEqual(['mine:kept', 'node:test', 'slipway/content:named', 'slipway/environment:other']);
  await removeNode();
});

test('images without a name go, and what a build that was killed left', async () => {
  await make('slipway/base:b', { tier: 'base' });
  await make('slipway/base:b', { tier: 'base' });
  await make('slipway/build:0123', { tier: 'environment', size: 2 * MB });
  expect(await engine.docker.listImages()).toHaveLength(3);
  await new Uses(link).note('slipway/base:b', { last: Date.now() + 4 * DAY, count: 1 });
  await dropCache();
  later();
  await pruned('high', 3 * MB);
  expect(await names()).toEqual(['slipway/base:b']);
  expect(await engine.docker.listImages()).toHaveLength(1);
});

test('a worker looks at the disk that the engine is on, and prunes what is past its limits', async () => {
  await makeTiers();
  later();
  const idle = { ...config, SLIPWAY_DISK_HIGH: 99, SLIPWAY_DISK_LOW: 0 };
  await new Pruner({ ...context, config: idle }).look();
  expect(await names()).toHaveLength(5);
  // Any real disk is fuller than that.
  const eager = { ...config, SLIPWAY_DISK_HIGH: 0, SLIPWAY_DISK_LOW: 0 };
  await new Pruner({ ...context, config: eager }).look();
  expect(await names()).toEqual([]);
});

async function oldFile(path: string, content: string, age = 40 * DAY): Promise<void> {
  await mkdir(dirname(join(data, path)), { recursive: true });
  await writeFile(join(data, path), content);
  const then = new Date(Date.now() - age);
  await utimes(join(data, path), then, then);
}

test('plans without an image, logs and root file systems go by age; files of others stay', async () => {
  await make('slipway/content:there', { tier: 'content' });
  const plan = (image: string) => JSON.stringify({ tiers: { content: { image } } });
  await oldFile('plans/ab/there.json', plan('slipway/content:there'));
  await oldFile('plans/ab/gone.json', plan('slipway/content:gone'));
  await oldFile('plans/ab/young.json', plan('slipway/content:gone'), DAY);
  await oldFile('logs/A.log.gz', 'x'.repeat(1000));
  await oldFile('rootfs/buster-amd64.tar.gz', 'x'.repeat(5000));
  await oldFile('kin/abc.json', '[]');
  await oldFile('instance.bak', 'x');
  const { files } = await pruned('low', 100 * MB);
  expect(files.count).toBe(4);
  expect(files.bytes).toBeGreaterThan(6000);
  const left = await readdir(data, { recursive: true });
  expect(left).toEqual(expect.arrayContaining(['instance.bak', 'plans/ab/there.json', 'plans/ab/young.json']));
  expect(left).not.toContain('plans/ab/gone.json');
  expect(left.filter((path) => /^(logs|rootfs|kin)\//.test(path))).toEqual([]);
});

test('the command says what would go, then removes it, with the service’s Redis and without', async () => {
  await makeTiers();
  const dry = await startSlipway(['prune', '--all', '--dry-run'], { settings }).done;
  expect(dry.exitCode, dry.stderr).toBe(0);
  for (const name of ['slipway/content:old', 'slipway/base:b']) expect(dry.stdout).toContain(name);
  expect(dry.stdout).toMatch(/About [\d.]+ MB would be freed; the disk is \d+ % full/);
  expect(await names()).toHaveLength(5);

  const idle = await startSlipway(['prune'], {
    settings: { ...settings, SLIPWAY_DISK_HIGH: '100', SLIPWAY_DISK_LOW: '99' },
  }).done;
  expect(idle.stdout).toContain('Nothing to prune');

  const { REDIS_URL: _, ...alone } = settings;
  const run = await startSlipway(['prune', '--all', '--json'], { settings: alone }).done;
  expect(run.exitCode, run.stderr).toBe(0);
  const report = JSON.parse(run.stdout) as PruneReport;
  expect(report.images).toHaveLength(5);
  expect(report.images.at(-1)).toMatchObject({ name: 'slipway/base:b', tier: 'base' });
  expect(await names()).toEqual([]);
  // Where there was no Redis none is left.
  expect(await readdir(data)).not.toContain('redis');
});
