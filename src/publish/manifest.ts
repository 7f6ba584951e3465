/** Manifests, of OCI and of Docker, as far as we read and write them. */
import { createHash } from 'node:crypto';
import { SlipwayError } from '../errors.ts';

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  artifactType?: string;
}

/** A blob or a manifest that the registry has. */
export interface Stored {
  digest: string;
  size: number;
}

export interface Manifest {
  schemaVersion: 2;
  mediaType: string;
  artifactType?: string;
  config: Descriptor;
  layers: Descriptor[];
  subject?: Descriptor;
  annotations?: Record<string, string>;
}

export const TYPES = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  tar: 'application/vnd.oci.image.layer.v1.tar',
  empty: 'application/vnd.oci.empty.v1+json',
} as const;

const DOCKER = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  list: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  tar: 'application/vnd.docker.image.rootfs.diff.tar',
} as const;

/** What is asked for: without it a registry may turn a manifest into one of another kind. */
export const ACCEPTED = [TYPES.manifest, DOCKER.manifest, TYPES.index, DOCKER.list].join(', ');

/** Docker's media types under OCI's names: a manifest of ours never mixes them. */
const AS_OCI: Record<string, string> = {
  [DOCKER.config]: TYPES.config,
  [DOCKER.gzip]: TYPES.gzip,
  [DOCKER.tar]: TYPES.tar,
};

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function isDigest(text: unknown): text is string {
  return typeof text === 'string' && DIGEST.test(text);
}

/** An image's manifest as the registry gave it, media types in OCI's names. @throws registry_corrupt */
export function parseManifest(bytes: Buffer, name: string): Manifest {
  const value = parsed(bytes, name) as Partial<Manifest>;
  if (value.mediaType === TYPES.index || value.mediaType === DOCKER.list || !value.config)
    throw corrupt(name, 'it holds several images, or none');
  const { annotations, subject, artifactType } = value;
  return {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: descriptor(value.config, name),
    layers: Array.isArray(value.layers) ? value.layers.map((layer) => descriptor(layer, name)) : [],
    ...(artifactType !== undefined && { artifactType }),
    ...(subject && { subject: descriptor(subject, name) }),
    ...(annotations && { annotations }),
  };
}

function parsed(bytes: Buffer, name: string): object {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw corrupt(name, 'its manifest is no JSON');
}

function descriptor(value: Descriptor, name: string): Descriptor {
  const { mediaType, digest, size, annotations, artifactType } = value;
  if (!isDigest(digest) || !Number.isSafeInteger(size) || size < 0)
    throw corrupt(name, 'its manifest names a blob without digest or size');
  const more = { ...(annotations && { annotations }), ...(artifactType !== undefined && { artifactType }) };
  return { mediaType: AS_OCI[mediaType] ?? String(mediaType), digest, size, ...more };
}

/** The bytes of a manifest: keys in a fixed order, so that the same image has the same digest whoever writes it. */
export function encodeManifest(manifest: Manifest): Buffer {
  const { annotations, artifactType, subject, ...rest } = manifest;
  const { schemaVersion, mediaType, config, layers } = rest;
  const sorted = annotations && Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(
    JSON.stringify({
      schemaVersion,
      mediaType,
      ...(artifactType !== undefined && { artifactType }),
      config,
      layers,
      ...(subject && { subject }),
      ...(sorted && { annotations: sorted }),
    }),
  );
}

/** What the registry holds under this name cannot be used. */
export function corrupt(name: string, why: string): SlipwayError {
  return new SlipwayError('registry_corrupt', `${name} in the registry cannot be used: ${why}.`, {
    hint: 'Delete it there; it is built and published anew when it is next asked for.',
  });
}
