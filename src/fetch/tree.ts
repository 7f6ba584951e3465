/** What a commit holds, listed and held against the limits before anything is written to disk. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { shown } from '../paths.ts';
import { type GitCall, runGit } from './run-git.ts';

/** One entry of a commit's tree. */
export interface TreeEntry {
  path: string;
  kind: 'file' | 'link' | 'submodule';
  /** Blob, or a submodule's commit. */
  sha: string;
  /** Bytes; 0 for a submodule. */
  size: number;
}

export type FetchLimits = Pick<Config, 'SLIPWAY_FETCH_SIZE' | 'SLIPWAY_FETCH_FILE_SIZE' | 'SLIPWAY_FETCH_FILES'>;

/** Deeper or longer paths cannot be had on disk, or only to hurt. */
const MAX_DEPTH = 100;
const MAX_PATH = 2000;
const MAX_NAME = 255;

/** Sums over a repository with its submodules and LFS files; each addition throws when a limit is passed. */
export class Totals {
  private bytes = 0;
  private files = 0;
  private readonly limits: FetchLimits;

  constructor(limits: FetchLimits) {
    this.limits = limits;
  }

  /** @throws repo_too_large */
  addFile(path: string, size: number): void {
    this.addFiles(1);
    if (size > this.limits.SLIPWAY_FETCH_FILE_SIZE) {
      throw tooLarge(
        `The file ${shown(path)} has ${inMb(size)}, more than ${inMb(this.limits.SLIPWAY_FETCH_FILE_SIZE)}, the limit of SLIPWAY_FETCH_FILE_SIZE.`,
      );
    }
    this.bytes += size;
    if (this.bytes > this.limits.SLIPWAY_FETCH_SIZE) {
      throw tooLarge(
        `The repository has more than ${inMb(this.limits.SLIPWAY_FETCH_SIZE)}, the limit of SLIPWAY_FETCH_SIZE.`,
      );
    }
  }

  private addFiles(count: number): void {
    this.files += count;
    this.checkFiles(this.files);
  }

  /** Whether a listing that has come to `count` files can stop. @throws repo_too_large */
  checkFiles(count: number): void {
    if (count <= this.limits.SLIPWAY_FETCH_FILES) return;
    throw tooLarge(
      `The repository has more than ${this.limits.SLIPWAY_FETCH_FILES} files, the limit of SLIPWAY_FETCH_FILES.`,
    );
  }
}

function inMb(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

function tooLarge(message: string): SlipwayError {
  return new SlipwayError('repo_too_large', message, {
    hint: 'Move large data out of the repository, or ask whoever runs Slipway to raise the limit.',
  });
}

/** Lists a commit with all folders, sorted by byte, and counts it. @throws repo_too_large, unsafe_path */
export async function listTree(commit: string, call: GitCall, totals: Totals): Promise<TreeEntry[]> {
  let seen = 0;
  const watch = (chunk: Buffer) => {
    for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1)) seen++;
    totals.checkFiles(seen);
  };
  const text = await runGit(['ls-tree', '-r', '-l', '-z', '--full-tree', commit], { ...call, watch });
  const entries: TreeEntry[] = [];
  for (const line of text.split('\0')) {
    if (line === '') continue;
    const entry = readEntry(line);
    checkPath(entry.path);
    totals.addFile(entry.path, entry.size);
    entries.push(entry);
  }
  return entries;
}

function readEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t');
  const mode = line.slice(0, 6);
  const [, , sha = '', size = ''] = line.slice(0, tab).split(/ +/);
  const kind = mode === '160000' ? 'submodule' : mode === '120000' ? 'link' : 'file';
  return { path: line.slice(tab + 1), kind, sha, size: kind === 'submodule' ? 0 : Number(size) };
}

/** Refuses names that would be more than data to a terminal, a list of files or the file system. @throws unsafe_path */
export function checkPath(path: string): void {
  const why = fault(path);
  if (why === undefined) return;
  throw new SlipwayError('unsafe_path', `The repository holds a path that ${why}: ${shown(path)}`, {
    hint: 'Rename it in the repository.',
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/;

function fault(path: string): string | undefined {
  if (CONTROL.test(path)) return 'has control or bidi characters';
  if (path.includes('\ufffd')) return 'is not valid UTF-8';
  if (path.length > MAX_PATH) return `is longer than ${MAX_PATH} characters`;
  const parts = path.split('/');
  if (parts.length > MAX_DEPTH) return `is deeper than ${MAX_DEPTH} folders`;
  if (parts.some((part) => part === '' || part === '.' || part === '..' || /^\.git$/i.test(part)))
    return 'git itself refuses';
  if (path.length > MAX_NAME && parts.some((part) => Buffer.byteLength(part) > MAX_NAME))
    return 'has a name that is too long';
  return undefined;
}
