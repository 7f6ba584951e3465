/** Answers that are kept for a moment, because many ask for the same. */

interface Entry<T> {
  value: Promise<T>;
  until: number;
}

export class Kept<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #time: number;
  readonly #most: number;

  /**
   * @param time milliseconds that an answer is good for
   * @param most answers that are kept; the oldest go first
   */
  constructor(time: number, most: number) {
    this.#time = time;
    this.#most = most;
  }

  /** The answer at hand, else a new one, made once for all who ask meanwhile. A failure is not kept. */
  get(key: string, make: () => T | Promise<T>, now = Date.now()): Promise<T> {
    const known = this.#entries.get(key);
    if (known && known.until > now) return known.value;
    const entry = { value: Promise.resolve().then(make), until: now + this.#time };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    for (const oldest of this.#entries.keys()) if (this.#entries.size > this.#most) this.#entries.delete(oldest);
    return entry.value;
  }
}
