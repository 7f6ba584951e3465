/** What makes builds builds and tiers tiers: how each is worked at, see work.ts. */
import type { Job, Jobs } from '../queue/jobs.ts';
import type { Entry, JournalWriter } from '../queue/journal.ts';
import type { Records } from '../queue/records.ts';
import type { Attempted } from './types.ts';

/** One try, as the work itself sees it. */
export interface Attempt<D, R> {
  job: Job<D>;
  /** Of this try's journal. */
  writer: JournalWriter;
  /** Changes the record, unless another try has begun. */
  note(change: Partial<R>): Promise<void>;
}

export interface Kind<D, R extends Attempted> {
  name: 'build' | 'tier';
  jobs: Jobs<D>;
  records: Records<R>;
  fresh(job: { id: string; key: string; data: D }): R;
  /** Does it; what the record then holds beside its state. */
  work(attempt: Attempt<D, R>): Promise<Partial<R>>;
  /** What it is of, where that is rather done where the last of it was. */
  kindOf?(data: D): string;
  /** What the journal ends with. */
  lastEntries(record: R): Entry[];
  /** Told once, when its journal has ended. */
  ended?(record: R): void;
  /** After that; done again by whoever finds that its worker died meanwhile. */
  store?(record: R): Promise<void>;
}
