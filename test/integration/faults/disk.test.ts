/** An engine whose disk really fills up, in a build and while content is put in: a reason, nothing left, and on it goes. */
import { randomBytes } from 'node:crypto';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildImage } from '../../../src/build/build.ts';
import { loadContent } from '../../../src/build/load.ts';
import { loadConfig } from '../../../src/config.ts';
import { writeContentLayer } from '../../../src/render/content-layer.ts';
import { memoryCheckout } from '../../support/checkout.ts';
import { makeNodeImage } from '../../support/node-image.ts';
import { type OwnEngine, startEngine } from '../../support/own-engine.ts';
import { tempFolder } from '../../support/repo.ts';

const MB = 2 ** 20;
/** Node takes half of it. */
const DISK = 220;
const BASE = 'slipway-test/small:1';

let engine: OwnEngine;
let folder: Awaited<ReturnType<typeof tempFolder>>;
let before: { images: string[]; free: number };

beforeAll(async () => {
  engine = await startEngine({ network: true, disk: `${DISK}m` });
  folder = await tempFolder('disk');
  await makeNodeImage(engine.docker, BASE, 'process.exit(0)');
});
afterAll(async () => {
  await engine?.close();
  await folder?.remove();
});
beforeEach(async () => {
  before = { images: await images(), free: await free() };
});

async function free(): Promise<number> {
  const { bavail, bsize } = await statfs(engine.data);
  return bavail * bsize;
}

async function images(): Promise<string[]> {
  const all = await engine.docker.listImages({ all: true });
  return all.map(({ Id, RepoTags }) => `${RepoTags} ${Id}`).sort();
}

function deps(settings: Record<string, string> = {}) {
  const own = { DOCKER_HOST: engine.host, SLIPWAY_DATA: folder.path, SLIPWAY_EGRESS: 'off', SLIPWAY_DISK_FREE: '0' };
  const config = loadConfig({ PATH: process.env.PATH, ...own, ...settings });
  return { docker: engine.docker, config, emit: () => {}, signal: new AbortController().signal };
}

/** Writes a number of megabytes, a few at a time. */
function build(megabytes: number, pause: number, settings?: Record<string, string>) {
  const write = `require('fs').appendFileSync('/big', Buffer.alloc(${5 * MB}, 'x'))`;
  const script = `(async () => { for (let n = 0; n < ${megabytes}; n += 5) { ${write}; await new Promise((go) => setTimeout(go, ${pause})); } })()`;
  const run = JSON.stringify([process.execPath, '-e', script]);
  const dockerfile = `FROM ${BASE}\n# step: Running postBuild\nRUN ${run}\n`;
  return buildImage({ dockerfile, tag: 'slipway-test/built:1', labels: {}, suite: 'bookworm' }, deps(settings));
}

async function load(megabytes: number) {
  await writeFile(join(folder.path, 'data.bin'), randomBytes(megabytes * MB));
  const checkout = { ...memoryCheckout({}), root: folder.path, paths: async () => ['data.bin'] };
  const writeLayer = (sink: Writable) => writeContentLayer(checkout, { executables: [], keep: [] }, sink);
  const input = { parentImage: BASE, tag: 'slipway-test/content:1', labels: {}, environment: {}, workdir: '/home' };
  return loadContent({ ...input, created: '2024-01-01T00:00:00Z', writeLayer }, deps());
}

/** Of what failed nothing is left but the few bytes of a journal. */
async function expectNothingLeft(): Promise<void> {
  expect(await images()).toEqual(before.images);
  expect(await engine.docker.listContainers({ all: true })).toEqual([]);
  await expect.poll(free).toBeGreaterThan(before.free - 2 * MB);
}

it('a build that fills it fails with the reason, and the next one has its space', async () => {
  await expect(build(DISK, 0)).rejects.toMatchObject({
    code: 'disk_full',
    message: expect.stringContaining('Running postBuild'),
  });
  await expectNothingLeft();
  await build(20, 0);
  await engine.docker.getImage('slipway-test/built:1').remove({ force: true });
});

it('a build is stopped before it has all, where SLIPWAY_DISK_FREE says so', async () => {
  const wanted = `${Math.round((await free()) / MB) - 40}M`;
  await expect(build(DISK, 400, { SLIPWAY_DISK_FREE: wanted })).rejects.toMatchObject({
    code: 'disk_full',
    message: expect.stringContaining('are free in'),
  });
  await expectNothingLeft();
});

it('content that has no room is said to have none, and goes in when there is some', async () => {
  const ballast = join(engine.data, 'ballast');
  await writeFile(ballast, Buffer.alloc((await free()) - 10 * MB));
  before.free = await free();
  await expect(load(20)).rejects.toMatchObject({ code: 'disk_full' });
  await expectNothingLeft();
  await rm(ballast);
  const { imageId } = await load(20);
  expect((await engine.docker.getImage('slipway-test/content:1').inspect()).Id).toBe(imageId);
});
