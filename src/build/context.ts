/** The build context as a tar stream: owner and times normalised, so that the same files give the same bytes. */
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ContextFile } from './support.ts';

/** Files in a tar, sorted by path as bytes. Big contents may be given as streams with their size. */
export interface ContextStream {
  path: string;
  size: number;
  open(): Readable;
}

/**
 * Streams files as a tar. An `open` that fails destroys the stream with its error.
 * @param streams files that are too big to hold in memory
 */
export function packContext(files: readonly ContextFile[], streams: readonly ContextStream[] = []): Readable {
  const { pack: newPack } = createRequire(import.meta.url)('tar-stream') as typeof import('tar-stream');
  const pack = newPack();
  const mtime = new Date(0);
  const write = async () => {
    for (const file of [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))) {
      pack.entry({ name: file.path, mode: file.mode ?? 0o644, mtime, uid: 0, gid: 0 }, file.content as Buffer);
    }
    for (const stream of streams) {
      const entry = pack.entry({ name: stream.path, size: stream.size, mode: 0o644, mtime, uid: 0, gid: 0 });
      await pipeline(stream.open(), entry);
    }
    pack.finalize();
  };
  write().catch((error) => pack.destroy(error as Error));
  return pack as unknown as Readable;
}
