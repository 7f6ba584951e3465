/** A commit published without an engine, on Debian's docker-registry. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ImageConfig } from '../../../src/image-config.ts';
import { publishContent } from '../../../src/publish/content.ts';
import { type Place, type PublishedImage, publish, readImage, uploadLayer } from '../../../src/publish/image.ts';
import type { Registry } from '../../../src/publish/registry.ts';
import { writeContentLayer } from '../../../src/render/content-layer.ts';
import type { Checkout } from '../../../src/types.ts';
import { memoryCheckout } from '../../support/checkout.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { openRegistry } from '../../support/publishing.ts';

const root = mkdtempSync(join(tmpdir(), 'slipway-content-'));
let server: DockerRegistry;
let proxy: FaultProxy;
let registry: Registry;
let parent: PublishedImage;

beforeAll(async () => {
  mkdirSync(join(root, 'data'));
  writeFileSync(join(root, 'index.ipynb'), '{}');
  writeFileSync(join(root, 'data/secret.txt'), 'committed by mistake');
  server = await startRegistry();
  proxy = await startFaultProxy(server.host);
  registry = openRegistry(proxy.host);
  parent = await environment({ repository: 'environment', tag: 'e1' });
});
afterAll(async () => {
  proxy.close();
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

function checkout(): Checkout {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
  return { ...memoryCheckout({}, { commitDate: '2022-05-10T12:00:00Z' }), root, paths: async () => paths };
}

/** What a layer holds beside the repository's files. */
const marks = Object.fromEntries(
  ['nbconfig', 'serverconfig'].map((folder) => [
    `usr/local/etc/jupyter/${folder}/slipway.json`,
    `{"commit":"${memoryCheckout({}).resolved.commit}"}\n`,
  ]),
);

const writeLayer = (sink: Writable) => writeContentLayer(checkout(), { executables: [], keep: [] }, sink);

/** An environment of one layer, in the registry alone. */
async function environment(place: Place): Promise<PublishedImage> {
  const { layer, written } = await uploadLayer(registry, place.repository, 'gzip', writeLayer);
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    config: {
      Env: ['PATH=/srv/env/bin', 'REPO_DIR=/elsewhere'],
      Labels: { 'org.slipway.instance': 'x' },
      User: 'jovyan',
    },
    rootfs: { type: 'layers', diff_ids: [written.diffId] },
  };
  await publish(registry, place, config, [layer]);
  const found = await readImage(registry, place);
  if (!found) throw new Error('not published');
  return found;
}

async function publishCommit(tag: string, to: Registry = registry, write = writeLayer): Promise<string> {
  const input = {
    ...{ repository: 'content', tag, parent, workdir: '/home/jovyan', created: '2022-05-10T12:00:00Z' },
    labels: { 'org.slipway.tier': 'content', 'org.opencontainers.image.revision': 'abc' },
    environment: { REPO_DIR: '/home/jovyan' },
    writeLayer: write,
  };
  return (await publishContent(input, { registry: to, compression: 'gzip', emit: () => undefined })).digest;
}

async function filesOf(tag: string): Promise<Record<string, string>> {
  const image = (await readImage(registry, { repository: 'content', tag })) as PublishedImage;
  const layer = image.manifest.layers.at(-1);
  if (!layer) throw new Error('no layers');
  const reader = extract();
  reader.end(gunzipSync(await registry.blob('content', layer)));
  const files: Record<string, string> = {};
  for await (const entry of reader) {
    let text = '';
    for await (const chunk of entry) text += chunk;
    if (entry.header.type === 'file') files[entry.header.name] = text;
  }
  return files;
}

it('publishes a commit on its environment, with nothing but its own layer uploaded', async () => {
  proxy.seen.length = 0;
  const digest = await publishCommit('c1');
  const image = (await readImage(registry, { repository: 'content', tag: 'c1' })) as PublishedImage;
  expect(image.digest).toBe(digest);
  expect(image.manifest.layers.slice(0, -1)).toEqual(parent.manifest.layers);
  expect(image.config.config.Env).toEqual(['PATH=/srv/env/bin', 'REPO_DIR=/home/jovyan']);
  expect(image.config.config.WorkingDir).toBe('/home/jovyan');
  expect(image.config.created).toBe('2022-05-10T12:00:00.000Z');
  expect(image.config.config.Labels).not.toHaveProperty('org.slipway.instance');
  expect(image.manifest.annotations).toMatchObject({
    'org.opencontainers.image.revision': 'abc',
    'org.opencontainers.image.base.digest': parent.digest,
  });
  expect(await filesOf('c1')).toEqual({
    'home/jovyan/index.ipynb': '{}',
    'home/jovyan/data/secret.txt': 'committed by mistake',
    ...marks,
  });
  // Layer, config, manifest; of the environment nothing came here.
  expect(proxy.seen.filter(({ method }) => method === 'PUT')).toHaveLength(3);
});

it('is the same image to the byte, from another worker and another checkout', async () => {
  const first = await publishCommit('c1');
  utimesSync(join(root, 'index.ipynb'), 1, 1);
  expect(await publishCommit('c1', openRegistry(server.host))).toBe(first);
});

it('may be published by several workers at once', async () => {
  const digests = await Promise.all([1, 2, 3, 4].map(() => publishCommit('together', openRegistry(server.host))));
  expect(new Set(digests).size).toBe(1);
  expect(await registry.hasManifest('content', 'together')).toBe(digests[0]);
});

it('replaces the content of the commit before instead of stacking on it', async () => {
  await publishCommit('c1');
  unlinkSync(join(root, 'data/secret.txt'));
  await publishCommit('c2');
  const image = (await readImage(registry, { repository: 'content', tag: 'c2' })) as PublishedImage;
  expect(image.manifest.layers).toHaveLength(parent.manifest.layers.length + 1);
  expect(Object.keys(await filesOf('c2'))).toEqual(['home/jovyan/index.ipynb', ...Object.keys(marks)]);
});

it('leaves no tag when it is killed at any request, and ends when it is asked for again', async () => {
  proxy.seen.length = 0;
  await publishCommit('whole');
  const requests = proxy.seen.length;
  for (let last = 1; last < requests; last += 1) {
    const stop = new AbortController();
    proxy.seen.length = 0;
    proxy.fault = (_request, seen) => {
      if (seen.length === last) stop.abort(new Error('killed'));
      return undefined;
    };
    await expect(publishCommit('half', openRegistry(proxy.host, {}, stop.signal))).rejects.toThrow('killed');
    proxy.fault = () => undefined;
    if (last < requests - 1) expect(await registry.hasManifest('content', 'half')).toBeUndefined();
  }
  expect(await publishCommit('half')).toBe(await publishCommit('whole'));
});

it('says what went wrong with the checkout, not with the upload', async () => {
  const failing = async (sink: Writable): Promise<never> => {
    sink.write('half of it');
    throw new Error('the disk is gone');
  };
  await expect(publishCommit('broken', registry, failing)).rejects.toThrow('the disk is gone');
  expect(await registry.hasManifest('content', 'broken')).toBeUndefined();
});
