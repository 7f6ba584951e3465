/** The build context as a tar stream: owner and times normalised, so that the same files give the same bytes. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack as newPack, type Pack } from 'tar-stream';
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
  const pack = newPack();
  addEntries(pack, files, streams)
    .then(() => pack.finalize())
    .catch((error) => pack.destroy(error as Error));
  return pack as unknown as Readable;
}

/** Writes files into a tar, then what is streamed. */
export async function addEntries(
  pack: Pack,
  files: readonly ContextFile[],
  streams: readonly ContextStream[] = [],
): Promise<void> {
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  for (const file of [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))) {
    pack.entry({ ...common, name: file.path, mode: file.mode ?? 0o644 }, file.content as Buffer);
  }
  for (const stream of streams) {
    const entry = pack.entry({ ...common, name: stream.path, size: stream.size, mode: 0o644 });
    await pipeline(stream.open(), entry);
  }
}
