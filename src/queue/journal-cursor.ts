/** A reader's place in a journal and in those that it follows. */
import { DEPTH } from './journal-store.ts';
import type { Tail, Tails } from './journal-tail.ts';

/** One event as readers get it. */
export interface Read {
  /** Its place, counted from 0 without gaps, the events of followed journals included; the same for each reader at any time. */
  n: number;
  /** Name of a named event. */
  event?: string;
  /** The data, serialised once for all readers. */
  json: string;
}

interface Frame {
  tail: Tail;
  /** Entry that is read next. */
  index: number;
  /** Place of its first event. */
  start: number;
}

export class Cursor {
  readonly #tails: Tails;
  readonly #frames: Frame[] = [];
  #n = 0;

  constructor(tails: Tails, id: string) {
    this.#tails = tails;
    this.#push(id);
  }

  get ended(): boolean {
    return this.#frames.length === 0;
  }

  /** What is there from place `from` on and was not taken yet, at most `limit` events. */
  take(from: number, limit: number): Read[] {
    const reads: Read[] = [];
    while (reads.length < limit) {
      this.#leaveCut();
      const frame = this.#frames.at(-1);
      const entry = frame?.tail.entries[frame.index];
      if (!frame || (!entry && !this.#isOver(frame))) break;
      frame.index += 1;
      if (!entry) this.#pop();
      else if (entry.kind === 'follow') this.#push(entry.id);
      else if (entry.kind === 'event') {
        const { event, json } = entry;
        if (this.#n >= from) reads.push(event === undefined ? { n: this.#n, json } : { n: this.#n, event, json });
        this.#n += 1;
      }
    }
    return reads;
  }

  /** Settles when there may be more to take, or at `signal`. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        for (const { tail } of this.#frames) tail.waiting.delete(done);
        resolve();
      };
      for (const { tail } of this.#frames) tail.waiting.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  close(): void {
    while (this.#frames.length > 0) this.#pop();
  }

  #push(id: string): void {
    if (this.#frames.length >= DEPTH) throw new Error(`journals follow one another too deeply: ${id}`);
    this.#frames.push({ tail: this.#tails.acquire(id), index: 0, start: this.#n });
  }

  #pop(): void {
    const frame = this.#frames.pop();
    if (frame) this.#tails.release(frame.tail);
  }

  /** Nothing more comes: it ended, or it is gone while the one that follows it was closed long ago. */
  #isOver({ tail }: Frame): boolean {
    if (tail.ended) return true;
    const parent = this.#frames.at(-2);
    return tail.isKnown && !tail.exists && parent?.tail.ended === true;
  }

  /** Leaves journals that were followed only up to here. */
  #leaveCut(): void {
    for (let depth = this.#frames.length - 1; depth > 0; depth -= 1) {
      const [parent, frame] = [this.#frames[depth - 1], this.#frames[depth]];
      const next = parent?.tail.entries[parent.index];
      if (!frame || next?.kind !== 'cut' || this.#n < frame.start + next.count) continue;
      while (this.#frames.length > depth) this.#pop();
    }
  }
}
