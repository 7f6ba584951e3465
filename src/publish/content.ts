/** A commit's image without an engine: its parent's layers, and one of its own that is written straight into the upload. */
import type { Writable } from 'node:stream';
import { contentConfig } from '../image-config.ts';
import type { Emit } from '../types.ts';
import type { Compression } from './compression.ts';
import { copyBlobs, type Describe, type Place, type PublishedImage, publish, uploadLayer } from './image.ts';
import type { Stored } from './manifest.ts';
import { again } from './patience.ts';
import type { Registry } from './registry.ts';

export interface ContentInput extends Place {
  /** The environment: never another commit, whose files would shine through. */
  parent: PublishedImage;
  labels: Record<string, string>;
  /** Variables beside the parent's. */
  environment: Record<string, string>;
  /** Absolute path in the image. */
  workdir: string;
  /** Date of the commit as RFC 3339. */
  created: string;
  describe?: Describe;
  /** Writes the layer, an uncompressed tar, and ends the stream; may be asked for it again. */
  writeLayer(sink: Writable): Promise<{ diffId: string; size: number }>;
}

export interface ContentDeps {
  registry: Registry;
  compression: Compression;
  emit: Emit;
}

/** Publishes the image, tag last; the same commit gives the same bytes whoever writes it. */
export async function publishContent(
  input: ContentInput,
  { registry, compression, emit }: ContentDeps,
): Promise<Stored> {
  const { parent, repository, tag, labels, environment, workdir } = input;
  const message = `Pushing ${registry.imageName(repository, tag)}\n`;
  emit({ phase: 'pushing', message, progress: {} });
  const inherited = parent.manifest.layers;
  const [{ layer, written }] = await Promise.all([
    again(() => uploadLayer(registry, repository, compression, input.writeLayer)),
    copyBlobs(registry, inherited, parent.repository, repository),
  ]);
  const { diffId, size } = written;
  const change = { diffId, labels, env: environment, workdir, created: new Date(input.created) };
  const config = contentConfig(parent.config, change);
  const stored = await publish(registry, input, config, [...inherited, layer], { parent, describe: input.describe });
  emit({ phase: 'pushing', message, progress: { content: { current: size, total: size } } });
  return stored;
}
