/** What `GET /images/<name>/get` streams: a tar of layers, in an order of the engine's own, and a config. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';

/** A layer that nobody has by its name. */
export interface SavedLayer {
  /** Bytes of its tar. */
  size: number;
  content: Readable;
}

const SMALL = 8 * 1024 * 1024;
const NO_DATE = '1970-01-01T00:00:00Z';

/**
 * Goes through an image as it comes. Layers whose digest their name tells and that are `known` are passed over: in
 * Docker's old layout the folder's name is a hash of the layer and those below it, in the new one the digest itself.
 * @param diffIds of the image, the lowest first
 * @param id `sha256:…` of the image, which is its config's digest
 * @returns the config's bytes
 */
export async function readSaved(
  tar: Readable,
  image: { id: string; diffIds: readonly string[] },
  known: (diffId: string) => boolean,
  take: (layer: SavedLayer) => Promise<void>,
): Promise<Buffer | undefined> {
  const { extract: newExtract } = createRequire(import.meta.url)('tar-stream') as typeof import('tar-stream');
  const extract = newExtract();
  tar.on('error', (error) => extract.destroy(error));
  tar.on('close', () => tar.readableEnded || extract.destroy(new Error('the engine ended the image half-way')));
  tar.pipe(extract);
  const names = new Map(image.diffIds.map((id) => [`blobs/sha256/${hex(id)}`, id]));
  let config: Buffer | undefined;
  try {
    for await (const entry of extract) {
      const { name, type, size = 0 } = entry.header;
      const content = entry as unknown as Readable;
      if (type !== 'file') content.resume();
      else if (isLayer(name, names)) {
        const diffId = names.get(name);
        if (diffId !== undefined && known(diffId)) content.resume();
        else await take({ size, content });
        content.resume();
      } else if (size > SMALL) content.resume();
      else {
        const bytes = await whole(content);
        if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` === image.id) config = bytes;
        if (name.endsWith('/json')) for (const one of legacyNames(bytes, image.diffIds)) names.set(...one);
      }
    }
    return config;
  } finally {
    tar.destroy();
  }
}

function isLayer(name: string, names: ReadonlyMap<string, string>): boolean {
  return name.endsWith('/layer.tar') || names.has(name);
}

async function whole(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Names of the layers' folders: Docker hashes an empty description, the layer's chain and the folder below. Any folder's
 * description gives the empty one, except that of the topmost, whose name nobody can tell beforehand.
 */
function legacyNames(bytes: Buffer, diffIds: readonly string[]): [string, string][] {
  const sample = parsed(bytes);
  if (sample?.created !== NO_DATE) return [];
  const { created, container_config } = sample;
  let [chain, parent] = ['', ''];
  return diffIds.map((diffId) => {
    chain = chain === '' ? diffId : `sha256:${sha(`${chain} ${diffId}`)}`;
    const below = parent === '' ? {} : { parent: `sha256:${parent}` };
    parent = sha(JSON.stringify({ container_config, created, layer_id: chain, ...below }));
    return [`${parent}/layer.tar`, diffId];
  });
}

function parsed(bytes: Buffer): { created?: string; container_config?: object } | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as { created?: string };
  } catch {
    return undefined;
  }
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hex(digest: string): string {
  return digest.slice('sha256:'.length);
}
