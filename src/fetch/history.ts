/** When what was last worked on: commits and folders without file contents, fetched once and only when asked. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toSlipwayError } from '../errors.ts';
import type { History, Notice } from '../types.ts';
import type { Job } from './made.ts';
import type { Online } from './online.ts';
import { UNBORN, writeRepository } from './repository.ts';
import { runGit } from './run-git.ts';

/** First-parent history, a merge counting as what it brought: the order in which the branch itself changed. */
const LOG = ['log', '--first-parent', '-m', '--no-renames', '--no-notes', '--no-decorate'];
/** Commits per look: nearly always the newest few answer. */
const STEPS = [64, 512, 4096];

/** Where a history is, or why there is none. */
export type OpenedHistory = { gitDir: string } | { notice?: Notice };

export interface HistoryOptions {
  /** Called once at most. */
  open(): Promise<OpenedHistory>;
  /** Gets the notice of a history that could not be opened, once somebody asked it something. */
  notices: Notice[];
  /** Files of a local folder that differ from the commit, which count as touched at `at`. */
  ahead?: { paths: readonly string[]; at: Date } | undefined;
}

/** A history that can be opened before anybody asks. */
export interface OpeningHistory extends History {
  prepare(): Promise<void>;
}

interface Change {
  at: Date | undefined;
  /** None for an empty commit. */
  paths: string[];
  isMerge: boolean;
}

/** The history of a commit; when it cannot be opened, every answer is `undefined`. */
export function createHistory(commit: string, { open, notices, ahead }: HistoryOptions): OpeningHistory {
  const opened = once(open);
  const newest = once(async () => {
    const found = await opened();
    return 'gitDir' in found ? changesOf(found.gitDir, commit, 0, stepOf(0)) : [];
  });
  const repository = once(async () => {
    const found = await opened();
    if ('gitDir' in found) return found.gitDir;
    if (found.notice) notices.push(found.notice);
    return undefined;
  });
  const isAmong = (paths: readonly string[], changed: readonly string[]) =>
    changed.some((path) => paths.some((one) => one === path || path.startsWith(`${one}/`)));

  return {
    async prepare() {
      await newest();
    },
    async lastTouched(paths) {
      if (paths.length === 0) return undefined;
      if (ahead && isAmong(paths, ahead.paths)) return ahead.at;
      const gitDir = await repository();
      if (gitDir === undefined) return undefined;
      const known = (await newest()).find((change) => isAmong(paths, change.paths));
      if (known) return known.at;
      return toDate((await runGit([...LOG, '-1', '--format=%ct', commit, '--', ...paths], { gitDir })).trim());
    },
    async lastWhere(counts) {
      if (ahead && ahead.paths.length > 0 && counts(ahead.paths)) return ahead.at;
      const gitDir = await repository();
      return gitDir === undefined ? undefined : search(gitDir, commit, await newest(), counts);
    },
  };
}

/** Opens it beside the rest of a fetch: nearly every plan asks for it. */
export function prepareHistory({ config, background }: Job, history: OpeningHistory): void {
  if (config.SLIPWAY_AS_OF === 'auto') background.push(history.prepare().catch(() => undefined));
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}

async function search(
  gitDir: string,
  commit: string,
  newest: Change[],
  counts: (paths: readonly string[]) => boolean,
): Promise<Date | undefined> {
  let changes = newest;
  for (let skip = 0, step = 0; ; step++) {
    // A merge that brought nothing is no request for a rebuild; an empty commit is.
    const found = changes.find(({ paths, isMerge }) => (paths.length > 0 || !isMerge) && counts(paths));
    if (found) return found.at;
    if (changes.length < stepOf(step)) return undefined;
    skip += changes.length;
    changes = await changesOf(gitDir, commit, skip, stepOf(step + 1));
  }
}

function stepOf(step: number): number {
  return STEPS[Math.min(step, STEPS.length - 1)] ?? 4096;
}

/** `count` commits of the history, newest first, and what each changed. */
async function changesOf(gitDir: string, commit: string, skip: number, count: number): Promise<Change[]> {
  const which = [`--skip=${skip}`, `--max-count=${count}`, commit];
  const text = await runGit([...LOG, '--name-only', '-z', '--format=%x01%ct %P', ...which, '--'], { gitDir });
  return text
    .split('\x01')
    .slice(1)
    .map((record) => {
      const [head = '', ...rest] = record.split('\0');
      const paths = rest.map((path) => path.replace(/^\n/, '')).filter((path) => path !== '');
      const [seconds = '', ...parents] = head.trim().split(' ');
      return { at: toDate(seconds), paths, isMerge: parents.length > 1 };
    });
}

function toDate(seconds: string): Date | undefined {
  if (!/^-?\d+$/.test(seconds)) return undefined;
  return new Date(Math.min(Math.max(Number(seconds), 0), 253_370_764_800) * 1000);
}

export interface HistorySource {
  url: string;
  commit: string;
  ref: string;
}

/** Fetches the history into `gitDir`; a notice when the server or the limits do not let us. */
export async function fetchHistory(online: Online, source: HistorySource, gitDir: string): Promise<OpenedHistory> {
  const fetch = (want: string) =>
    online.tryGit(['fetch', '--filter=blob:none', '--no-tags', '--no-write-fetch-head', '--', source.url, want], {
      gitDir,
    });
  writeRepository(gitDir, { head: UNBORN, bare: true });
  try {
    const byHash = await fetch(source.commit).then(
      () => true,
      (error: unknown) => {
        if (online.gate.failure()) throw error;
        return false;
      },
    );
    if (!byHash) await fetch('+refs/heads/*:refs/heads/*');
    // Without the promisor in its settings git never goes back for a file's content.
    await rm(join(gitDir, 'config'));
    if (!byHash) await runGit(['cat-file', '-t', source.commit], { gitDir });
    return { gitDir };
  } catch (error) {
    const explained = toSlipwayError(online.explain(source.url, error));
    // A day that depends on how full a disk is would be kept with the plan.
    if (explained.code === 'interrupted' || explained.code === 'disk_full') throw explained;
    const message = `The history could not be fetched (${explained.message.replace(/\.$/, '')}); the month of the commit decides the day that packages are taken as of.`;
    return { notice: { code: 'history-unavailable', message } };
  }
}
