/** git's index, brought into a form that depends on the commit alone. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

const ENTRY_HEAD = 62;
const ASSUME_VALID = 0x8000;

/**
 * Rewrites an index file (version 2): what it knows of this machine's file system is zeroed, so that git looks again
 * where it is used, and only the cached trees are kept of its extensions.
 * @param untouched paths that git shall take as unchanged: LFS files, whose content differs from their pointers
 */
export async function canonicalIndex(path: string, untouched: ReadonlySet<string>): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 0, 4) !== 'DIRC' || bytes.readUInt32BE(4) !== 2)
    throw new Error('an index of an unknown version');
  let at = 12;
  for (let left = bytes.readUInt32BE(8); left > 0; left--) {
    const end = bytes.indexOf(0, at + ENTRY_HEAD);
    bytes.fill(0, at, at + 24).fill(0, at + 28, at + 40);
    if (untouched.has(bytes.toString('utf8', at + ENTRY_HEAD, end))) {
      bytes.writeUInt16BE(bytes.readUInt16BE(at + 60) | ASSUME_VALID, at + 60);
    }
    at += (ENTRY_HEAD + (end - at - ENTRY_HEAD) + 8) & ~7;
  }
  const kept = Buffer.concat([bytes.subarray(0, at), cachedTrees(bytes, at)]);
  await writeFile(path, Buffer.concat([kept, createHash('sha1').update(kept).digest()]));
}

function cachedTrees(bytes: Buffer, start: number): Buffer {
  for (let at = start; at + 8 <= bytes.length - 20; at += 8 + bytes.readUInt32BE(at + 4)) {
    if (bytes.toString('latin1', at, at + 4) === 'TREE') return bytes.subarray(at, at + 8 + bytes.readUInt32BE(at + 4));
  }
  return Buffer.alloc(0);
}
