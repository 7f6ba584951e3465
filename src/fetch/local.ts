/** Local folders: their state, and a copy of what belongs to them. The folder itself is only ever read. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { copyFile, lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { joinPath } from '../paths.ts';
import { writeRepository } from './repository.ts';
import { runGit } from './run-git.ts';
import { makeTempFolder, removeFewFiles } from './temp.ts';
import { checkPath, Totals } from './tree.ts';

export interface LocalEntry {
  path: string;
  kind: 'file' | 'link' | 'other';
  executable: boolean;
  size: number;
  /** Milliseconds since 1970. */
  changed: number;
}

/** What a local folder is at this moment. */
export interface LocalState {
  /** Its repository, when it is the root of one. */
  gitDir?: string;
  /** HEAD's commit, when there is one. */
  head?: string;
  /** Paths that differ from HEAD; none in a clean work tree, all in a folder without commits. */
  changed: string[];
  isClean: boolean;
}

/** Absolute path of the `.git` of a folder that is the root of a work tree, or a bare repository; else undefined. */
export async function localGitDir(folder: string): Promise<string | undefined> {
  const dotGit = join(folder, '.git');
  const found = statSync(dotGit, { throwIfNoEntry: false });
  if (found?.isDirectory()) return dotGit;
  if (found?.isFile())
    return resolve(folder, /^gitdir: (.+)$/m.exec(await readFile(dotGit, 'utf8'))?.[1]?.trim() ?? '');
  const isBare = ['HEAD', 'objects', 'refs'].every((name) => statSync(join(folder, name), { throwIfNoEntry: false }));
  return isBare ? folder : undefined;
}

/** Folder of a repository that its work trees share. */
export async function commonGitDir(gitDir: string): Promise<string> {
  const text = await readFile(join(gitDir, 'commondir'), 'utf8').catch(() => '.');
  return resolve(gitDir, text.trim());
}

/** HEAD's commit when nothing differs from it, else `local-<first 40 digits of the SHA-256 of the content>`. */
export async function localCommit(folder: string, config: Config): Promise<string> {
  const state = await readLocal(folder);
  if (state.isClean && state.head) return state.head;
  const entries = await listLocal(folder, state, new Totals(config));
  return contentCommit(folder, entries, state.head);
}

/** Looks at a folder without changing it. */
export async function readLocal(folder: string): Promise<LocalState> {
  const gitDir = await localGitDir(folder);
  if (gitDir === undefined) return { changed: [], isClean: false };
  const head = (await runGit(['rev-parse', '--verify', '--quiet', 'HEAD'], { gitDir }).catch(() => '')).trim();
  if (head === '') return { gitDir, changed: [], isClean: false };
  if (gitDir === folder) return { gitDir, head, changed: [], isClean: true };
  const args = [
    'status',
    '--porcelain',
    '--branch',
    '-z',
    '--no-renames',
    '--untracked-files=all',
    '--ignore-submodules=all',
  ];
  const lines = (await inView(folder, gitDir, head, args)).split('\0').slice(1);
  const changed = lines.filter((line) => line !== '').map((line) => line.slice(3));
  return { gitDir, head, changed, isClean: changed.length === 0 && !(await hasSubmodules(folder, gitDir, head)) };
}

/** Every file that belongs to the folder, sorted by byte: what git tracks or would, or everything where there is no git. */
export async function listLocal(folder: string, state: LocalState, totals: Totals): Promise<LocalEntry[]> {
  const entries: LocalEntry[] = [];
  if (state.gitDir === undefined || state.head === undefined) await walk(folder, '', entries, totals);
  else {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const text = await inView(folder, state.gitDir, state.head, args);
    for (const path of new Set(text.split('\0')))
      if (path !== '') await addEntry(folder, path.replace(/\/$/, ''), entries, totals);
  }
  return entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

async function walk(folder: string, path: string, entries: LocalEntry[], totals: Totals): Promise<void> {
  for (const name of await readdir(join(folder, path))) {
    if (name !== '.git') await addEntry(folder, joinPath(path, name), entries, totals);
  }
}

async function addEntry(folder: string, path: string, entries: LocalEntry[], totals: Totals): Promise<void> {
  const stat = await lstat(join(folder, path)).catch(() => undefined);
  if (!stat) return;
  checkPath(path);
  if (stat.isDirectory()) return walk(folder, path, entries, totals);
  const kind = stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : 'other';
  const size = kind === 'file' ? stat.size : 0;
  totals.addFile(path, size);
  entries.push({ path, kind, executable: kind === 'file' && (stat.mode & 0o100) !== 0, size, changed: stat.mtimeMs });
}

/**
 * Runs git on the folder through a repository of our own that borrows its objects and a copy of its index: the folder's
 * settings, hooks and filters stay out of it, and its index is not rewritten.
 */
async function inView(folder: string, gitDir: string, head: string, args: string[]): Promise<string> {
  const temp = await makeTempFolder();
  try {
    const common = await commonGitDir(gitDir);
    writeRepository(temp, { head, alternates: join(common, 'objects') });
    const borrow = (from: string, to: string) => copyFile(from, join(temp, to)).catch(() => undefined);
    await borrow(join(gitDir, 'index'), 'index');
    await borrow(join(common, 'shallow'), 'shallow');
    await borrow(join(common, 'info', 'exclude'), join('objects', 'info', 'exclude'));
    const exclude = join(temp, 'objects', 'info', 'exclude');
    return await runGit(['-c', `core.excludesFile=${exclude}`, ...args], { gitDir: temp, workTree: folder });
  } finally {
    removeFewFiles(temp);
  }
}

/** Submodules that are checked out: their files are in the folder, but not in its commit. */
async function hasSubmodules(folder: string, gitDir: string, head: string): Promise<boolean> {
  if (!statSync(join(folder, '.gitmodules'), { throwIfNoEntry: false })) return false;
  const lines = (await inView(folder, gitDir, head, ['ls-files', '-s', '-z'])).split('\0');
  const paths = lines.filter((line) => line.startsWith('160000')).map((line) => line.slice(line.indexOf('\t') + 1));
  const sizes = await Promise.all(paths.map((path) => readdir(join(folder, path)).catch(() => [])));
  return sizes.some((names) => names.length > 0);
}

/** Name of a state of content: paths, kinds, execute bits, link targets, bytes, and the commit that `.git` will show. */
export async function contentCommit(root: string, entries: readonly LocalEntry[], head?: string): Promise<string> {
  const hash = createHash('sha256').update(`head ${head ?? ''}\0`);
  for (const entry of entries) {
    hash.update(`${entry.kind} ${entry.executable} ${entry.size} ${entry.path}\0`);
    if (entry.kind === 'link') hash.update(`${await readlink(join(root, entry.path))}\0`);
    if (entry.kind === 'file') await addContent(hash, join(root, entry.path), entry.size);
  }
  return `local-${hash.digest('hex').slice(0, 40)}`;
}

async function addContent(hash: Hash, path: string, size: number): Promise<void> {
  if (size < 2 ** 20) hash.update(await readFile(path));
  else
    await pipeline(createReadStream(path), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) hash.update(chunk);
    });
}

/** The error for a folder that did not hold still while it was copied. */
export function changedMeanwhile(folder: string): SlipwayError {
  return new SlipwayError(
    'fetch_failed',
    `The folder ${dirname(folder) === folder ? folder : resolve(folder)} changed while it was read.`,
    {
      hint: 'Wait until whatever writes there is done, then try again.',
    },
  );
}
