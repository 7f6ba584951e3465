/** One repository at one commit, fetched as little as the server allows and written to disk once the limits are kept. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { refusesSha } from './git-errors.ts';
import type { Online } from './online.ts';
import { UNBORN, writeRepository } from './repository.ts';
import { type GitCall, runGit } from './run-git.ts';
import { listTree, type Totals, type TreeEntry } from './tree.ts';

export interface CommitSource {
  url: string;
  commit: string;
  /** A ref that the commit was at, for servers that do not hand out commits by hash. */
  ref: string;
}

/** What was written to a work tree. */
export interface WrittenCommit {
  root: string;
  commit: string;
  entries: TreeEntry[];
  date: Date;
  hasParents: boolean;
}

/** Fetches a commit into `<root>/.git` and checks it out; `root` need not exist. */
export async function fetchCommit(
  online: Online,
  source: CommitSource,
  root: string,
  totals: Totals,
): Promise<WrittenCommit> {
  const gitDir = join(root, '.git');
  writeRepository(gitDir, { head: UNBORN });
  await fetchObjects(online, source, gitDir);
  await writeFile(join(gitDir, 'HEAD'), `${source.commit}\n`);
  try {
    return await writeCommit(root, source.commit, totals, online.signal);
  } catch (error) {
    throw online.explain(source.url, error);
  }
}

async function fetchObjects(online: Online, source: CommitSource, gitDir: string): Promise<void> {
  const { url, commit } = source;
  const fetch = (...args: string[]) =>
    online.tryGit(['fetch', '--no-tags', '--no-write-fetch-head', ...args], { gitDir });
  const byHash = () => fetch('--depth=1', '--', url, commit);
  let last: unknown;
  for (const attempt of [byHash, ...otherWays(fetch, source)]) {
    try {
      await attempt();
      // What git was asked for by its hash has come, or it would have failed.
      if (attempt === byHash || (await readCommit(gitDir, commit))) return;
    } catch (error) {
      const explained = online.explain(url, error);
      if (!refusesSha(error) || online.gate.failure()) throw explained;
      last = error;
    }
  }
  throw noCommit(commit, last);
}

/** For servers that refuse: the ref's tip, if it has not moved; at last everything, and the rest is dropped later. */
function otherWays(
  fetch: (...args: string[]) => Promise<string>,
  { url, ref }: CommitSource,
): (() => Promise<string>)[] {
  const refs = ['+refs/heads/*:refs/slipway/heads/*', '+refs/tags/*:refs/slipway/tags/*'];
  const tip = () => fetch('--depth=1', '--', url, ref);
  const everything = () => fetch('--', url, ...refs);
  return /^[0-9a-f]{4,40}$/i.test(ref) ? [everything] : [tip, everything];
}

function noCommit(commit: string, cause?: unknown): SlipwayError {
  return new SlipwayError('ref_not_found', `The repository has no commit ${commit}.`, {
    cause,
    hint: 'It may have been removed by a forced push, or never been fetched: give a branch or tag instead.',
  });
}

/**
 * Checks a commit out whose objects are there already. The limits are checked before a file is written.
 * @throws ref_not_found, repo_too_large, unsafe_path
 */
export async function writeCommit(
  root: string,
  commit: string,
  totals: Totals,
  signal?: AbortSignal,
): Promise<WrittenCommit> {
  const gitDir = join(root, '.git');
  const call: GitCall = { gitDir, ...(signal ? { signal } : {}) };
  const [head, listed] = await Promise.allSettled([readCommit(gitDir, commit), listTree(commit, call, totals)]);
  if (head.status === 'rejected' || !head.value) throw noCommit(commit);
  if (listed.status === 'rejected') throw listed.reason;
  const written = { root, commit, entries: listed.value, ...head.value };
  await runGit(['reset', '--hard', commit], { ...call, workTree: root });
  return written;
}

const YEAR_9999 = 253_370_764_800;

interface CommitHead {
  date: Date;
  hasParents: boolean;
}

/** What a commit says of itself, parents that are left out included; undefined when it is not there. */
async function readCommit(gitDir: string, commit: string): Promise<CommitHead | undefined> {
  const text = await runGit(['cat-file', 'commit', commit], { gitDir }).catch(() => undefined);
  if (text === undefined) return undefined;
  const header = text.slice(0, text.indexOf('\n\n'));
  const seconds = Number(/^committer .*> (-?\d+) [+-]\d+$/m.exec(header)?.[1] ?? 0);
  return { date: new Date(Math.min(Math.max(seconds, 0), YEAR_9999) * 1000), hasParents: /^parent /m.test(header) };
}
