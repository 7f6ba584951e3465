/** What belongs to an image and is no layer: attached to its manifest as OCI 1.1 does it, by a tag where the registry knows no referrers. */

import {
  corrupt,
  type Descriptor,
  encodeManifest,
  isDigest,
  type Manifest,
  type Stored,
  sha256,
  TYPES,
} from './manifest.ts';
import type { Registry } from './registry.ts';

export interface Artifact {
  /** Media type of its content, which also says what it is. */
  type: string;
  /** File name for people. */
  name: string;
  content: Buffer;
}

/** Annotation that names an artifact's file, as ORAS writes it. */
const TITLE = 'org.opencontainers.image.title';
const EMPTY = Buffer.from('{}');
const LIMIT = 32 * 1024 * 1024;

/** Attaches artifacts to a manifest; one of a type that is there already is replaced. */
export async function attach(
  registry: Registry,
  repository: string,
  subject: Stored,
  artifacts: readonly Artifact[],
): Promise<void> {
  const [empty, blobs, known] = await Promise.all([
    registry.upload(repository, one(EMPTY)),
    Promise.all(artifacts.map(({ content }) => registry.upload(repository, one(content)))),
    tagged(registry, repository, subject.digest),
  ]);
  const attached: Descriptor[] = [];
  let isKept = true;
  for (const [index, { type, name }] of artifacts.entries()) {
    const blob = blobs[index] as Stored;
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: TYPES.manifest,
      artifactType: type,
      config: { mediaType: TYPES.empty, ...empty },
      layers: [{ mediaType: type, ...blob, annotations: { [TITLE]: name } }],
      subject: { mediaType: TYPES.manifest, ...subject },
      annotations: { [TITLE]: name },
    };
    const bytes = encodeManifest(manifest);
    const digest = sha256(bytes);
    isKept = (await registry.putReferrer(repository, digest, bytes)) && isKept;
    const annotations = { [TITLE]: name };
    attached.push({ mediaType: TYPES.manifest, digest, size: bytes.length, artifactType: type, annotations });
  }
  if (isKept) return;
  const types = new Set(artifacts.map(({ type }) => type));
  const others = known.filter((other) => !types.has(other.artifactType ?? ''));
  const index = { schemaVersion: 2, mediaType: TYPES.index, manifests: [...others, ...attached] };
  await registry.putManifest(repository, tagOf(subject.digest), Buffer.from(JSON.stringify(index)), TYPES.index);
}

/** What is attached to a manifest. */
export async function referrers(registry: Registry, repository: string, digest: string): Promise<Descriptor[]> {
  return (await registry.referrers(repository, digest)) ?? tagged(registry, repository, digest);
}

/** The content of the artifact of a type; undefined when none is attached. */
export async function readArtifact(
  registry: Registry,
  repository: string,
  digest: string,
  type: string,
): Promise<Buffer | undefined> {
  const found = (await referrers(registry, repository, digest)).find(({ artifactType }) => artifactType === type);
  const stored = found && (await registry.manifest(repository, found.digest));
  if (!stored) return undefined;
  const [layer] = (JSON.parse(stored.bytes.toString('utf8')) as Manifest).layers;
  if (!layer || !isDigest(layer.digest)) throw corrupt(repository, 'an artifact has no content');
  return registry.blob(repository, layer, LIMIT);
}

/** As the distribution specification names the tag. */
export function tagOf(digest: string): string {
  return digest.replace(':', '-');
}

async function tagged(registry: Registry, repository: string, digest: string): Promise<Descriptor[]> {
  const stored = await registry.manifest(repository, tagOf(digest));
  if (!stored) return [];
  const { manifests } = JSON.parse(stored.bytes.toString('utf8')) as { manifests?: Descriptor[] };
  return (manifests ?? []).filter((one) => isDigest(one.digest));
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
