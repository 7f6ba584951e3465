/** When what was last worked on: commits and folders without file contents, fetched once and only when asked. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toSlipwayError } from '../errors.ts';
import type { History, Notice } from '../types.ts';
import type { Online } from './online.ts';
import { UNBORN, writeRepository } from './repository.ts';
import { runGit } from './run-git.ts';

/** First-parent history, a merge counting as what it brought: the order in which the branch itself changed. */
const LOG = ['log', '--first-parent', '-m', '--no-renames', '--no-notes', '--no-decorate'];
/** Commits per look: nearly always the newest few answer. */
const STEPS = [64, 512, 4096];

/**
 * History in a repository that `open` provides; when it cannot, every answer is `undefined` and `open`'s notice says why.
 * @param ahead files of a local folder that differ from the commit, which count as touched at `at`
 */
export function createHistory(
  commit: string,
  open: () => Promise<string | undefined>,
  ahead?: { paths: readonly string[]; at: Date },
): History {
  let gitDir: Promise<string | undefined> | undefined;
  const repository = () => {
    gitDir ??= open();
    return gitDir;
  };
  const isAhead = (paths: readonly string[]) =>
    ahead?.paths.some((path) => paths.some((one) => one === path || path.startsWith(`${one}/`))) ?? false;

  return {
    async lastTouched(paths) {
      if (paths.length === 0) return undefined;
      if (ahead && isAhead(paths)) return ahead.at;
      const found = await repository();
      if (found === undefined) return undefined;
      const text = await runGit([...LOG, '-1', '--format=%ct', commit, '--', ...paths], { gitDir: found });
      return toDate(text.trim());
    },
    async lastWhere(counts) {
      if (ahead && ahead.paths.length > 0 && counts(ahead.paths)) return ahead.at;
      const found = await repository();
      return found === undefined ? undefined : search(found, commit, counts);
    },
  };
}

async function search(
  gitDir: string,
  commit: string,
  counts: (paths: readonly string[]) => boolean,
): Promise<Date | undefined> {
  for (let skip = 0, step = 0; ; step++) {
    const count = STEPS[Math.min(step, STEPS.length - 1)] ?? 4096;
    const args = [
      ...LOG,
      '--name-only',
      '-z',
      '--format=%x01%ct %P',
      `--skip=${skip}`,
      `--max-count=${count}`,
      commit,
      '--',
    ];
    const records = (await runGit(args, { gitDir })).split('\x01').slice(1);
    for (const record of records) {
      const [head = '', ...rest] = record.split('\0');
      const paths = rest.map((path) => path.replace(/^\n/, '')).filter((path) => path !== '');
      const [seconds = '', ...parents] = head.trim().split(' ');
      // A merge that brought nothing is no request for a rebuild; an empty commit is.
      if (paths.length === 0 && parents.length > 1) continue;
      if (counts(paths)) return toDate(seconds);
    }
    if (records.length < count) return undefined;
    skip += count;
  }
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

/** Fetches the history into `gitDir`; a notice and undefined when the server or the limits do not let us. */
export async function fetchHistory(
  online: Online,
  source: HistorySource,
  gitDir: string,
  notices: Notice[],
): Promise<string | undefined> {
  const fetch = (want: string) =>
    online.tryGit(['fetch', '--filter=blob:none', '--no-tags', '--no-write-fetch-head', '--', source.url, want], {
      gitDir,
    });
  await writeRepository(gitDir, { head: UNBORN, bare: true });
  try {
    await fetch(source.commit).catch(async (error: unknown) => {
      if (online.gate.failure()) throw error;
      await fetch('+refs/heads/*:refs/heads/*');
    });
    // Without the promisor in its settings git never goes back for a file's content.
    await rm(join(gitDir, 'config'));
    await runGit(['cat-file', '-t', source.commit], { gitDir });
    return gitDir;
  } catch (error) {
    const explained = toSlipwayError(online.explain(source.url, error));
    if (explained.code === 'interrupted') throw explained;
    const message = `The history could not be fetched (${explained.message.replace(/\.$/, '')}); the month of the commit decides the day that packages are taken as of.`;
    notices.push({ code: 'history-unavailable', message });
    return undefined;
  }
}
