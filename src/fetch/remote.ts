/** A checkout from a git host: the commit, its LFS files and its submodules. */
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import { joinPath, shown } from '../paths.ts';
import { type CanonicalOptions, canonicalGit } from './canonical.ts';
import { type CommitSource, fetchCommit, type WrittenCommit } from './commit.ts';
import { createHistory, fetchHistory, prepareHistory } from './history.ts';
import { fetchLfs, findPointers } from './lfs.ts';
import { byByte, type Job, type Made, tagsOf } from './made.ts';
import { type Online, withOnline } from './online.ts';
import { listSubmodules, MAX_SUBMODULE_DEPTH, MAX_SUBMODULES, submoduleError } from './submodules.ts';
import { Totals } from './tree.ts';

/** What one repository came to, without its submodules. */
interface Part {
  written: WrittenCommit;
  lfs: ReadonlySet<string>;
}

interface Progress {
  job: Job;
  online: Online;
  totals: Totals;
  submodules: number;
  /** Every `.git` that was made. */
  gits: CanonicalOptions[];
}

/** Fetches a resolved commit of a host into `job.root`. */
export async function fetchRemote(job: Job): Promise<Made> {
  const { spec, commit, ref } = job.resolved;
  const source = { url: spec.cloneUrl, commit, ref };
  const open = () => withOnline(job, (online) => fetchHistory(online, source, join(job.folder, 'history.git')));
  const history = createHistory(commit, { open, notices: job.notices });
  const gits: CanonicalOptions[] = [];
  const fetching = withOnline(job, async (online) => {
    const progress = { job, online, totals: new Totals(job.config), submodules: 0, gits };
    return fetchWhole(progress, source, spec.canonicalUrl, '', 0);
  });
  // It takes as long as the commit itself.
  prepareHistory(job, history);
  const { part, paths } = await fetching;
  return {
    date: part.written.date,
    paths,
    others: new Set(),
    history,
    finishGit: () =>
      withOnline(job, async ({ signal, explain }) => {
        for (const one of gits)
          await canonicalGit({ ...one, signal }).catch((error) => {
            throw explain(source.url, error);
          });
      }),
    deepen: () => withOnline(job, (online) => deepen(online, job, source, part)),
  };
}

/** One repository at `path` of the work tree, and those below it. */
async function fetchWhole(
  progress: Progress,
  source: CommitSource,
  origin: string,
  path: string,
  depth: number,
): Promise<{ part: Part; paths: string[] }> {
  const { job, online, totals, gits } = progress;
  const root = join(job.root, path);
  const written = await fetchCommit(online, source, root, totals);
  const pointers = await findPointers(written, totals);
  if (pointers.length > 0) {
    job.say(`Fetching ${pointers.length} LFS file${pointers.length > 1 ? 's' : ''}`);
    await fetchLfs(online, job.config, written, source.url, pointers);
  }
  const below = await fetchSubmodules(progress, written, source.url, path, depth);
  const part = { written, lfs: new Set(pointers.map((pointer) => pointer.path)) };
  gits.push({ ...written, origin, untouched: part.lfs });
  const own = written.entries.flatMap((entry) => (entry.kind === 'submodule' ? [] : [joinPath(path, entry.path)]));
  return { part, paths: below.length === 0 ? own : [...own, ...below].sort(byByte) };
}

async function fetchSubmodules(
  progress: Progress,
  written: WrittenCommit,
  url: string,
  path: string,
  depth: number,
): Promise<string[]> {
  const paths: string[] = [];
  for (const submodule of await listSubmodules(written, url, progress.job.notices)) {
    const at = joinPath(path, submodule.path);
    progress.submodules += 1;
    if (depth >= MAX_SUBMODULE_DEPTH || progress.submodules > MAX_SUBMODULES) {
      throw new SlipwayError(
        'submodule_failed',
        `The submodule ${shown(at)} is one too many: ${MAX_SUBMODULES} in all and ${MAX_SUBMODULE_DEPTH} levels are allowed.`,
        {
          hint: 'Use fewer submodules.',
        },
      );
    }
    progress.job.say(`Fetching the submodule ${shown(at)}`);
    try {
      const source = { url: submodule.url, commit: submodule.commit, ref: submodule.commit };
      paths.push(...(await fetchWhole(progress, source, submodule.url.replace(/\.git$/, ''), at, depth + 1)).paths);
    } catch (error) {
      throw submoduleError(at, error);
    }
  }
  return paths;
}

async function deepen(online: Online, job: Job, { url, commit }: CommitSource, { written, lfs }: Part): Promise<void> {
  const gitDir = join(job.root, '.git');
  const unshallow = written.hasParents ? ['--unshallow'] : [];
  const args = [
    'fetch',
    ...unshallow,
    '--no-tags',
    '--no-write-fetch-head',
    '--',
    url,
    '+refs/heads/*:refs/slipway/*',
    '+refs/tags/*:refs/tags/*',
  ];
  await online.git(url, args, { gitDir });
  const tags = await tagsOf(gitDir, commit);
  await canonicalGit({
    ...written,
    origin: job.resolved.spec.canonicalUrl,
    untouched: lfs,
    tags,
    signal: online.signal,
  });
}
