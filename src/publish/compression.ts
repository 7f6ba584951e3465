/** Layers compressed and decompressed on the way; the same layer gives the same bytes on every worker. */
import { spawn } from 'node:child_process';
import { Duplex, type Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { TYPES } from './manifest.ts';

export type Compression = Config['SLIPWAY_REGISTRY_COMPRESSION'];

/** Three is as fast as one with what notebooks are made of, and hardly larger than six. */
const LEVEL = 3;

/** Node has zstd from 22.15 on. */
type Zstd = { createZstdCompress?(): Duplex; createZstdDecompress?(): Duplex };

/** A stream that a tar is written to and a compressed one read from. */
export function compressor(compression: Compression): { stream: Duplex; mediaType: string } {
  if (compression === 'gzip') return { stream: zlib.createGzip({ level: LEVEL }), mediaType: TYPES.gzip };
  const stream = (zlib as Zstd).createZstdCompress?.() ?? program(['-q', '-3', '-c']);
  return { stream, mediaType: TYPES.zstd };
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
