/** From the registry into the engine: only the layers that it lacks, streamed through us. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack as newPack } from 'tar-stream';
import { SlipwayError } from '../errors.ts';
import { encodeConfig, type ImageConfig } from '../image-config.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import { decompressed } from './compression.ts';
import { type PublishedImage, TAR_SIZE } from './image.ts';
import { corrupt, type Descriptor, TYPES } from './manifest.ts';
import type { Registry } from './registry.ts';

export interface PullInput {
  published: PublishedImage;
  /** Name that it gets in the engine. */
  image: string;
  /** Images of the engine that it may share layers with. */
  relatives: readonly string[];
}

export interface PullDeps {
  registry: Registry;
  docker: Docker;
  /** Id of this installation: what it pulls is its own to prune. */
  instance: string;
}

/** @throws registry_corrupt, disk_full, and what any request throws */
export async function pullImage({ published, image, relatives }: PullInput, deps: PullDeps): Promise<void> {
  const config = ownConfig(published.config, deps.instance);
  const known = await knownLayers(deps.docker, config.rootfs.diff_ids, relatives);
  const refusal = await load(published, config, image, known, deps);
  // An engine that wants every layer (containerd's image store), or one whose images went meanwhile.
  const last = refusal !== undefined && known > 0 ? await load(published, config, image, 0, deps) : refusal;
  if (last === undefined) return;
  if (/no space left/i.test(last)) throw new SlipwayError('disk_full', `The engine has no room for ${image}.`);
  throw corrupt(deps.registry.imageName(published.repository, published.tag), `the engine says "${last}"`);
}

function ownConfig(config: ImageConfig, instance: string): ImageConfig {
  const labels = { ...config.config.Labels, [INSTANCE_LABEL]: instance };
  return { ...config, config: { ...config.config, Labels: labels } };
}

/** How many of the lowest layers the engine has, in one of the images that it may have. */
async function knownLayers(docker: Docker, diffIds: readonly string[], relatives: readonly string[]): Promise<number> {
  const found = await Promise.all(relatives.map((name) => layersIn(docker, name)));
  const shared = found.map((layers) => {
    let height = 0;
    while (height < layers.length && layers[height] === diffIds[height]) height += 1;
    return height;
  });
  return Math.max(0, ...shared);
}

async function layersIn(docker: Docker, name: string): Promise<string[]> {
  try {
    return (await docker.getImage(name).inspect()).RootFS.Layers ?? [];
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return [];
    throw error;
  }
}

/** @returns why the engine does not take it */
async function load(
  published: PublishedImage,
  config: ImageConfig,
  image: string,
  known: number,
  deps: PullDeps,
): Promise<string | undefined> {
  const archive = packed(published, config, image, known, deps.registry);
  let said = '';
  try {
    for await (const chunk of await deps.docker.loadImage(archive.stream, { quiet: true })) said += chunk;
  } catch (error) {
    // What broke on the way to us is the reason of what the engine says.
    const cause = archive.error();
    if (cause) throw cause;
    if ((error as { statusCode?: number }).statusCode === undefined) throw error;
    return (error as Error).message;
  }
  const cause = archive.error();
  if (cause) throw cause;
  return /"error":"([^"]*)"/.exec(said)?.[1];
}

/** The archive that `docker save` would have made, without the lowest `known` layers. */
function packed(published: PublishedImage, config: ImageConfig, image: string, known: number, registry: Registry) {
  const pack = newPack();
  const { bytes, digest } = encodeConfig(config);
  const names = config.rootfs.diff_ids.map((id) => `${id.slice('sha256:'.length)}.tar`);
  const name = `${digest.slice('sha256:'.length)}.json`;
  const write = async () => {
    pack.entry({ name }, bytes);
    pack.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: name, RepoTags: [image], Layers: names }]));
    const done = new Set<string>();
    for (const [index, layer] of published.manifest.layers.entries()) {
      const file = names[index] as string;
      // One that is known has to come all the same when it stands again on others.
      if (index < known || done.has(file)) continue;
      done.add(file);
      const { size, content } = asEngineTakes(layer, registry.readBlob(published.repository, layer), file);
      await pipeline(content, pack.entry({ name: file, size }));
    }
    pack.finalize();
  };
  let failed: Error | undefined;
  write().catch((error: Error) => {
    failed = error;
    pack.destroy(error);
  });
  return { stream: pack as unknown as Readable, error: () => failed };
}

/** Any engine unpacks gzip; zstd only from Docker 23 on. */
function asEngineTakes(layer: Descriptor, content: Readable, name: string): { size: number; content: Readable } {
  if (layer.mediaType !== TYPES.zstd) return { size: layer.size, content };
  const size = Number(layer.annotations?.[TAR_SIZE]);
  if (!Number.isSafeInteger(size)) throw corrupt(name, 'it does not say how large it is unpacked');
  return { size, content: decompressed(content, layer.mediaType) };
}
