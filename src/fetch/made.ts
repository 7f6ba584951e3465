/** What both ways of getting a checkout, from a host and from a local folder, hand to fetch.ts. */
import type { Config } from '../config.ts';
import type { NetworkSeams } from '../network.ts';
import type { History, Notice, Resolved } from '../types.ts';
import type { Tag } from './canonical.ts';
import { runGit } from './run-git.ts';

export interface FetchDeps {
  config: Config;
  /** Tests put their own name look-up and connections here. */
  seams?: Partial<NetworkSeams>;
}

/** What a fetch works with. */
export interface Job extends FetchDeps {
  resolved: Resolved;
  /** Folder of ours; the work tree is made at `<folder>/repo`. */
  folder: string;
  root: string;
  notices: Notice[];
  /** Also aborts when the fetch has failed or its checkout is disposed of. */
  signal: AbortSignal;
  /** What still works in `folder` after the fetch, and is waited for before it goes. */
  background: Promise<unknown>[];
  say(message: string): void;
}

/** What is on disk when a fetch is done. */
export interface Made {
  date: Date;
  paths: readonly string[];
  /** Devices and pipes of a local folder, which are not copied. */
  others: ReadonlySet<string>;
  history: History;
  finishGit(): Promise<void>;
  deepen(): Promise<void>;
}

/** Tags that lead to a commit's history; a tag elsewhere would make the image depend on more than the commit. */
export async function tagsOf(gitDir: string, commit: string): Promise<Tag[]> {
  const format = '%(objectname) %(*objectname) %(refname)';
  const text = await runGit(['for-each-ref', `--format=${format}`, `--merged=${commit}`, 'refs/tags'], { gitDir });
  return text.split('\n').flatMap((line) => {
    const [sha = '', peeled = '', ref = ''] = line.split(' ');
    return ref === ''
      ? []
      : [{ name: ref.slice('refs/tags/'.length), sha, peeled: peeled === '' ? undefined : peeled }];
  });
}

/** Sorts as git does. */
export function byByte(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
