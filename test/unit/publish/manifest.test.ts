import { expect, it } from 'vitest';
import { encodeManifest, type Manifest, parseManifest, TYPES } from '../../../src/publish/manifest.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const docker = {
  schemaVersion: 2,
  mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
  config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest, size: 2 },
  layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest, size: 3 }],
};
const parse = (value: object | string) =>
  parseManifest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 'x:1');

it("reads Docker's manifests in OCI's words", () => {
  expect(parse(docker)).toEqual({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, digest, size: 2 },
    layers: [{ mediaType: TYPES.gzip, digest, size: 3 }],
  });
});

it('writes the same bytes whatever order things came in', () => {
  const manifest = { ...parse(docker), annotations: { b: '1', a: '2' } };
  const other = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as Manifest;
  expect(encodeManifest({ ...other, annotations: { a: '2', b: '1' } }).equals(encodeManifest(manifest))).toBe(true);
  expect(parse(encodeManifest(manifest).toString())).toEqual(manifest);
});

it.each([
  ['no JSON', '{'],
  ['an index', { mediaType: TYPES.index, manifests: [] }],
  ['no digest', { ...docker, config: { ...docker.config, digest: 'sha256:../../x' } }],
  ['no size', { ...docker, layers: [{ ...docker.layers[0], size: -1 }] }],
])('refuses %s', (_what, value) => {
  expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'registry_corrupt' }));
});
