/** The one writer of a journal: keeps what it has sent until Redis has it for good. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { allEntries, appendEntries, channelOf, type Entry, encode, encodeCut, KEPT, keysOf } from './journal-store.ts';
import type { Join } from './log-lines.ts';
import type { RedisLink } from './redis.ts';

/** What is appended within this time goes out together; the first of it at once. */
const GATHER = 30;
/** A Redis that is killed may lose what it said it had, for as long as its disk takes; it gets it again from here. */
const HELD = 60_000;
/** Entries sent at once: Lua's `unpack` takes no more than some thousand. */
const CHUNK = 500;
/** A full disk or memory refuses writes until somebody has made room. */
const RETRY = 1000;

export interface JournalWriter {
  /** Sent in order, within some 30 ms. Without effect once the journal is closed or lost. */
  append(entry: Entry): void;
  /**
   * Ends the following of a journal that goes on, at what there is of it: what is appended next would else be read only
   * after that one's end. Does nothing unless the last entry follows it.
   * @param following where an earlier writer appended it
   */
  leave(following?: string): Promise<void>;
  /** Settles when all that was appended is in Redis; raises `taken_over` when another writer has the journal. */
  flush(): Promise<void>;
  /** Flushes, and ends the journal for its readers. */
  close(): Promise<void>;
  /** Nothing more comes from here: what Redis has is held a moment longer, and then forgotten. */
  release(): void;
  /** Aborts when another writer has taken over: whoever writes has to stop its work. */
  readonly lost: AbortSignal;
  /** Number of entries, those of earlier writers included. */
  readonly length: number;
}

interface Opened {
  id: string;
  fence: number;
  length: number;
  closed: boolean;
}

export class Writer implements JournalWriter {
  readonly #redis: RedisLink;
  readonly #id: string;
  readonly #fence: number;
  readonly #join: Join;
  /** Number of events that a journal has by now. */
  readonly #count: (id: string) => Promise<number>;
  /** Entries from place `#first` on; those before `#sent` are in Redis, and stay here for a while. */
  #log: { text: string; sentAt?: number }[] = [];
  #first: number;
  #sent: number;
  #gathered: Entry[] = [];
  #closing: boolean;
  #closed: boolean;
  #timer: NodeJS.Timeout | undefined;
  #sentAt = 0;
  #sending: Promise<void> = Promise.resolve();
  readonly #lost = new AbortController();
  /** Called when Redis has the journal's end, or no more is written here. */
  onClosed: () => void = () => undefined;

  constructor(redis: RedisLink, opened: Opened, join: Join, count: (id: string) => Promise<number>) {
    this.#redis = redis;
    this.#id = opened.id;
    this.#fence = opened.fence;
    this.#first = opened.length;
    this.#sent = opened.length;
    this.#closing = opened.closed;
    this.#closed = opened.closed;
    this.#join = join;
    this.#count = count;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get length(): number {
    return this.#first + this.#log.length + this.#gathered.length;
  }

  append(entry: Entry): void {
    if (this.#closing || this.lost.aborted) return;
    const last = this.#gathered.at(-1);
    const joined = last && isPlain(last) && isPlain(entry) ? this.#join(last.data, entry.data) : undefined;
    if (joined) this.#gathered[this.#gathered.length - 1] = { data: joined };
    else this.#gathered.push(entry);
    const wait = Math.max(0, this.#sentAt + GATHER - performance.now());
    this.#timer ??= setTimeout(() => this.#send().catch(() => undefined), wait);
  }

  async leave(followed: string): Promise<void> {
    if (this.#closing) return;
    await this.flush();
    const last = (await allEntries(this.#redis, this.#id)).at(-1);
    if (last?.kind !== 'follow' || last.id !== followed) return;
    const count = await this.#count(followed);
    this.#seal();
    this.#log.push({ text: encodeCut(count) });
    await this.flush();
  }

  async flush(): Promise<void> {
    await this.#send();
    if (this.lost.aborted) throw this.lost.reason;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.flush();
  }

  release(): void {
    this.onClosed();
  }

  /** To be called when the connection was away: Redis may have been restarted, and have lost its last moments. */
  async verify(): Promise<void> {
    this.#closed = false;
    await this.#send();
  }

  /** What was gathered becomes entries, which no longer change. */
  #seal(): void {
    this.#log.push(...this.#gathered.map((entry) => ({ text: encode(entry) })));
    this.#gathered = [];
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sentAt = performance.now();
    this.#sending = this.#sending.then(() => this.#sendAll());
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    this.#seal();
    let first = true;
    // Once even when there is nothing new: that is how a loss is noticed.
    while ((first || this.#sent < this.length || this.#closing !== this.#closed) && !this.lost.aborted) {
      first = false;
      await this.#sendChunk();
      this.#seal();
    }
  }

  async #sendChunk(): Promise<void> {
    const from = this.#sent;
    const chunk = this.#log.slice(from - this.#first, from - this.#first + CHUNK);
    const closes = this.#closing && from + chunk.length === this.length;
    const { client, prefix } = this.#redis;
    const texts = chunk.map(({ text }) => text);
    const args = [this.#fence, from, closes ? 1 : 0, channelOf(prefix, this.#id), KEPT, ...texts];
    try {
      this.#took(await appendEntries(client, keysOf(prefix, this.#id), args), from + chunk.length, closes);
    } catch (error) {
      if (client.status === 'end') return this.#lose('the connection to Redis was ended', error);
      await sleep(RETRY, undefined, { ref: false });
    }
  }

  #took(length: number, expected: number, closes: boolean): void {
    if (length < this.#first) {
      this.#lose(length < 0 ? 'another writer has it' : 'Redis has lost what is no longer held here');
      return;
    }
    const [now, before] = [performance.now(), this.#sent];
    this.#sent = Math.min(length, expected);
    for (const entry of this.#log.slice(before - this.#first, this.#sent - this.#first)) entry.sentAt = now;
    if (this.#sent === expected && closes) this.#isClosed();
    while (this.#first < this.#sent && (this.#log[0]?.sentAt ?? now) < now - HELD) {
      this.#log.shift();
      this.#first += 1;
    }
  }

  #isClosed(): void {
    this.#closed = true;
    this.onClosed();
  }

  #lose(reason: string, cause?: unknown): void {
    this.#lost.abort(new SlipwayError('taken_over', `Journal ${this.#id} cannot be written: ${reason}`, { cause }));
  }
}

function isPlain(entry: Entry): entry is { data: object } {
  return 'data' in entry && entry.event === undefined;
}
