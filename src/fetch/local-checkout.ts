/** A checkout from a local folder: of a commit without touching the folder's git, or a copy of its content as it is. */
import { constants, statSync } from 'node:fs';
import { chmod, copyFile, mkdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shown } from '../paths.ts';
import { canonicalGit } from './canonical.ts';
import { type WrittenCommit, writeCommit } from './commit.ts';
import { createHistory, type HistoryOptions, type OpeningHistory, prepareHistory } from './history.ts';
import { copyLfs, findPointers } from './lfs.ts';
import {
  changedMeanwhile,
  commonGitDir,
  contentCommit,
  type LocalEntry,
  type LocalState,
  listLocal,
  localGitDir,
  readLocal,
} from './local.ts';
import { type Job, type Made, tagsOf } from './made.ts';
import { repositoryConfig, writeRepository } from './repository.ts';
import { runGit } from './run-git.ts';
import { Totals } from './tree.ts';

/** Copies what `job.resolved` means of a local folder to `job.root`. */
export async function fetchLocal(job: Job): Promise<Made> {
  const { spec, commit } = job.resolved;
  return commit.startsWith('local-')
    ? copyContent(job, await readLocal(spec.cloneUrl))
    : copyCommit(job, await localGitDir(spec.cloneUrl));
}

async function copyCommit(job: Job, gitDir: string | undefined): Promise<Made> {
  const { commit } = job.resolved;
  if (gitDir === undefined) throw changedMeanwhile(job.resolved.spec.cloneUrl);
  const history = historyOf(job, gitDir, commit);
  prepareHistory(job, history);
  await borrowObjects(job.root, commit, gitDir);
  const totals = new Totals(job.config);
  const written = await writeCommit(job.root, commit, totals, job.signal);
  const pointers = await findPointers(written, totals);
  for (const path of await copyLfs(await commonGitDir(gitDir), job.root, pointers)) {
    job.notices.push({
      code: 'lfs-missing',
      message: `${shown(path)} stays an LFS pointer: its content is not in the folder's repository.`,
      file: path,
    });
  }
  for (const { path } of written.entries.filter(({ kind }) => kind === 'submodule')) {
    job.notices.push({
      code: 'submodule-ignored',
      message: `The submodule ${shown(path)} is not checked out in the folder; it stays empty.`,
      file: path,
    });
  }
  const untouched = new Set(pointers.map(({ path }) => path));
  return {
    date: written.date,
    paths: written.entries.filter(({ kind }) => kind !== 'submodule').map(({ path }) => path),
    others: new Set(),
    history,
    finishGit: () => canonicalGit({ ...written, untouched, signal: job.signal }),
    deepen: () => deepen(job, gitDir, written, untouched),
  };
}

async function borrowObjects(root: string, head: string, gitDir: string): Promise<void> {
  const common = await commonGitDir(gitDir);
  writeRepository(join(root, '.git'), { head, alternates: join(common, 'objects') });
  await copyFile(join(common, 'shallow'), join(root, '.git', 'shallow')).catch(() => undefined);
}

/** The folder's own repository answers; one that was cloned shallow cannot. */
function historyOf(job: Job, gitDir: string, commit: string, ahead?: HistoryOptions['ahead']): OpeningHistory {
  const open = async () => {
    if (!(await isShallow(gitDir))) return { gitDir };
    const message =
      'The folder is a shallow clone, so its history is not known; the month of the commit decides the day that packages are taken as of.';
    return { notice: { code: 'history-unavailable', message } };
  };
  return createHistory(commit, { open, notices: job.notices, ahead });
}

async function isShallow(gitDir: string): Promise<boolean> {
  return statSync(join(await commonGitDir(gitDir), 'shallow'), { throwIfNoEntry: false }) !== undefined;
}

async function deepen(job: Job, gitDir: string, written: WrittenCommit, untouched: ReadonlySet<string>): Promise<void> {
  if (await isShallow(gitDir)) return;
  const own = join(job.root, '.git');
  await writeFile(join(own, 'objects', 'info', 'alternates'), `${join(await commonGitDir(gitDir), 'objects')}\n`);
  await rm(join(own, 'shallow'), { force: true });
  await canonicalGit({ ...written, untouched, tags: await tagsOf(gitDir, written.commit), signal: job.signal });
}

async function copyContent(job: Job, state: LocalState): Promise<Made> {
  const folder = job.resolved.spec.cloneUrl;
  const entries = await listLocal(folder, state, new Totals(job.config));
  await copyEntries(folder, job.root, entries);
  if ((await contentCommit(job.root, entries, state.head).catch(() => '')) !== job.resolved.commit)
    throw changedMeanwhile(folder);
  const others = entries.filter(({ kind }) => kind === 'other').map(({ path }) => path);
  for (const path of others)
    job.notices.push({
      code: 'ignored-file',
      message: `${shown(path)} is a device or a pipe; it is left out.`,
      file: path,
    });
  const head = state.gitDir && state.head ? await addHead(job, state.gitDir, state.head) : undefined;
  const date = lastChange(entries, state, head?.date);
  const ahead = { paths: head ? state.changed : entries.map(({ path }) => path), at: date };
  return {
    date,
    paths: entries.filter(({ kind }) => kind !== 'other').map(({ path }) => path),
    others: new Set(others),
    history:
      state.gitDir && head
        ? historyOf(job, state.gitDir, head.commit, ahead)
        : createHistory('', { open: async () => ({}), notices: job.notices, ahead }),
    finishGit: async () => {
      if (head) await canonicalGit({ ...head, signal: job.signal });
    },
    deepen: async () => {
      if (state.gitDir && head) await deepen(job, state.gitDir, head, new Set());
    },
  };
}

async function copyEntries(folder: string, root: string, entries: readonly LocalEntry[]): Promise<void> {
  const made = new Set<string>();
  await mkdir(root, { recursive: true });
  for (const { path, kind, executable } of entries) {
    if (kind === 'other') continue;
    const target = join(root, path);
    if (!made.has(dirname(target))) await mkdir(dirname(target), { recursive: true });
    made.add(dirname(target));
    if (kind === 'link') await symlink(await readlink(join(folder, path)), target);
    else {
      await copyFile(join(folder, path), target, constants.COPYFILE_FICLONE);
      await chmod(target, executable ? 0o755 : 0o644);
    }
  }
}

/** Gives a copied folder the `.git` of its HEAD, so that what asks git for a version sees the changes as changes. */
async function addHead(job: Job, gitDir: string, head: string): Promise<WrittenCommit> {
  await borrowObjects(job.root, head, gitDir);
  const own = join(job.root, '.git');
  await writeFile(join(own, 'config'), repositoryConfig({}));
  await runGit(['read-tree', head], { gitDir: own });
  const text = await runGit(['log', '-1', '--format=%ct %P', head], { gitDir });
  const [seconds = '0', ...parents] = text.trim().split(' ');
  const written = {
    root: job.root,
    commit: head,
    entries: [],
    date: new Date(Number(seconds) * 1000),
    hasParents: parents.length > 0,
  };
  return written;
}

/** The day a changed folder was last worked on: the newest of its HEAD and of the files that differ; never in the future. */
function lastChange(entries: readonly LocalEntry[], { changed }: LocalState, head?: Date): Date {
  const differs = new Set(changed);
  const times = entries.filter(({ path }) => head === undefined || differs.has(path)).map((entry) => entry.changed);
  const newest = times.reduce((latest, time) => Math.max(latest, time), head?.getTime() ?? 0);
  return new Date(Math.min(newest, Date.now()));
}
