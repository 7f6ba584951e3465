/** The client on Debian's docker-registry, and on the same behind a proxy that lets things go wrong. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Descriptor, sha256, TYPES } from '../../../src/publish/manifest.ts';
import type { Registry } from '../../../src/publish/registry.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type Fault, type FaultProxy, type Seen, startFaultProxy } from '../../support/fault-proxy.ts';
import { openRegistry } from '../../support/publishing.ts';

let server: DockerRegistry;
let proxy: FaultProxy;
let registry: Registry;
let faulty: Registry;

beforeAll(async () => {
  server = await startRegistry();
  proxy = await startFaultProxy(server.host);
  registry = openRegistry(server.host);
  faulty = openRegistry(proxy.host);
});
afterAll(async () => {
  proxy.close();
  await server.close();
});
beforeEach(() => {
  proxy.fault = () => undefined;
  proxy.seen.length = 0;
});

async function* pieces(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(from: Registry, repository: string, descriptor: Descriptor): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of from.readBlob(repository, descriptor)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const descriptorOf = (bytes: Buffer): Descriptor => ({
  mediaType: TYPES.gzip,
  digest: sha256(bytes),
  size: bytes.length,
});

async function image(repository: string, tag: string): Promise<{ bytes: Buffer; digest: string }> {
  const config = Buffer.from(JSON.stringify({ tag, random: randomBytes(4).toString('hex') }));
  const { digest, size } = await registry.upload(repository, pieces(config));
  const manifest = {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, digest, size },
    layers: [],
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { bytes, digest: await registry.putManifest(repository, tag, bytes, TYPES.manifest) };
}

/** The first request that fits gets the fault, as often as told. */
function once(fits: (request: Seen) => boolean, fault: Fault, times = 1): void {
  let left = times;
  proxy.fault = (request) => (fits(request) && left-- > 0 ? fault : undefined);
}

it.each([0, 1, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 20_000_000])('uploads and reads %i bytes', async (size) => {
  const bytes = randomBytes(size);
  const uploaded = await registry.upload('content', pieces(bytes, 333_333));
  expect(uploaded).toEqual({ digest: sha256(bytes), size });
  expect((await read(registry, 'content', descriptorOf(bytes))).equals(bytes)).toBe(true);
});

it('finds, lists and deletes manifests; what is not there is no error', async () => {
  expect(await registry.hasManifest('nothing', 'x')).toBeUndefined();
  expect(await registry.manifest('nothing', 'x')).toBeUndefined();
  expect(await registry.tags('nothing')).toEqual([]);
  const { bytes, digest } = await image('base', 'one');
  await image('base', 'two');
  expect(await registry.hasManifest('base', 'one')).toBe(digest);
  expect((await registry.manifest('base', 'one'))?.bytes.equals(bytes)).toBe(true);
  expect((await registry.manifest('base', digest))?.digest).toBe(digest);
  expect((await registry.tags('base')).sort()).toEqual(['one', 'two']);
  expect(await registry.deleteManifest('base', digest)).toBe(true);
  expect(await registry.deleteManifest('base', digest)).toBe(false);
  expect(await registry.tags('base')).toEqual(['two']);
});

it('lists more tags than a page has', async () => {
  const { bytes } = await image('many', 't0');
  for (let index = 1; index < 120; index += 1) await registry.putManifest('many', `t${index}`, bytes, TYPES.manifest);
  proxy.fault = ({ path }) => {
    // A small page, as registries make them whatever one asks for.
    if (!path.includes('n=1000')) return undefined;
    return { status: 307, headers: { location: path.replace('n=1000', 'n=50') } };
  };
  expect(await faulty.tags('many')).toHaveLength(120);
});

it('mounts a blob, and copies it where the registry does not mount', async () => {
  const bytes = randomBytes(9_000_000);
  await registry.upload('environment', pieces(bytes));
  await faulty.copyBlob('content', descriptorOf(bytes), 'environment');
  expect(proxy.seen.map(({ method }) => method)).toEqual(['POST']);
  const other = randomBytes(9_000_000);
  await registry.upload('environment', pieces(other));
  proxy.fault = ({ path }) =>
    path.includes('mount=') ? { status: 307, headers: { location: path.replace(/\?.*/, '') } } : undefined;
  await faulty.copyBlob('content', descriptorOf(other), 'environment');
  expect((await read(registry, 'content', descriptorOf(other))).equals(other)).toBe(true);
});

it.each([
  ['429', { status: 429, headers: { 'retry-after': '0' } }],
  ['500', { status: 500 }],
  ['a lost answer', { loseAnswer: true }],
] as [string, Fault][])('gets over %s, wherever it comes', async (_name, fault) => {
  for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
    const bytes = randomBytes(9_000_000);
    once((request) => request.method === method, fault);
    const uploaded = await faulty.upload('content', pieces(bytes));
    expect(await faulty.hasManifest('content', 'absent')).toBeUndefined();
    expect((await read(faulty, 'content', { ...descriptorOf(bytes), ...uploaded })).equals(bytes)).toBe(true);
  }
});

it('sends a manifest again that is refused because another writes the same, and not for ever', async () => {
  const { bytes } = await image('twice', 'first');
  const invalid = { code: 'DIGEST_INVALID', message: 'provided digest did not match uploaded content' };
  const fault = { status: 400, body: JSON.stringify({ errors: [invalid] }) };
  once(({ method, path }) => method === 'PUT' && path.includes('/manifests/'), fault);
  const digest = await faulty.putManifest('twice', 'second', bytes, TYPES.manifest);
  expect(await registry.hasManifest('twice', 'second')).toBe(digest);
  once(({ method }) => method === 'PUT', fault, 99);
  const refused = await faulty.putManifest('twice', 'third', bytes, TYPES.manifest).catch((thrown) => thrown);
  expect(refused).toMatchObject({ code: 'registry_failed', message: expect.stringContaining('did not match') });
});

it('waits as long as it is asked to', async () => {
  once(() => true, { status: 429, headers: { 'retry-after': '2' } });
  const started = performance.now();
  await faulty.hasManifest('base', 'x');
  expect(performance.now() - started).toBeGreaterThan(1900);
});

it('never takes trouble for "not there"', async () => {
  const { digest } = await image('base', 'there');
  for (const status of [429, 500, 502, 503]) {
    once(() => true, { status, headers: { 'retry-after': '0' } }, 99);
    const error = await faulty.hasManifest('base', 'there').catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'registry_failed' });
  }
  for (const status of [400, 402, 403, 410]) {
    once(() => true, { status }, 99);
    const error = await faulty.hasManifest('base', 'there').catch((thrown) => thrown);
    expect(error).toMatchObject({ code: status === 403 ? 'registry_denied' : 'registry_failed' });
  }
  proxy.fault = () => undefined;
  expect(await faulty.hasManifest('base', 'there')).toBe(digest);
}, 120_000);

it('goes on with a body that was cut off, and starts an upload of one chunk anew', async () => {
  const bytes = randomBytes(3_000_000);
  once(({ method }) => method === 'PUT', { cutRequest: 1_000_000 });
  await faulty.upload('content', pieces(bytes));
  once(({ method }) => method === 'GET', { cutAnswer: 1_234_567 }, 3);
  expect((await read(faulty, 'content', descriptorOf(bytes))).equals(bytes)).toBe(true);
});

it('says so when a registry has lost an upload, instead of publishing half of it', async () => {
  const bytes = randomBytes(30_000_000);
  let patches = 0;
  proxy.fault = ({ method }) => (method === 'PATCH' && ++patches === 2 ? { cutRequest: 1_000_000 } : undefined);
  const outcome = await faulty.upload('content', pieces(bytes)).catch((error) => error);
  if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'registry_failed' });
  else expect((await read(registry, 'content', descriptorOf(bytes))).equals(bytes)).toBe(true);
  expect(await registry.hasBlob('content', sha256(bytes))).toBe(!(outcome instanceof Error));
});

it('believes no byte: blobs and manifests are what their digests say', async () => {
  const bytes = randomBytes(500_000);
  await registry.upload('content', pieces(bytes));
  once(({ method }) => method === 'GET', { corrupt: true }, 99);
  await expect(read(faulty, 'content', descriptorOf(bytes))).rejects.toMatchObject({ code: 'registry_corrupt' });
  await expect(registry.blob('content', { ...descriptorOf(bytes), size: 400_000 })).rejects.toMatchObject({
    code: 'registry_corrupt',
  });
  const { digest } = await image('base', 'real');
  await expect(faulty.manifest('base', digest)).rejects.toMatchObject({ code: 'registry_failed' });
});

it('names what is wrong: nobody there, names that no registry takes, what it does not delete', async () => {
  await expect(openRegistry('127.0.0.1:1').hasManifest('base', 'x')).rejects.toMatchObject({
    code: 'registry_unreachable',
  });
  const invalid = { errors: [{ code: 'NAME_INVALID', message: 'invalid repository name' }] };
  once(({ method }) => method === 'POST', { status: 400, body: JSON.stringify(invalid) });
  await expect(faulty.upload('content', pieces(randomBytes(10)))).rejects.toMatchObject({
    code: 'registry_name_refused',
  });
  const unknown = { errors: [{ code: 'NAME_UNKNOWN', message: 'create it first' }] };
  once(({ method }) => method === 'POST', { status: 404, body: JSON.stringify(unknown) });
  await expect(faulty.upload('content', pieces(randomBytes(10)))).rejects.toMatchObject({
    code: 'registry_name_refused',
  });
  const { digest } = await image('base', 'kept');
  once(({ method }) => method === 'DELETE', { status: 405 });
  await expect(faulty.deleteManifest('base', digest)).rejects.toMatchObject({ code: 'registry_denied' });
});

it('ends at once when it is told to', async () => {
  const stop = new AbortController();
  proxy.fault = () => ({ status: 503 });
  const asking = openRegistry(proxy.host, {}, stop.signal).hasManifest('base', 'x');
  setTimeout(() => stop.abort(new Error('enough')), 100);
  await expect(asking).rejects.toThrow('enough');
});

it('outlives a restart of the registry', async () => {
  const { digest } = await image('base', 'kept');
  await server.stop();
  const asking = registry.hasManifest('base', 'kept');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await server.start();
  expect(await asking).toBe(digest);
});
