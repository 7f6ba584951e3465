/** What this process knows of a journal: read once, for all its readers here. */
import { channelOf, decode, journalMarks, keysOf, readEntries, type Stored } from './journal-store.ts';
import type { RedisLink } from './redis.ts';

const CHUNK = 500;
/** A wake-up may be missed; this often is looked anyway. */
const LOOK_EVERY = 2000;

export interface Tail {
  readonly id: string;
  readonly entries: readonly Stored[];
  /** Whether Redis was asked yet. */
  readonly isKnown: boolean;
  readonly exists: boolean;
  /** Closed, and all of it is here; or forgotten. */
  readonly ended: boolean;
  /** Called once, at the next change. */
  readonly waiting: Set<() => void>;
}

class LiveTail implements Tail {
  readonly id: string;
  readonly waiting = new Set<() => void>();
  readonly wake = () => this.refresh();
  entries: Stored[] = [];
  isKnown = false;
  exists = false;
  ended = false;
  users = 0;
  readonly #redis: RedisLink;
  #reading = false;
  #again = false;

  constructor(redis: RedisLink, id: string) {
    this.#redis = redis;
    this.id = id;
  }

  get mark(): number {
    return Number(this.exists) + 2 * Number(this.ended) + 4 * this.entries.length;
  }

  /** Reads what is new; what comes while it reads is read then. */
  refresh(): void {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    this.#readOn()
      // The next look tries again.
      .catch(() => undefined);
  }

  async #readOn(): Promise<void> {
    try {
      while (this.#again && this.users > 0) await this.#readChunk();
    } finally {
      this.#reading = false;
    }
  }

  async #readChunk(): Promise<void> {
    this.#again = false;
    const before = this.mark;
    const { client, prefix } = this.#redis;
    const range = [this.entries.length, CHUNK];
    const [exists, closed, length, texts] = await readEntries(client, keysOf(prefix, this.id), range);
    // A restarted Redis may have lost its last entries; their writer brings them again.
    if (length < this.entries.length && exists === 1) this.entries = this.entries.slice(0, length);
    for (const text of texts) this.entries.push(decode(text));
    const isForgotten = this.exists && exists === 0;
    this.exists = exists === 1;
    this.ended = isForgotten || (closed === 1 && this.entries.length === length);
    if (this.entries.length < length) this.#again = true;
    if (this.mark !== before || !this.isKnown) this.#changed();
  }

  #changed(): void {
    this.isKnown = true;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resume of waiting) resume();
  }
}

/** The tails that are read at this moment. */
export class Tails {
  readonly #redis: RedisLink;
  readonly #tails = new Map<string, LiveTail>();
  readonly #timer: NodeJS.Timeout;
  readonly #lookAtAll = () => {
    for (const tail of this.#tails.values()) tail.refresh();
  };

  constructor(redis: RedisLink) {
    this.#redis = redis;
    redis.client.on('ready', this.#lookAtAll);
    this.#timer = setInterval(() => this.#look().catch(() => undefined), LOOK_EVERY).unref();
  }

  /** Starts reading, unless somebody does; each call needs its `release`. */
  acquire(id: string): Tail {
    let tail = this.#tails.get(id);
    if (!tail) {
      tail = new LiveTail(this.#redis, id);
      this.#tails.set(id, tail);
      tail.users = 1;
      this.#follow(tail);
      return tail;
    }
    tail.users += 1;
    return tail;
  }

  release({ id }: Tail): void {
    const tail = this.#tails.get(id);
    if (!tail) return;
    tail.users -= 1;
    if (tail.users > 0) return;
    this.#tails.delete(id);
    this.#redis.news.unsubscribe(channelOf(this.#redis.prefix, id), tail.wake);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#redis.client.off('ready', this.#lookAtAll);
  }

  #follow(tail: LiveTail): void {
    tail.refresh();
    this.#redis.news
      .subscribe(channelOf(this.#redis.prefix, tail.id), tail.wake)
      .then(tail.wake)
      // The connection was ended.
      .catch(() => undefined);
  }

  async #look(): Promise<void> {
    const tails = [...this.#tails.values()].filter(({ ended }) => !ended);
    for (let from = 0; from < tails.length; from += CHUNK) {
      const some = tails.slice(from, from + CHUNK);
      const keys = some.flatMap(({ id }) => keysOf(this.#redis.prefix, id));
      const marks = await journalMarks(this.#redis.client, keys, []);
      for (const [index, tail] of some.entries()) if (marks[index] !== tail.mark) tail.refresh();
    }
  }
}
