/** Puts images into the engine without a build: only what is new is sent, the layers below are known to the engine. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type Docker from 'dockerode';
import { diskFull, saysDiskFull } from '../errors.ts';
import { contentConfig, type ImageConfig } from '../image-config.ts';
import { INSTANCE_LABEL, instanceId } from '../instance.ts';
import { openArchive } from './archive.ts';
import { type BuildDeps, type BuildOutput, buildImage } from './build.ts';
import { throwIfCancelled } from './cancel.ts';
import type { ContextStream } from './context.ts';
import { draftContainer } from './draft.ts';
import { moveTag } from './inspect.ts';

export interface LoadInput {
  parentImage: string;
  tag: string;
  labels: Record<string, string>;
  /** Variables beside the parent's. */
  environment: Record<string, string>;
  /** Absolute path in the image. */
  workdir: string;
  /** Date of the commit as RFC 3339. */
  created: string;
  /** Writes the layer, an uncompressed tar, and ends the stream. */
  writeLayer(sink: Writable): Promise<{ diffId: string; size: number }>;
}

/**
 * Makes an image of its parent and one layer, and names it. The layer waits in a file without a name, so that nothing
 * is left whatever happens. An engine that wants all layers (containerd's image store) gets a build with ADD instead.
 * @throws disk_full, and what a build does
 */
export async function loadContent(input: LoadInput, deps: BuildDeps): Promise<BuildOutput> {
  const { docker, config } = deps;
  const labels = { ...input.labels, [INSTANCE_LABEL]: await instanceId(config) };
  const spool = openSpool();
  const archive = openArchive(docker);
  try {
    const parent = await imageConfig(docker, input.parentImage);
    const layer = await input.writeLayer(spool.sink).catch((error) => {
      throw saysDiskFull(error) ? diskFull(`temporary files in ${tmpdir()}`, error) : error;
    });
    throwIfCancelled(deps.signal);
    const change = { diffId: layer.diffId, labels, env: input.environment, workdir: input.workdir };
    const built = contentConfig(parent, { ...change, created: new Date(input.created) });
    const stream = { path: 'layer.tar', size: layer.size, open: spool.read };
    const imageId = await archive.send(built, [stream]);
    if (imageId === undefined) return await addContent(input, labels, stream, deps);
    throwIfCancelled(deps.signal);
    await moveTag(docker, imageId, input.tag);
    return { imageId, digest: imageId };
  } finally {
    archive.close();
    spool.close();
  }
}

/**
 * Names an image that differs from `image` by more labels; what `tag` named before goes when nothing else uses it.
 * @returns the id of the new image
 */
export async function relabel(
  docker: Docker,
  image: string,
  tag: string,
  labels: Record<string, string>,
): Promise<string> {
  const parent = await imageConfig(docker, image);
  const config = { ...parent.config, Labels: { ...parent.config.Labels, ...labels } };
  const imageId = await openArchive(docker).send({ ...parent, config }, []);
  if (imageId !== undefined) {
    await moveTag(docker, imageId, tag);
    return imageId;
  }
  return relabelByCommit(docker, image, tag, labels);
}

async function relabelByCommit(
  docker: Docker,
  image: string,
  tag: string,
  labels: Record<string, string>,
): Promise<string> {
  const container = await docker.createContainer({ name: await draftContainer(), Image: image, Cmd: ['/nothing'] });
  try {
    const config = (await docker.getImage(image).inspect()).Config;
    const changed = { ...config, Labels: { ...config.Labels, ...labels } };
    const { Id } = (await container.commit({ _query: { container: container.id }, _body: changed } as object)) as {
      Id: string;
    };
    await moveTag(docker, Id, tag);
    return Id;
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** Streams that fail close their descriptor whatever they are told; the spool's is closed once, by the spool. */
const KEPT_OPEN = { ...fs, close: (_fd: number, done: fs.NoParamCallback) => done(null) };

/** A file that has lost its name is gone when it is closed, also when we are killed. */
function openSpool(): { sink: Writable; read(): Readable; close(): void } {
  const path = join(tmpdir(), `slipway-layer-${randomBytes(8).toString('hex')}`);
  const { O_RDWR, O_CREAT, O_EXCL } = fs.constants;
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
  fs.rmSync(path);
  const options = { fd, fs: KEPT_OPEN, start: 0, autoClose: false, highWaterMark: 256 * 1024 };
  return {
    sink: fs.createWriteStream('', options),
    read: () => fs.createReadStream('', options),
    close: () => fs.closeSync(fd),
  };
}

/** The config of an image in the engine, which does not give out the original: the history is put together again. */
export async function imageConfig(docker: Docker, image: string): Promise<ImageConfig> {
  const [found, history] = await Promise.all([docker.getImage(image).inspect(), docker.getImage(image).history()]);
  const layers = found.RootFS.Layers ?? [];
  return {
    architecture: found.Architecture,
    os: found.Os,
    created: found.Created,
    config: found.Config as unknown as ImageConfig['config'],
    rootfs: { type: 'layers', diff_ids: layers },
    history: historyOf(history as HistoryLine[], layers.length, found.Created),
  };
}

interface HistoryLine {
  Created: number;
  CreatedBy: string;
  Comment: string;
}

const NO_LAYER =
  /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b/;

/** History and layers have to agree in number, or nobody can read the image's history; if in doubt it is made plain. */
function historyOf(
  lines: readonly HistoryLine[],
  layers: number,
  created: string,
): NonNullable<ImageConfig['history']> {
  const entries = [...lines].reverse().map((line) => ({
    created: new Date(line.Created * 1000).toISOString(),
    created_by: line.CreatedBy,
    ...(line.Comment ? { comment: line.Comment } : {}),
    ...(NO_LAYER.test(line.CreatedBy) ? { empty_layer: true } : {}),
  }));
  if (entries.filter((entry) => !entry.empty_layer).length === layers) return entries;
  return Array.from({ length: layers }, () => ({ created, created_by: 'slipway' }));
}

/** The same image by a build, for engines whose load wants every layer. */
function addContent(
  input: LoadInput,
  labels: Record<string, string>,
  stream: ContextStream,
  deps: BuildDeps,
): Promise<BuildOutput> {
  const variables = Object.entries(input.environment).map(([name, value]) => `ENV ${name}=${quoteWord(value)}`);
  const lines = [`FROM ${input.parentImage}`, 'ADD layer.tar /', ...variables, `WORKDIR ${quoteWord(input.workdir)}`];
  const dockerfile = `${lines.join('\n')}\n`;
  return buildImage({ dockerfile, tag: input.tag, labels, suite: 'bookworm', streams: [stream] }, deps);
}

/** A word of a Dockerfile, in which nothing is expanded. */
function quoteWord(text: string): string {
  return `"${text.replace(/[\\"$]/g, '\\$&')}"`;
}
