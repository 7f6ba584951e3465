/** commit → checkout: the files of a commit in a folder of ours, with a `.git` that can be made to depend on the commit alone. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError, toSlipwayError } from '../errors.ts';
import { resolveInside, shown } from '../paths.ts';
import type { Checkout, Emit, Resolved } from '../types.ts';
import { kindOf, namesIn, readText } from './files.ts';
import { fullDisk } from './full-disk.ts';
import { fetchLocal } from './local-checkout.ts';
import { byByte, type FetchDeps, type Job, type Made } from './made.ts';
import { fetchRemote } from './remote.ts';
import { makeTempFolder, removeTempFolder } from './temp.ts';

export interface FetchOptions {
  /** Folder in which environment files are looked for. */
  subdir?: string | undefined;
  signal?: AbortSignal | undefined;
  emit?: Emit | undefined;
}

/**
 * Fetches a resolved commit, or copies a local folder. Nothing of it stays once `dispose` was called, the fetch failed
 * or the process ended.
 * @throws host_not_allowed, repo_not_found, ref_not_found, repo_too_large, fetch_timeout, lfs_failed, submodule_failed,
 * unsafe_path, subdir_not_found, disk_full, fetch_failed, interrupted
 */
export async function fetchCheckout(resolved: Resolved, options: FetchOptions, deps: FetchDeps): Promise<Checkout> {
  options.signal?.throwIfAborted();
  const folder = await makeTempFolder();
  const say = (message: string) => options.emit?.({ phase: 'fetching', message });
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(options.signal ? [options.signal] : [])]);
  const background: Promise<unknown>[] = [];
  const job: Job = { ...deps, resolved, folder, root: join(folder, 'repo'), notices: [], signal, background, say };
  const dispose = async () => {
    ended.abort();
    await Promise.allSettled(background);
    await removeTempFolder(folder);
  };
  try {
    say(`Fetching ${shown(resolved.spec.canonicalUrl)} at ${resolved.commit.slice(0, 14)}`);
    const made = await (resolved.spec.provider === 'local' ? fetchLocal(job) : fetchRemote(job));
    const subdir = await checkedSubdir(job.root, options.subdir ?? '');
    return { ...checkoutOf(job, made, subdir, finisher(job, made, options)), dispose };
  } catch (error) {
    const failed = failure(error, options);
    await dispose();
    throw failed;
  }
}

function failure(error: unknown, { signal }: FetchOptions): SlipwayError {
  if (signal?.aborted) return new SlipwayError('interrupted', 'Stopped while fetching.', { cause: error });
  if (error instanceof SlipwayError) return error;
  return fullDisk(error) ?? toSlipwayError(error);
}

/** Finishes `.git` when it is first asked to; what it does is waited for before the folder goes. */
function finisher(job: Job, made: Made, options: FetchOptions): () => Promise<void> {
  let finished: Promise<void> | undefined;
  return () => {
    if (finished) return finished;
    finished = made.finishGit().catch((error: unknown) => {
      throw failure(error, options);
    });
    // Begun early, it may fail before anybody waits for it.
    finished.catch(() => undefined);
    job.background.push(finished);
    return finished;
  };
}

async function checkedSubdir(root: string, given: string): Promise<string> {
  const subdir = resolveInside('', given.replace(/^\/+|\/+$/g, ''));
  if (subdir === '') return '';
  const isFolder = subdir !== undefined && (await kindOf(root, subdir).catch(() => undefined)) === 'folder';
  // A link on the way would make the folder another one than its name says.
  const isItself = isFolder && (await realpath(join(root, subdir))) === join(root, subdir);
  if (subdir !== undefined && isItself && !subdir.split('/').includes('.git')) return subdir;
  throw new SlipwayError('subdir_not_found', `The repository has no folder "${shown(given)}".`, {
    hint: 'Give a folder of the repository, for example --subdir docs/examples.',
  });
}

function checkoutOf(job: Job, made: Made, subdir: string, finishGit: () => Promise<void>): Omit<Checkout, 'dispose'> {
  const { root, notices, resolved } = job;
  const inFolder = (path: string) => {
    const prefix = path === '' ? '' : `${path}/`;
    return [...made.others]
      .flatMap((other) => (other.startsWith(prefix) ? [other.slice(prefix.length)] : []))
      .filter((name) => !name.includes('/'));
  };
  return {
    resolved,
    commitDate: made.date,
    root,
    subdir,
    notices,
    history: made.history,
    paths: async () => made.paths,
    kind: async (path) => (made.others.has(path) ? 'other' : kindOf(root, path)),
    async list(path) {
      const names = await namesIn(root, path);
      const others = inFolder(path);
      return others.length === 0 ? names : [...names, ...others].sort(byByte);
    },
    async read(path, most) {
      if (!made.others.has(path)) return readText(root, path, most);
      throw new SlipwayError('unsafe_file', `${shown(path)} is not read: it is a device or a pipe.`, {
        hint: 'Make it a regular file inside the repository.',
      });
    },
    finishGit,
    async deepen() {
      await finishGit();
      await made.deepen();
    },
  };
}
