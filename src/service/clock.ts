/** What of a build or a launch takes how long. */

export class Clock {
  readonly #took = new Map<string, number>();
  #since = performance.now();
  #name: string | undefined;

  /** The stage before is over, and this one begins or goes on. */
  enter(name?: string): void {
    const now = performance.now();
    if (this.#name !== undefined) this.#took.set(this.#name, (this.#took.get(this.#name) ?? 0) + now - this.#since);
    this.#since = now;
    this.#name = name;
  }

  /** Milliseconds of each stage that is over. */
  get timings(): Record<string, number> {
    return Object.fromEntries([...this.#took].map(([name, took]) => [name, Math.round(took * 10) / 10]));
  }
}
