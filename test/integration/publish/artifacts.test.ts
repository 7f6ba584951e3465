/** What is attached to images, on Debian's docker-registry, which knows no referrers, and on one that does. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attach, readArtifact, referrers, tagOf } from '../../../src/publish/artifacts.ts';
import { encodeManifest, type Manifest, TYPES } from '../../../src/publish/manifest.ts';
import type { Registry } from '../../../src/publish/registry.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { openRegistry } from '../../support/publishing.ts';

let server: DockerRegistry;
let proxy: FaultProxy;
let registry: Registry;

beforeAll(async () => {
  server = await startRegistry();
  proxy = await startFaultProxy(server.host);
  registry = openRegistry(proxy.host);
});
afterAll(async () => {
  proxy.close();
  await server.close();
});

async function* one(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

async function image(tag: string): Promise<{ digest: string; size: number }> {
  const config = { mediaType: TYPES.config, ...(await registry.upload('content', one(`{"tag":"${tag}"}`))) };
  const manifest: Manifest = { schemaVersion: 2, mediaType: TYPES.manifest, config, layers: [] };
  const bytes = encodeManifest(manifest);
  return { digest: await registry.putManifest('content', tag, bytes, TYPES.manifest), size: bytes.length };
}

const lock = (text: string) => ({ type: 'text/lock', name: 'requirements.txt', content: Buffer.from(text) });
const sbom = { type: 'text/sbom', name: 'sbom.json', content: Buffer.from('{"packages":[]}') };

it('attaches by a tag, adds to what is there, and replaces what is of the same kind', async () => {
  const subject = await image('one');
  await attach(registry, 'content', subject, [lock('a==1')]);
  await attach(registry, 'content', subject, [sbom]);
  await attach(registry, 'content', subject, [lock('a==2')]);
  const found = await referrers(registry, 'content', subject.digest);
  expect(found.map(({ artifactType }) => artifactType).sort()).toEqual(['text/lock', 'text/sbom']);
  expect(String(await readArtifact(registry, 'content', subject.digest, 'text/lock'))).toBe('a==2');
  expect(await readArtifact(registry, 'content', subject.digest, 'text/other')).toBeUndefined();
  const [first] = found;
  const stored = await registry.manifest('content', first?.digest ?? '');
  expect(JSON.parse(String(stored?.bytes)).subject.digest).toBe(subject.digest);
});

it('has nothing for an image that nothing is attached to', async () => {
  const { digest } = await image('bare');
  expect(await referrers(registry, 'content', digest)).toEqual([]);
});

it('asks a registry that knows referrers for them', async () => {
  const { digest } = await image('known');
  const manifests = [{ mediaType: TYPES.manifest, digest, size: 1, artifactType: 'text/known' }];
  proxy.fault = ({ path }) =>
    path.includes('/referrers/') ? { status: 200, body: JSON.stringify({ schemaVersion: 2, manifests }) } : undefined;
  expect(await referrers(registry, 'content', digest)).toEqual(manifests);
  expect(proxy.seen.at(-1)?.path).toBe(`/v2/team/slipway/content/referrers/${digest}`);
  expect(await registry.hasManifest('content', tagOf(digest))).toBeUndefined();
});
