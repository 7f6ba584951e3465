/** The one writer of content: a checkout as one tar layer, the same bytes on every machine. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack as newPack, type Pack } from 'tar-stream';
import { SlipwayError } from '../errors.ts';
import { markEntries } from '../image-mark.ts';
import type { Checkout } from '../types.ts';
import { ignoreFilter } from './ignore.ts';

export interface ContentLayerOptions {
  /** Paths that become executable whatever git says. */
  executables: readonly string[];
  /** Path of the ignore file in the repository. */
  ignoreFile?: string;
  /** Environment files, which no ignore file may take out. */
  keep: readonly string[];
}

/** What a repository's files become: below the home of uid 1000. */
const HOME = 'home/jovyan/';
const OWNER = { uid: 1000, gid: 1000, uname: '', gname: '' };
/** Files up to this size are read in one go. */
const SMALL = 256 * 1024;

/** Of `.git`: when and where it was fetched, which says nothing about the commit and differs from time to time. */
const GIT_TRANSIENT =
  /^\.git\/(?:(?:modules\/.+\/)?(?:logs(?:\/|$)|(?:FETCH_HEAD|ORIG_HEAD|COMMIT_EDITMSG|gc\.log|gc\.pid)$|hooks(?:\/|$))|.*\.lock$)/;

/**
 * Writes the layer to `sink` and ends it. Memory stays flat whatever the size.
 * @returns `sha256:…` of the uncompressed tar, and its bytes
 */
export async function writeContentLayer(
  checkout: Checkout,
  options: ContentLayerOptions,
  sink: Writable,
): Promise<{ diffId: string; size: number }> {
  await checkout.finishGit();
  const pack = newPack();
  const hash = createHash('sha256');
  const meter = hashing(hash);
  const written = writeEntries(pack, checkout, options).catch((error) => pack.destroy(error as Error));
  await pipeline(pack, meter.stream, sink);
  await written;
  return { diffId: `sha256:${hash.digest('hex')}`, size: meter.size() };
}

function hashing(hash: Hash): { stream: Transform; size: () => number } {
  let size = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, size: () => size };
}

async function writeEntries(pack: Pack, checkout: Checkout, options: ContentLayerOptions): Promise<void> {
  const mtime = new Date(Math.floor(checkout.commitDate.getTime() / 1000) * 1000);
  const executables = new Set(options.executables);
  const paths = await contentPaths(checkout, options);
  // Without an entry of its own the engine would make the home folder root's.
  pack.entry({ ...OWNER, name: HOME, type: 'directory', mode: 0o755, mtime });
  for (const [index, path] of withFolders(paths).entries()) {
    if (path.endsWith('/')) {
      pack.entry({ ...OWNER, name: HOME + path, type: 'directory', mode: 0o755, mtime });
    } else await writeEntry(pack, join(checkout.root, path), { path, mtime, executable: executables.has(path) });
    // Small files are read without waiting, so others get their turn here.
    if (index % 64 === 0) await drained(pack);
  }
  for (const { name, text } of markEntries(checkout.resolved.commit)) {
    if (text === undefined) pack.entry({ name, type: 'directory', mode: 0o755, mtime });
    else pack.entry({ name, mode: 0o644, mtime }, text);
  }
  pack.finalize();
}

interface Entry {
  path: string;
  mtime: Date;
  executable: boolean;
}

async function writeEntry(pack: Pack, file: string, entry: Entry): Promise<void> {
  const found = statOf(file, entry.path);
  const common = { ...OWNER, name: HOME + entry.path, mtime: entry.mtime };
  if (found.isSymbolicLink()) {
    pack.entry({ ...common, type: 'symlink', linkname: readlinkSync(file), mode: 0o777 });
    return;
  }
  if (!found.isFile()) return;
  const mode = entry.executable || (found.mode & 0o111) !== 0 ? 0o755 : 0o644;
  if (found.size <= SMALL) {
    pack.entry({ ...common, mode }, readFileSync(file));
    return;
  }
  const sink = pack.entry({ ...common, mode, size: found.size });
  await pipeline(createReadStream(file, { end: found.size - 1 }), sink as unknown as Writable);
}

function statOf(file: string, path: string): Stats {
  try {
    return lstatSync(file);
  } catch (error) {
    throw new SlipwayError('internal', `${path} vanished from the checkout while it was read`, { cause: error });
  }
}

function drained(pack: Pack): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { readableLength, readableHighWaterMark, destroyed } = pack as unknown as Record<string, number>;
      if (destroyed || (readableLength ?? 0) <= (readableHighWaterMark ?? 16384)) resolve();
      else setImmediate(look);
    };
    setImmediate(look);
  });
}

/** Files of the layer sorted by byte: what the ignore file leaves of the repository, and all of `.git`. */
async function contentPaths(checkout: Checkout, options: ContentLayerOptions): Promise<string[]> {
  const ignored = options.ignoreFile === undefined ? undefined : ignoreFilter(await checkout.read(options.ignoreFile));
  const keep = new Set([...options.keep, ...(options.ignoreFile === undefined ? [] : [options.ignoreFile])]);
  const all = (await checkout.paths()).filter((path) => path !== '.git' && !path.startsWith('.git/'));
  const files = ignored ? all.filter((path) => keep.has(path) || isGit(path) || !ignored(path)) : [...all];
  walkGit(checkout.root, '.git', files);
  return files;
}

/** `.git` of a submodule, a file or a folder, is git's as well. */
function isGit(path: string): boolean {
  return path.split('/').includes('.git');
}

/** Adds what is below a folder of `.git`, folders with a slash at their end: git wants some of its empty ones. */
function walkGit(root: string, folder: string, found: string[]): void {
  let names: string[];
  try {
    names = readdirSync(join(root, folder));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  found.push(`${folder}/`);
  for (const name of names) {
    const path = `${folder}/${name}`;
    if (GIT_TRANSIENT.test(path)) continue;
    if (lstatSync(join(root, path)).isDirectory()) walkGit(root, path, found);
    else found.push(path);
  }
}

/** The paths with every folder above them, each folder before what is in it. */
function withFolders(paths: readonly string[]): string[] {
  const all = new Set(paths);
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
      all.add(path.slice(0, slash + 1));
  }
  const sorted = [...all].map((path) => ({ path, bytes: Buffer.from(path) }));
  return sorted.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ path }) => path);
}
