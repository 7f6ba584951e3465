/** Where in a queue something is, told whenever it changes: one look for all in this process who want to know. */
import type { Jobs } from '../queue/jobs.ts';

/** @param place 1 is next, 0: it is being done */
export type PlaceListener = (place: number) => void;

const EVERY = 1000;

export class Places<D extends object> {
  private readonly jobs: Jobs<D>;
  private readonly listeners = new Map<string, Set<{ tell: PlaceListener; last: number | undefined }>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(jobs: Jobs<D>) {
    this.jobs = jobs;
  }

  /** Tells the place of a job now and whenever it changes, until the returned function is called. */
  follow(key: string, tell: PlaceListener): () => void {
    const listener = { tell, last: undefined };
    const all = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, all.add(listener));
    this.timer ??= setTimeout(() => this.look(), 0);
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.listeners.get(key) === all) this.listeners.delete(key);
    };
  }

  private async look(): Promise<void> {
    for (const [key, all] of this.listeners) {
      const place = await this.jobs.position(key).catch(() => undefined);
      if (place === undefined) continue;
      for (const listener of all) {
        if (listener.last === place) continue;
        listener.last = place;
        listener.tell(place);
      }
    }
    this.timer = this.listeners.size > 0 ? setTimeout(() => this.look(), EVERY) : undefined;
  }

  close(): void {
    this.listeners.clear();
    clearTimeout(this.timer);
  }
}
