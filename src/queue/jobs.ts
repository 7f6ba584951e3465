/** Jobs that are done once however many ask, fairly, and again when their worker dies. On BullMQ. */
import { Queue } from 'bullmq';
import { ulid } from 'ulid';
import { cancelActive, cancelChannel, cancelMark, find, type Kept, place, TRIES } from './job-store.ts';
import { type Handler, JobWorker, type Worker, type WorkOptions } from './job-worker.ts';
import type { RedisLink } from './redis.ts';
import { Rounds, type Wanted } from './rounds.ts';
import { livingWorkers } from './workers.ts';

export type { Handler, Job, Worker, WorkOptions } from './job-worker.ts';
export type { Wanted } from './rounds.ts';

/** Before the second try; twice as long before the third. */
const BACKOFF = 2000;
/** Finished jobs are only kept to be looked at; what became of them is in records. */
const KEPT = { count: 200, age: 3600 };
/** How long it is remembered that a job is to end, should its worker miss being told. */
const CANCEL_TIME = 3600;

export class Jobs<D> {
  readonly #redis: RedisLink;
  readonly #name: string;
  readonly #queue: Queue<Kept<D>>;
  readonly #rounds: Rounds;
  readonly #adding = new Map<string, Promise<string>>();
  readonly #failed: (error: Error) => void;

  /** @param failed told of faults of the queue itself, for a log */
  constructor(redis: RedisLink, name: string, failed: (error: Error) => void = () => undefined) {
    this.#redis = redis;
    this.#name = name;
    this.#failed = failed;
    this.#rounds = new Rounds(redis, name);
    this.#queue = new Queue(name, { connection: redis.client, prefix: redis.prefix, skipMetasUpdate: true });
    this.#queue.on('error', failed);
  }

  /** Adds a job, or finds the one of this key that waits or is being done. */
  async add(key: string, data: D, by: Wanted): Promise<{ id: string; isNew: boolean }> {
    const adding = this.#adding.get(key);
    if (adding) return { id: await adding, isNew: false };
    const id = ulid();
    const added = this.#add(id, { key, data, by }).finally(() => this.#adding.delete(key));
    this.#adding.set(key, added);
    const found = await added;
    return { id: found, isNew: found === id };
  }

  async #add(id: string, kept: Kept<D>): Promise<string> {
    const known = await find(this.#redis.client, [this.#keyOf(kept.key)], [this.#key('')]);
    if (known) return known;
    const { id: added } = await this.#queue.add(this.#name as never, kept as never, {
      jobId: id,
      priority: await this.#rounds.take(kept.by),
      deduplication: { id: kept.key },
      attempts: TRIES,
      backoff: { type: 'exponential', delay: BACKOFF },
      removeOnComplete: KEPT,
      removeOnFail: KEPT,
    });
    // Another process was faster.
    if (added !== id) await this.#rounds.giveBack(kept.by);
    return added ?? id;
  }

  /** Place among those that wait, 1 is next; 0 while it is being done; undefined when there is no such job. */
  async position(key: string): Promise<number | undefined> {
    const states = ['active', 'wait', 'prioritized', 'delayed'].map((state) => this.#key(state));
    const found = await place(this.#redis.client, [this.#keyOf(key), ...states], []);
    return found < 0 ? undefined : found;
  }

  /**
   * Ends a job: a waiting one is removed, of an active one the handler's signal aborts, wherever it runs. The key is free
   * for a new job at once.
   * @returns what it was, undefined when there is none
   */
  async cancel(key: string): Promise<'waiting' | 'active' | undefined> {
    const { client } = this.#redis;
    const id = await find(client, [this.#keyOf(key)], [this.#key('')]);
    const job = id === null ? undefined : await this.#queue.getJob(id);
    if (id === null || !job) return undefined;
    try {
      await job.remove();
      await this.#rounds.giveBack(job.data.by);
      return 'waiting';
    } catch {
      // It is locked by the worker that does it.
      const keys = [this.#keyOf(key), cancelMark(this.#redis, this.#name, id)];
      await cancelActive(client, keys, [id, CANCEL_TIME, cancelChannel(this.#redis, this.#name)]);
      return 'active';
    }
  }

  async counts(): Promise<{ waiting: number; active: number }> {
    const counts = await this.#queue.getJobCounts('wait', 'prioritized', 'delayed', 'active');
    const { wait = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
    return { waiting: wait + prioritized + delayed, active };
  }

  /** How many workers do its jobs, in all processes; of a queue without locality nobody knows. */
  async workers(): Promise<number> {
    return (await livingWorkers(this.#redis, this.#name)).length;
  }

  /** Those that are being done, then those that wait, the next first; at most `limit`. */
  async list(limit: number): Promise<{ id: string; key: string; data: D; state: 'waiting' | 'active' }[]> {
    const states = ['active', 'wait', 'prioritized', 'delayed'] as const;
    const lists = await Promise.all(
      states.map(async (state) => {
        const jobs = await this.#queue.getJobs([state], 0, limit - 1, true);
        return jobs.flatMap((job) => {
          const { key, data } = job.data;
          return { id: job.id ?? '', key, data, state: state === 'active' ? state : ('waiting' as const) };
        });
      }),
    );
    return lists.flat().slice(0, limit);
  }

  /**
   * Does jobs. A handler that throws an error whose `kind.retryable` is set is tried again, at most twice and each time
   * later; any other error ends the job.
   */
  work(concurrency: number, handler: Handler<D>, options: WorkOptions<D> = {}): Worker {
    return new JobWorker(this.#redis, this.#name, { concurrency, handler, failed: this.#failed, ...options });
  }

  /** For bull-board. */
  get queue(): Queue {
    return this.#queue as Queue;
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }

  #key(rest: string): string {
    return `${this.#redis.prefix}:${this.#name}:${rest}`;
  }

  #keyOf(key: string): string {
    return this.#key(`de:${key}`);
  }
}
