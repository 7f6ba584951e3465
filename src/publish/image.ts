/** Images in the registry: a manifest, its config, and layers that may be in another repository already. */
import type { Writable } from 'node:stream';
import { encodeConfig, type ImageConfig } from '../image-config.ts';
import { inTurn } from '../in-turn.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import { type Artifact, attach } from './artifacts.ts';
import { type Compression, compressor } from './compression.ts';
import {
  corrupt,
  type Descriptor,
  encodeManifest,
  type Manifest,
  parseManifest,
  type Stored,
  sha256,
  TYPES,
} from './manifest.ts';
import type { Registry } from './registry.ts';

/** A tag of a repository, without the prefix. */
export interface Place {
  repository: string;
  tag: string;
}

export interface PublishedImage extends Place {
  digest: string;
  /** As it was stored. */
  bytes: Buffer;
  manifest: Manifest;
  config: ImageConfig;
}

/** What is to be attached to an image, once its digest is known. */
export type Describe = (digest: string) => readonly Artifact[];

/** Annotation of a layer: bytes of its tar. */
export const TAR_SIZE = 'org.slipway.layer.size';
const BASE_DIGEST = 'org.opencontainers.image.base.digest';
const AT_ONCE = 8;
const CONFIG_LIMIT = 8 * 1024 * 1024;

/** The image of a tag, undefined when there is none. @throws registry_corrupt and what any request throws */
export async function readImage(registry: Registry, { repository, tag }: Place): Promise<PublishedImage | undefined> {
  const stored = await registry.manifest(repository, tag);
  if (!stored) return undefined;
  const name = registry.imageName(repository, tag);
  const manifest = parseManifest(stored.bytes, name);
  const config = parseConfig(await registry.blob(repository, manifest.config, CONFIG_LIMIT), name);
  if (config.rootfs.diff_ids.length !== manifest.layers.length) throw corrupt(name, 'its layers do not add up');
  return { repository, tag, ...stored, manifest, config };
}

function parseConfig(bytes: Buffer, name: string): ImageConfig {
  try {
    const config = JSON.parse(bytes.toString('utf8')) as ImageConfig;
    if (Array.isArray(config.rootfs.diff_ids)) return config;
  } catch {
    // Said below.
  }
  throw corrupt(name, 'its config is none');
}

/** The layers of an image by the digest of their tar. */
export function layersOf(image: PublishedImage | undefined): Map<string, Descriptor> {
  const ids = image?.config.rootfs.diff_ids ?? [];
  return new Map(ids.map((id, index) => [id, image?.manifest.layers[index] as Descriptor]));
}

/** Compresses and uploads a layer while it is written. */
export async function uploadLayer<T extends { size: number }>(
  registry: Registry,
  repository: string,
  compression: Compression,
  write: (sink: Writable) => Promise<T>,
): Promise<{ layer: Descriptor; written: T }> {
  const { stream, mediaType } = compressor(compression);
  const writing = write(stream).catch((error: unknown) => {
    stream.destroy(error as Error);
    throw error;
  });
  const uploading = registry.upload(repository, stream as AsyncIterable<Buffer>).catch((error: unknown) => {
    stream.destroy(error as Error);
    throw error;
  });
  const [written, uploaded] = await both(writing, uploading);
  return { written, layer: { mediaType, ...uploaded, annotations: { [TAR_SIZE]: `${written.size}` } } };
}

/** Both, or the first failure once both have ended. */
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  let first: { error: unknown } | undefined;
  const note = (error: unknown) => {
    first ??= { error };
  };
  await Promise.all([a.catch(note), b.catch(note)]);
  if (first) throw first.error;
  return [await a, await b];
}

/** Has a repository have the layers of another, one request each where the registry mounts. */
export async function copyBlobs(
  registry: Registry,
  blobs: readonly Descriptor[],
  from: string,
  to: string,
): Promise<void> {
  const each = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  if (from !== to) await inTurn(each, AT_ONCE, (blob) => registry.copyBlob(to, blob, from));
}

/**
 * Publishes an image whose layers are there: its config, then the manifest under its tag, so that what is killed before
 * leaves none.
 */
export async function publish(
  registry: Registry,
  { repository, tag }: Place,
  config: ImageConfig,
  layers: Descriptor[],
  { parent, describe }: { parent?: PublishedImage | undefined; describe?: Describe | undefined } = {},
): Promise<Stored> {
  const neutral = withoutInstance(config);
  const { bytes } = encodeConfig(neutral);
  const { digest, size } = await registry.upload(repository, one(bytes));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, digest, size },
    layers,
    annotations: { ...annotationsOf(neutral), ...(parent && { [BASE_DIGEST]: parent.digest }) },
  };
  return putTagged(registry, { repository, tag }, encodeManifest(manifest), TYPES.manifest, describe);
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** The same image under another name, to the byte. */
export async function copyImage(
  registry: Registry,
  image: PublishedImage,
  to: Place,
  describe?: Describe,
): Promise<Stored> {
  const { manifest, repository, bytes } = image;
  await copyBlobs(registry, [...manifest.layers, manifest.config], repository, to.repository);
  const { mediaType = TYPES.manifest } = JSON.parse(bytes.toString('utf8')) as { mediaType?: string };
  return putTagged(registry, to, bytes, mediaType, describe);
}

/** What is attached is there before the tag is: nobody would come back for it. */
async function putTagged(
  registry: Registry,
  { repository, tag }: Place,
  bytes: Buffer,
  mediaType: string,
  describe: Describe = () => [],
): Promise<Stored> {
  const stored = { digest: sha256(bytes), size: bytes.length };
  const artifacts = describe(stored.digest);
  if (artifacts.length > 0) {
    await registry.putManifest(repository, stored.digest, bytes, mediaType);
    await attach(registry, repository, stored, artifacts);
  }
  await registry.putManifest(repository, tag, bytes, mediaType);
  return stored;
}

/** A registry is everybody's: which installation has made an image is of no interest there. */
function withoutInstance(config: ImageConfig): ImageConfig {
  const { [INSTANCE_LABEL]: _ours, ...labels } = config.config.Labels ?? {};
  return { ...config, config: { ...config.config, Labels: labels } };
}

/** What an image says of itself, where it can be read without fetching its config. */
function annotationsOf({ config }: ImageConfig): Record<string, string> {
  const labels = Object.entries(config.Labels ?? {});
  return Object.fromEntries(labels.filter(([name]) => /^org\.(?:slipway|opencontainers\.image)\./.test(name)));
}
