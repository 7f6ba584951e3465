/** What leaves the registry, and what stays: Debian's docker-registry, its own garbage collection, and our memory of uses. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPublishedStock, type PublishedStock } from '../../../src/images.ts';
import { attach, tagOf } from '../../../src/publish/artifacts.ts';
import { type Descriptor, encodeManifest, TYPES } from '../../../src/publish/manifest.ts';
import type { Registry } from '../../../src/publish/registry.ts';
import { fileMemory, retain } from '../../../src/service/retention.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { openRegistry, registryConfig } from '../../support/publishing.ts';

const DAY = 86_400_000;
const data = mkdtempSync(join(tmpdir(), 'slipway-retention-'));
const key = (letter: string) => letter.repeat(40);
let server: DockerRegistry;
let registry: Registry;
let stock: PublishedStock;
let wanted = new Set<string>();

beforeAll(async () => {
  server = await startRegistry();
  registry = openRegistry(server.host);
  stock = (await openPublishedStock(registryConfig(server.host))) as PublishedStock;
  const base = await blob('base', 300_000);
  await image('base', key('a'), [base]);
  await image('environment', key('b'), [await blob('environment', 200_000)], { base: key('a') });
  await image('environment', key('c'), [await blob('environment', 100_000)], { base: key('a') });
  await image('content', key('d'), [await blob('content', 50_000)], { base: key('a'), environment: key('b') });
  await image('content', key('e'), [await blob('content', 40_000)], { base: key('a'), environment: key('c') });
});
afterAll(async () => {
  await server.close();
  rmSync(data, { recursive: true, force: true });
});

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function blob(repository: string, size: number): Promise<Descriptor> {
  return { mediaType: TYPES.gzip, ...(await registry.upload(repository, one(Buffer.alloc(size, `${size}`)))) };
}

async function image(repository: string, tag: string, layers: Descriptor[], below: Record<string, string> = {}) {
  const config = { mediaType: TYPES.config, ...(await registry.upload(repository, one(Buffer.from(`"${tag}"`)))) };
  const annotations = Object.fromEntries(Object.entries(below).map(([tier, name]) => [`org.slipway.${tier}`, name]));
  const bytes = encodeManifest({ schemaVersion: 2, mediaType: TYPES.manifest, config, layers, annotations });
  const digest = await registry.putManifest(repository, tag, bytes, TYPES.manifest);
  const statement = { type: 'text/provenance', name: 'p.json', content: Buffer.from(tag) };
  await attach(registry, repository, { digest, size: bytes.length }, [statement]);
}

const memory = fileMemory({ SLIPWAY_DATA: data });
const config = { SLIPWAY_REGISTRY_KEEP: 90 * DAY, SLIPWAY_SESSION_AGE: DAY };
const run = (days: number, more: { dryRun?: boolean; keep?: number } = {}) =>
  retain(
    {
      config: { ...config, SLIPWAY_REGISTRY_KEEP: more.keep ?? config.SLIPWAY_REGISTRY_KEEP },
      stock,
      memory,
      wanted: async () => wanted,
    },
    { now: START + days * DAY, dryRun: more.dryRun ?? false },
  );
const START = Date.UTC(2026, 0, 1);
const nameOf = (tier: string, letter: string) => registry.imageName(tier, key(letter));

it('removes nothing of which it does not know how old it is', async () => {
  expect(await run(0)).toEqual({ images: [], unreferenced: 0, freed: 0 });
  expect(await run(89)).toMatchObject({ images: [] });
});

it('says first what would go: what nobody used, and what only that stood on', async () => {
  await memory.note(nameOf('content', 'd'), { last: START + 80 * DAY, count: 1 });
  const report = await run(100, { dryRun: true });
  expect(report.images.map(({ name }) => name)).toEqual([nameOf('content', 'e'), nameOf('environment', 'c')]);
  expect(report.unreferenced).toBe(140_000 + 2 * 42);
  expect((await stock.list()).length).toBe(5);
});

it('keeps what a session runs or a build needs, however old', async () => {
  wanted = new Set([`slipway/content:${key('e')}`, `slipway/environment:${key('c')}`]);
  expect((await run(100)).images).toEqual([]);
  wanted = new Set();
});

it('keeps everything when it is told to', async () => {
  expect((await run(10_000, { keep: 0 })).images).toEqual([]);
});

it('removes images with what is attached to them; the bytes go by the garbage collection of the registry', async () => {
  const digest = (await registry.hasManifest('content', key('e'))) ?? '';
  const report = await run(100);
  expect(report).toMatchObject({ unreferenced: 140_000 + 2 * 42, freed: 0 });
  expect(await registry.tags('content')).not.toContain(key('e'));
  expect(await registry.hasManifest('content', tagOf(digest))).toBeUndefined();
  expect((await stock.list()).map(({ key: left }) => left[0]).sort()).toEqual(['a', 'b', 'd']);
  const before = bytesOf(dirname(server.config));
  execFileSync('docker-registry', ['garbage-collect', server.config], { stdio: 'ignore' });
  expect(before - bytesOf(dirname(server.config))).toBeGreaterThanOrEqual(report.unreferenced);
  expect(await registry.hasManifest('content', key('d'))).toBeDefined();
});

it('leaves alone a tag that names another image by now', async () => {
  const [content] = (await stock.list()).filter(({ tier }) => tier === 'content');
  if (!content) throw new Error('nothing is left');
  expect(await stock.remove({ ...content, digest: `sha256:${'0'.repeat(64)}` })).toBe(false);
  expect(await registry.hasManifest('content', key('d'))).toBe(content.digest);
});

function bytesOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
