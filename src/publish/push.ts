/** From the engine to the registry: we read the image from it and upload ourselves what the registry lacks. */
import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { SlipwayError } from '../errors.ts';
import type { ImageConfig } from '../image-config.ts';
import type { Emit } from '../types.ts';
import type { Compression } from './compression.ts';
import {
  copyBlobs,
  copyImage,
  type Describe,
  layersOf,
  type Place,
  type PublishedImage,
  publish,
  uploadLayer,
} from './image.ts';
import type { Descriptor, Stored } from './manifest.ts';
import { again } from './patience.ts';
import { createProgress, type Progress } from './progress.ts';
import type { Registry } from './registry.ts';
import { readSaved, type SavedLayer } from './saved.ts';

export interface PushInput extends Place {
  /** Name in the engine. */
  image: string;
  /** What it stands on, in the registry and in the engine. */
  parent?: { published: PublishedImage; image: string };
  describe?: Describe;
}

export interface PushDeps {
  registry: Registry;
  docker: Docker;
  compression: Compression;
  emit: Emit;
}

/**
 * Publishes an image of the engine, tag last. Layers that the parent has in the registry are taken from there.
 */
export async function pushImage(input: PushInput, deps: PushDeps): Promise<Stored> {
  const { registry, docker } = deps;
  const { Id, RootFS } = await docker.getImage(input.image).inspect();
  if (input.parent && (await docker.getImage(input.parent.image).inspect()).Id === Id)
    return copyImage(registry, input.parent.published, input, input.describe);
  const diffIds = RootFS.Layers ?? [];
  const inherited = layersOf(input.parent?.published);
  const own = new Map<string, Descriptor>();
  const progress = createProgress(deps.emit, `Pushing ${registry.imageName(input.repository, input.tag)}`);
  try {
    const below = diffIds.flatMap((id) => inherited.get(id) ?? []);
    if (input.parent) await copyBlobs(registry, below, input.parent.published.repository, input.repository);
    const isKnown = (id: string) => inherited.has(id) || own.has(id);
    const config = await again(() => uploadMissing(input, diffIds, { isKnown, own, progress }, deps));
    const layers = diffIds.map((id) => {
      const layer = inherited.get(id) ?? own.get(id);
      if (!layer) throw new SlipwayError('internal', `The engine gave ${input.image} without its layer ${id}.`);
      return layer;
    });
    const { parent, describe } = input;
    return await publish(registry, input, config, layers, { parent: parent?.published, describe });
  } finally {
    progress.end();
  }
}

interface Missing {
  isKnown(diffId: string): boolean;
  /** Of this image alone, as far as they are uploaded. */
  own: Map<string, Descriptor>;
  progress: Progress;
}

async function uploadMissing(
  { image, repository }: PushInput,
  diffIds: readonly string[],
  { isKnown, own, progress }: Missing,
  { registry, docker, compression }: PushDeps,
): Promise<ImageConfig> {
  const take = async ({ size, content }: SavedLayer) => {
    const meter = metered(progress.layer(size));
    const write = async (sink: NodeJS.WritableStream) => {
      await pipeline(content, meter.stream, sink);
      return meter.end();
    };
    const { layer, written } = await uploadLayer(registry, repository, compression, write);
    own.set(written.diffId, layer);
  };
  const tar = (await docker.getImage(image).get()) as Readable;
  const config = await readSaved(tar, diffIds, isKnown, take);
  if (!config) throw new SlipwayError('internal', `The engine gave ${image} without its config.`);
  return JSON.parse(config.toString('utf8')) as ImageConfig;
}

function metered(tell: (bytes: number) => void) {
  const hash = createHash('sha256');
  let seen = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      seen += chunk.length;
      tell(seen);
      done(null, chunk);
    },
  });
  return { stream, end: () => ({ size: seen, diffId: `sha256:${hash.digest('hex')}` }) };
}
