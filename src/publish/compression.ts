/** Layers compressed and decompressed on the way; the same layer gives the same bytes on every worker. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Duplex, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { chunked } from './chunks.ts';
import { TYPES } from './manifest.ts';

export type Compression = Config['SLIPWAY_REGISTRY_COMPRESSION'];

/** Three is as fast as one with what notebooks are made of, and hardly larger than six. */
const LEVEL = 3;
/** Several threads compress at once; a gzip file may be made of many, and blocks of one size always give the same. */
const BLOCK = 1024 * 1024;
/** For all that a block can become: the thread that compresses it comes back once. */
const ROOM = BLOCK + 64 * 1024;
const AT_ONCE = Math.max(2, Math.min(4, availableParallelism()));
const compress = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);

/** Node has zstd from 22.15 on. */
type Zstd = { createZstdCompress?(): Duplex; createZstdDecompress?(): Duplex };

/** A stream that a tar is written to and a compressed one read from. */
export function compressor(compression: Compression): { stream: Duplex; mediaType: string } {
  if (compression === 'gzip') return { stream: Duplex.from(gzipped), mediaType: TYPES.gzip };
  const stream = (zlib as Zstd).createZstdCompress?.() ?? program(['-q', '-3', '-c']);
  return { stream, mediaType: TYPES.zstd };
}

async function* gzipped(tar: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const underWay: Promise<Buffer>[] = [];
  for await (const block of chunked(tar, BLOCK)) {
    const first = underWay.length < AT_ONCE ? undefined : underWay.shift();
    underWay.push(compress(block, { level: LEVEL, chunkSize: ROOM }));
    if (first) yield await first;
  }
  for (const rest of underWay) yield await rest;
}

/** A layer as the tar that it is. */
export function decompressed(layer: Readable, mediaType: string): Readable {
  if (mediaType === TYPES.tar) return layer;
  const through =
    mediaType === TYPES.zstd
      ? ((zlib as Zstd).createZstdDecompress?.() ?? program(['-q', '-d', '-c']))
      : zlib.createGunzip();
  layer.on('error', (error) => through.destroy(error));
  return layer.pipe(through);
}

function program(options: string[]): Duplex {
  const child = spawn('zstd', options, { stdio: ['pipe', 'pipe', 'ignore'] });
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  stream.on('close', () => child.kill());
  child.on('error', (cause) =>
    stream.destroy(
      new SlipwayError('bad_setting', 'SLIPWAY_REGISTRY_COMPRESSION is zstd, and there is no program zstd here.', {
        cause,
        hint: 'Install zstd, run Slipway with Node 22.15 or newer, or leave it at gzip.',
      }),
    ),
  );
  return stream;
}
