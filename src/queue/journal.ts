/** Append-only lists of events, which any number of readers follow, live and from any place. */
import { Cursor, type Read } from './journal-cursor.ts';
import { allEntries, DEPTH, KEPT, keepJournal, keysOf, openJournal, readEntries } from './journal-store.ts';
import { Tails } from './journal-tail.ts';
import { type JournalWriter, Writer } from './journal-writer.ts';
import { type Join, joinLines } from './log-lines.ts';
import type { RedisLink } from './redis.ts';

export type { Read } from './journal-cursor.ts';
export type { Entry } from './journal-store.ts';
export type { JournalWriter } from './journal-writer.ts';

/** Events that a reader is given at once: what it holds while it writes them to a slow client. */
const BATCH = 128;
/** A closed journal's end may be among what a Redis that is killed loses; so long its writer can bring it again. */
const HELD_CLOSED = 10_000;

export class Journals {
  readonly #redis: RedisLink;
  readonly #tails: Tails;
  readonly #join: Join;
  readonly #writers = new Set<Writer>();
  readonly #verify = () => {
    for (const writer of this.#writers) writer.verify().catch(() => undefined);
  };

  /** @param join makes one event of two that were not sent yet; by default the lines of a build's log are joined */
  constructor(redis: RedisLink, join: Join = joinLines) {
    this.#redis = redis;
    this.#tails = new Tails(redis);
    this.#join = join;
    redis.client.on('ready', this.#verify);
  }

  /** Takes over a journal, new or not: an earlier writer can append nothing from then on. One that is closed stays so. */
  async open(id: string): Promise<JournalWriter> {
    const [fence, length, closed] = await openJournal(this.#redis.client, keysOf(this.#redis.prefix, id), [KEPT]);
    const opened = { id, fence, length, closed: closed === 1 };
    const count = async (other: string) => (await this.text(other)).length;
    const writer = new Writer(this.#redis, opened, this.#join, count);
    const forget = () => this.#writers.delete(writer);
    this.#writers.add(writer);
    writer.lost.addEventListener('abort', forget);
    writer.onClosed = () => setTimeout(forget, HELD_CLOSED).unref();
    return writer;
  }

  /** Ends a journal whose writer is gone, so that those who follow it read on. */
  async end(id: string): Promise<void> {
    await (await this.open(id)).close();
  }

  /**
   * Gapless batches from place `from` on, live, until the journal is closed or `signal` aborts. A reader that does not
   * ask for the next batch costs nothing but its place.
   */
  async *read(id: string, from: number, signal: AbortSignal): AsyncGenerator<Read[]> {
    const cursor = new Cursor(this.#tails, id);
    try {
      while (!signal.aborted) {
        const reads = cursor.take(from, BATCH);
        if (reads.length > 0) yield reads;
        else if (cursor.ended) return;
        else await cursor.changed(signal);
      }
    } finally {
      cursor.close();
    }
  }

  /** All there is by now. */
  async text(id: string): Promise<Read[]> {
    const events = await this.#events(id, DEPTH);
    return events.map(({ event, json }, n) => (event === undefined ? { n, json } : { n, event, json }));
  }

  async #events(id: string, depth: number): Promise<{ event?: string; json: string }[]> {
    if (depth === 0) throw new Error(`journals follow one another too deeply: ${id}`);
    const entries = await allEntries(this.#redis, id);
    const parts = await Promise.all(
      entries.map(async (entry, index) => {
        if (entry.kind === 'event') return [entry];
        if (entry.kind === 'cut') return [];
        const next = entries[index + 1];
        return (await this.#events(entry.id, depth - 1)).slice(0, next?.kind === 'cut' ? next.count : undefined);
      }),
    );
    return parts.flat();
  }

  async exists(id: string): Promise<boolean> {
    return (await this.#look(id))[0] === 1;
  }

  async isClosed(id: string): Promise<boolean> {
    return (await this.#look(id))[1] === 1;
  }

  /** Forgets a journal after so many milliseconds, and not before it those that it follows. */
  async remember(id: string, ms: number): Promise<void> {
    const { client, prefix } = this.#redis;
    await keepJournal(client, keysOf(prefix, id), [ms, 0]);
    for (const followed of await this.#followed(id, DEPTH))
      await keepJournal(client, keysOf(prefix, followed), [ms, 1]);
  }

  async #followed(id: string, depth: number): Promise<string[]> {
    const own = (await allEntries(this.#redis, id)).flatMap((entry) => (entry.kind === 'follow' ? [entry.id] : []));
    const further = depth === 0 ? [] : await Promise.all(own.map((each) => this.#followed(each, depth - 1)));
    return [...own, ...further.flat()];
  }

  /** Ends what watches Redis; writers are closed by whoever opened them. */
  close(): void {
    this.#tails.close();
    this.#redis.client.off('ready', this.#verify);
  }

  #look(id: string) {
    return readEntries(this.#redis.client, keysOf(this.#redis.prefix, id), [0, 0]);
  }
}
