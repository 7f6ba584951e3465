/** What `GET /images/<name>/get` streams: a tar of layers, in an order of the engine's own, and a config. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { extract as newExtract } from 'tar-stream';
import { decompressed } from './compression.ts';
import { TYPES } from './manifest.ts';

/** A layer that nobody has by its name. */
export interface SavedLayer {
  /** Bytes that it has in the engine's tar, for people. */
  size: number;
  /** Its own tar. */
  content: Readable;
}

const SMALL = 8 * 1024 * 1024;
const NO_DATE = '1970-01-01T00:00:00Z';
const BLOB = /^blobs\/sha256\/[0-9a-f]{64}$/;

/**
 * Goes through an image as it comes. Layers whose digest their name tells and that are `known` are passed over: in
 * Docker's old layout the folder's name is a hash of the layer and those below it, in the new one the digest itself.
 * @param diffIds of the image, the lowest first
 * @returns the config's bytes
 */
export async function readSaved(
  tar: Readable,
  diffIds: readonly string[],
  known: (diffId: string) => boolean,
  take: (layer: SavedLayer) => Promise<void>,
): Promise<Buffer | undefined> {
  const extract = newExtract();
  tar.on('error', (error) => extract.destroy(error));
  tar.on('close', () => tar.readableEnded || extract.destroy(new Error('the engine ended the image half-way')));
  tar.pipe(extract);
  const names = new Map(diffIds.map((id) => [`blobs/sha256/${id.slice('sha256:'.length)}`, id]));
  let config: Buffer | undefined;
  try {
    for await (const entry of extract) {
      const { name, type, size = 0 } = entry.header;
      const content = entry as unknown as Readable;
      const first = type === 'file' ? await firstBytes(content) : '';
      const diffId = names.get(name);
      const isLayer =
        name.endsWith('/layer.tar') || diffId !== undefined || (BLOB.test(name) && !first.startsWith('{'));
      if (isLayer && type === 'file' && !(diffId !== undefined && known(diffId)))
        await take({ size, content: decompressed(content, diffId === undefined ? typeOf(first) : TYPES.tar) });
      else if (!isLayer && type === 'file' && size <= SMALL) {
        const bytes = await whole(content);
        if (isConfig(bytes, diffIds)) config = bytes;
        if (name.endsWith('/json')) for (const one of legacyNames(bytes, diffIds)) names.set(...one);
      }
      content.resume();
    }
    return config;
  } finally {
    tar.destroy();
  }
}

/** Engines with containerd's image store give layers as they store them, under names of those bytes. */
function typeOf(first: string): string {
  if (first.startsWith('\x1f\x8b')) return TYPES.gzip;
  return first === '\x28\xb5\x2f\xfd' ? TYPES.zstd : TYPES.tar;
}

/** The first four bytes of a file as characters; they stay to be read. */
async function firstBytes(content: Readable): Promise<string> {
  for (;;) {
    const chunk = content.read() as Buffer | null;
    if (chunk !== null) {
      content.unshift(chunk);
      return chunk.toString('latin1', 0, 4);
    }
    if (content.readableEnded || content.destroyed) return '';
    const isOver = await new Promise<boolean>((resolve, reject) => {
      const done = (over: boolean) => {
        content.off('readable', onReadable).off('end', onEnd).off('error', reject);
        resolve(over);
      };
      const [onReadable, onEnd] = [() => done(false), () => done(true)];
      content.once('readable', onReadable).once('end', onEnd).once('error', reject);
    });
    if (isOver) return '';
  }
}

async function whole(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Json {
  created?: string;
  container_config?: object;
  rootfs?: { diff_ids?: string[] };
}

/** An image's id is its config's digest in some engines and its manifest's in others; its layers tell it in all. */
function isConfig(bytes: Buffer, diffIds: readonly string[]): boolean {
  return JSON.stringify(parsed(bytes)?.rootfs?.diff_ids) === JSON.stringify(diffIds);
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

function parsed(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
