/** Images moved from the engine to the registry, and into an engine that has none of them. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { connectEngine } from '../../../src/engine.ts';
import { INSTANCE_LABEL } from '../../../src/instance.ts';
import type { Compression } from '../../../src/publish/compression.ts';
import { layersOf, type PublishedImage, readImage, uploadLayer } from '../../../src/publish/image.ts';
import { pullImage } from '../../../src/publish/pull.ts';
import { pushImage } from '../../../src/publish/push.ts';
import type { Registry } from '../../../src/publish/registry.ts';
import type { SlipwayEvent } from '../../../src/types.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { type OwnEngine, startEngine } from '../../support/own-engine.ts';
import { openRegistry } from '../../support/publishing.ts';
import { buildSmall, fileOf } from '../../support/small-images.ts';

const name = (tier: string) => `slipway/test-${tier}:${process.pid}`;
const [BASE, ENVIRONMENT, ALIAS] = [name('base'), name('environment'), name('alias')];
const blob = randomBytes(12_000_000);

let docker: Docker;
let cold: OwnEngine;
let server: DockerRegistry;
let proxy: FaultProxy;
let registry: Registry;
const events: SlipwayEvent[] = [];

beforeAll(async () => {
  docker = await connectEngine(loadConfig({}));
  cold = await startEngine();
  server = await startRegistry();
  proxy = await startFaultProxy(server.host);
  registry = openRegistry(proxy.host);
  const base = `FROM scratch\nCOPY a /a\nCOPY b /b\nENV X=1\nLABEL org.slipway.tier=base\nLABEL ${INSTANCE_LABEL}=other`;
  await buildSmall(docker, BASE, base, { a: randomBytes(3_000_000), b: 'same' });
  // One of its layers is a layer of the base once more.
  const environment = `FROM ${BASE}\nCOPY c /c\nCOPY b /b\nCOPY d /d\nLABEL org.slipway.tier=environment org.slipway.resolved-as-of=2024-05-06`;
  await buildSmall(docker, ENVIRONMENT, environment, { c: blob, b: 'same', d: 'other' });
  const [repo = '', tag = ''] = ALIAS.split(':');
  await docker.getImage(BASE).tag({ repo, tag });
});
afterAll(async () => {
  for (const image of [ENVIRONMENT, ALIAS, BASE]) await docker.getImage(image).remove({ force: true });
  proxy.close();
  await Promise.all([server.close(), cold.close()]);
});
beforeEach(() => {
  proxy.fault = () => undefined;
  proxy.seen.length = 0;
  events.length = 0;
});

const deps = (compression: Compression = 'gzip', from: Registry = registry) => ({
  registry: from,
  docker,
  compression,
  emit: (event: SlipwayEvent) => void events.push(event),
});

async function published(repository: string, tag: string): Promise<PublishedImage> {
  const image = await readImage(registry, { repository, tag });
  if (!image) throw new Error(`${repository}:${tag} is not there`);
  return image;
}

const sent = () => proxy.seen.filter(({ method }) => method === 'PATCH' || method === 'PUT').length;
const fetched = () => proxy.seen.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')).length;

it('publishes a base, and on it an environment by no more than its own layers', async () => {
  const { digest } = await pushImage({ repository: 'base', tag: 'b1', image: BASE }, deps());
  const base = await published('base', 'b1');
  expect(base.digest).toBe(digest);
  expect(base.manifest.annotations).toEqual({ 'org.slipway.tier': 'base' });
  expect(base.config.config.Labels).toEqual({ 'org.slipway.tier': 'base' });
  expect(base.config.config.Env).toContain('X=1');
  proxy.seen.length = 0;
  const parent = { published: base, image: BASE };
  await pushImage({ repository: 'environment', tag: 'e1', image: ENVIRONMENT, parent }, deps());
  const environment = await published('environment', 'e1');
  const lower = [...layersOf(base).values()];
  expect(environment.manifest.layers.slice(0, lower.length)).toEqual(lower);
  expect(environment.manifest.annotations?.['org.slipway.resolved-as-of']).toBe('2024-05-06');
  // Of the big layer a chunk and its end, the small one, the config, the manifest.
  expect(sent()).toBe(5);
  expect(events.at(-1)).toMatchObject({ phase: 'pushing', message: expect.stringContaining('/environment:e1') });
});

it('gives an environment without steps of its own the manifest of its base', async () => {
  const base = await published('base', 'b1');
  const input = { repository: 'environment', tag: 'e0', image: ALIAS, parent: { published: base, image: BASE } };
  expect((await pushImage(input, deps())).digest).toBe(base.digest);
  expect((await published('environment', 'e0')).digest).toBe(base.digest);
});

it('pulls into an engine what that lacks, as its own', async () => {
  const pull = { registry, docker: cold.docker, instance: 'mine' };
  await pullImage({ published: await published('base', 'b1'), image: BASE, relatives: [] }, pull);
  proxy.seen.length = 0;
  const environment = await published('environment', 'e1');
  await pullImage({ published: environment, image: ENVIRONMENT, relatives: ['slipway/absent:1', BASE] }, pull);
  // The config, and the layers that stand on the base.
  expect(fetched()).toBe(4);
  const info = await cold.docker.getImage(ENVIRONMENT).inspect();
  expect(info.Config.Labels[INSTANCE_LABEL]).toBe('mine');
  expect(info.RootFS.Layers).toEqual((await docker.getImage(ENVIRONMENT).inspect()).RootFS.Layers);
  expect((await fileOf(cold.docker, ENVIRONMENT, '/c')).equals(blob)).toBe(true);
});

it('pulls everything when the layers that were to be there are not', async () => {
  const environment = await published('environment', 'e1');
  const liar = Object.assign(Object.create(cold.docker) as Docker, {
    getImage: () => ({ inspect: async () => ({ RootFS: { Layers: environment.config.rootfs.diff_ids } }) }),
  });
  const other = await startEngine();
  try {
    liar.loadImage = other.docker.loadImage.bind(other.docker);
    await pullImage(
      { published: environment, image: ENVIRONMENT, relatives: [BASE] },
      { registry, docker: liar, instance: 'x' },
    );
    expect((await fileOf(other.docker, ENVIRONMENT, '/c')).equals(blob)).toBe(true);
  } finally {
    await other.close();
  }
});

it('moves zstd as well, also into an engine that does not know it', async () => {
  await pushImage({ repository: 'zstd', tag: 'b1', image: BASE }, deps('zstd'));
  const image = await published('zstd', 'b1');
  expect(image.manifest.layers[0]?.mediaType).toMatch(/zstd$/);
  const target = name('zstd');
  await pullImage({ published: image, image: target, relatives: [] }, { registry, docker: cold.docker, instance: 'x' });
  expect(String(await fileOf(cold.docker, target, '/b'))).toBe('same');
});

it('leaves no tag when it is stopped or cannot end, and goes on from what is there', async () => {
  const stop = new AbortController();
  const stopped = openRegistry(proxy.host, {}, stop.signal);
  proxy.fault = ({ method }) => {
    if (method === 'PATCH') stop.abort(new Error('stopped'));
    return undefined;
  };
  const push = pushImage({ repository: 'stopped', tag: 'e1', image: ENVIRONMENT }, deps('gzip', stopped));
  await expect(push).rejects.toThrow('stopped');
  proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.includes('/manifests/') ? { status: 403, body: '{}' } : undefined;
  const denied = pushImage({ repository: 'stopped', tag: 'e1', image: ENVIRONMENT }, deps());
  await expect(denied).rejects.toMatchObject({ code: 'registry_denied' });
  expect(await registry.tags('stopped')).toEqual([]);
  proxy.fault = () => undefined;
  await pushImage({ repository: 'stopped', tag: 'e1', image: ENVIRONMENT }, deps());
  expect(await registry.tags('stopped')).toEqual(['e1']);
});

it('reads the image again when the registry lost an upload', async () => {
  let patches = 0;
  proxy.fault = ({ method }) => (method === 'PATCH' && ++patches === 1 ? { cutRequest: 4_000_000 } : undefined);
  await pushImage({ repository: 'again', tag: 'e1', image: ENVIRONMENT }, deps());
  expect((await published('again', 'e1')).manifest.layers.at(-3)?.size).toBeGreaterThan(11_000_000);
});

it.each(['gzip', 'zstd'] as const)('compresses to the same bytes however they come (%s)', async (compression) => {
  const text = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `{"cell": ${index % 977}}`).join('\n'));
  const digests = await Promise.all(
    [997, 65_536, 1_000_000].map(async (size) => {
      const write = async (sink: NodeJS.WritableStream) => {
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
          text.subarray(at * size, at * size + size),
        );
        await new Promise((resolve) => Readable.from(pieces).pipe(sink).on('finish', resolve));
        return { size: text.length };
      };
      return (await uploadLayer(registry, 'same', compression, write)).layer.digest;
    }),
  );
  expect(new Set(digests).size).toBe(1);
});

it('tells of an engine that fails half-way', async () => {
  const broken = Object.assign(Object.create(docker) as Docker, {
    getImage: (image: string) => ({
      inspect: () => docker.getImage(image).inspect(),
      get: async () => Readable.from([randomBytes(100)]),
    }),
  });
  await expect(
    pushImage({ repository: 'broken', tag: 'x', image: BASE }, { ...deps(), docker: broken }),
  ).rejects.toThrow();
});
