/** Append-only lists of events that any number of readers follow, live and from any place. */
import type { RedisLink } from './redis.ts';

/** An event; or another journal whose entries, all there will ever be, take this one's place. */
export type Entry = { data: object; event?: string } | { follow: string };

/** One event as readers get it. */
export interface Read {
  /** Its place, counted from 0 without gaps, entries of followed journals included; the same for every reader at any time. */
  n: number;
  /** Name of a named event. */
  event?: string;
  /** The data, serialised once for all readers. */
  json: string;
}

export interface JournalWriter {
  /** Queued and sent within 50 ms, in order. Ignored once the writer has lost the journal. */
  append(entry: Entry): void;
  /** Settles when everything appended so far is in Redis; raises when the journal was lost to another writer. */
  flush(): Promise<void>;
  /** Flushes, and ends the journal for its readers. Closing twice is no fault. */
  close(): Promise<void>;
  /** Aborts when another writer has taken over: whoever writes must stop its work. */
  readonly lost: AbortSignal;
  /** Number of own entries, those of earlier writers included. */
  readonly length: number;
}

/**
 * Makes one event of two that follow one another, or says no by `undefined`; keeps a log of thousands of lines from
 * being thousands of entries. Only applied to unnamed entries that have not been sent yet.
 */
export type Merge = (earlier: object, later: object) => object | undefined;

export class Journals {
  constructor(_redis: RedisLink, _options: { merge?: Merge } = {}) {}

  /** Takes over a journal, new or not: an earlier writer can append nothing from then on. */
  async open(_id: string): Promise<JournalWriter> {
    throw new Error('to come');
  }

  /** Gapless batches from place `from`, live; ends when the journal is closed, or at once at `signal`. */
  async *read(_id: string, _from: number, _signal: AbortSignal): AsyncGenerator<Read[]> {
    yield [];
  }

  /** All there is by now. */
  async text(_id: string): Promise<Read[]> {
    throw new Error('to come');
  }

  async exists(_id: string): Promise<boolean> {
    throw new Error('to come');
  }

  async isClosed(_id: string): Promise<boolean> {
    throw new Error('to come');
  }

  /** Forgets a journal after so many milliseconds. Without it a journal stays until SLIPWAY_KEEP_… of its owner. */
  async remember(_id: string, _ms: number): Promise<void> {
    throw new Error('to come');
  }

  /** Ends everything that this process reads; writers are closed by whoever opened them. */
  async close(): Promise<void> {
    throw new Error('to come');
  }
}
