/**
 * Reading a checkout without being led out of it, and without waiting for what never answers. What is small is read at
 * once: to wait for each of the calls that this takes costs more than they do.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFile,
  readFileSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { SlipwayError } from '../errors.ts';
import { folderOf, resolveInside, shown } from '../paths.ts';
import type { EntryKind } from '../types.ts';

/** Environment files are small; more than this is a mistake or an attack. */
export const MAX_TEXT = 2 ** 20;

function unsafe(path: string, why: string): SlipwayError {
  return new SlipwayError('unsafe_file', `${shown(path)} is not read: ${why}.`, {
    hint: 'Make it a regular file inside the repository.',
  });
}

/** Where a path really is once links are followed; undefined when nothing is there. @throws unsafe_file */
function realInside(root: string, path: string): string | undefined {
  const clean = resolveInside('', path);
  if (clean === undefined) throw unsafe(path, 'it leads out of the repository');
  let real: string;
  try {
    real = realpathSync.native(join(root, clean));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unsafe(path, code === 'ELOOP' ? 'it is a link to itself' : `the system says ${code}`);
  }
  if (real !== root && !real.startsWith(root + sep))
    throw unsafe(path, 'it is a link that leads out of the repository');
  const inGit = real
    .slice(root.length + 1)
    .split(sep)
    .includes('.git');
  if (inGit) throw unsafe(path, 'it leads into .git');
  return real;
}

/** What stands at a path, its last component not followed. @throws unsafe_file when a folder on the way leads out */
export async function kindOf(root: string, path: string): Promise<EntryKind | undefined> {
  if (path === '') return 'folder';
  const folder = realInside(root, folderOf(path));
  if (folder === undefined) return undefined;
  const found = statOf(join(folder, path.slice(path.lastIndexOf('/') + 1)));
  if (!found) return undefined;
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Names in a folder, sorted by byte and without `.git`; empty when there is no such folder. @throws unsafe_file */
export async function namesIn(root: string, path: string): Promise<string[]> {
  const folder = realInside(root, path);
  if (folder === undefined) return [];
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return [];
    throw unsafe(path, `the system says ${error.code}`);
  });
  return names.filter((name) => name !== '.git').sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The text of a file of at most `most` bytes, a byte order mark dropped. @throws unsafe_file, file_too_large, file_not_text */
export async function readText(root: string, path: string, most: number = MAX_TEXT): Promise<string> {
  const real = realInside(root, path);
  if (real === undefined) throw unsafe(path, 'there is no such file');
  // O_NONBLOCK: opening a FIFO without it waits for a writer for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file: number;
  try {
    file = openSync(real, flags);
  } catch (error) {
    throw unsafe(path, `the system says ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw unsafe(path, found.isDirectory() ? 'it is a folder' : 'it is a device or a pipe');
    if (found.size > most) {
      throw new SlipwayError('file_too_large', `${shown(path)} has ${found.size} bytes; it may have ${most}.`, {
        hint: 'Environment files are short lists: remove what does not belong there.',
      });
    }
    return decodeText(found.size > MAX_TEXT ? await readWhole(file) : readFileSync(file), path);
  } finally {
    closeSync(file);
  }
}

const readWhole = promisify<number, Buffer>(readFile);

function decodeText(bytes: Buffer, path: string): string {
  const isWide = bytes.length % 2 === 0 && bytes.length >= 2;
  const label =
    isWide && bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : isWide && bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Falls through to the same error: both mean that it is no text.
  }
  throw new SlipwayError('file_not_text', `${shown(path)} is not text in UTF-8.`, { hint: 'Save it as UTF-8.' });
}
