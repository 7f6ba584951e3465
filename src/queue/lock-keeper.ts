/** BullMQ's worker, but one that holds on to its jobs when Redis was away for longer than a lock lasts, and takes jobs from others' hands. */
import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Job, type Processor, Worker } from 'bullmq';
import { type Kept, retakeLock } from './job-store.ts';
import type { RedisLink } from './redis.ts';

/** A worker that died is noticed after the one and at most the other, in milliseconds. */
const LOCK_TIME = 8000;
const LOOK_EVERY = 1500;
/** When Redis is back, all have this long to say that they live. */
const RETURN_TIME = 5000;

type BullProcess<D> = Worker<Kept<D>>['processJob'];

interface Settings<D> {
  concurrency: number;
  process: Processor<Kept<D>>;
  failed(error: Error): void;
  /** Told when more or fewer jobs are at hand. */
  changed(): void;
}

/** Takes the lock of a job, under a token of ours, for so many milliseconds; false when it cannot. */
type TakeLock = (own: string, duration: number) => Promise<boolean>;

export class LockKeeper<D> extends Worker<Kept<D>> {
  readonly #redis: RedisLink;
  readonly #settings: Settings<D>;
  /** Job → how often it had been begun by then. */
  readonly #begun = new Map<string, number>();
  /** Jobs taken over from others, and when each is done. */
  readonly #adopted = new Map<string, Promise<unknown>>();
  readonly #handedOver = new Set<string>();
  /** Places that are taken: by jobs at hand, by those that are being adopted or fetched. */
  #atHand = 0;
  #adopting = 0;
  #fetching = 0;
  #lastFetch: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #isEnding = false;
  readonly #timer: NodeJS.Timeout;
  #looks = false;
  #notBefore = 0;
  readonly #back = () => {
    this.#notBefore = performance.now() + RETURN_TIME;
  };

  constructor(redis: RedisLink, name: string, settings: Settings<D>) {
    super(name, settings.process, {
      connection: redis.client,
      prefix: redis.prefix,
      concurrency: settings.concurrency,
      lockDuration: LOCK_TIME,
      lockRenewTime: LOCK_TIME / 2,
      stalledInterval: LOOK_EVERY,
      // We look ourselves; and count ourselves, to be called when it is too often.
      skipStalledCheck: true,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 500,
    });
    this.#redis = redis;
    this.#settings = settings;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY).unref();
    redis.client.on('ready', this.#back);
    this.on('error', settings.failed);
  }

  /** To be called for each job as it is begun and as it is ended here. */
  begin(id: string, count: number): void {
    this.#begun.set(id, count);
  }

  end(id: string): void {
    this.#begun.delete(id);
  }

  /** To be called for a job that another worker has taken. */
  handedOver(id: string): void {
    this.#handedOver.add(id);
  }

  get free(): number {
    return this.#isEnding ? 0 : Math.max(0, this.#settings.concurrency - this.#atHand - this.#adopting);
  }

  isAdopted(id: string): boolean {
    return this.#adopted.has(id);
  }

  /** Does a job that another worker holds, if there is a free place and `takeLock` gets it. */
  async adopt(id: string, takeLock: TakeLock): Promise<void> {
    await this.#fetched();
    if (this.free <= this.#fetching || this.#adopted.has(id)) return;
    this.#adopting += 1;
    try {
      const own = `${this.id}:adopted:${randomUUID()}`;
      if (!(await takeLock(own, LOCK_TIME))) return;
      const job = await Job.fromId<Kept<D>>(this, id);
      if (!job) return;
      job.token = own;
      // Known as adopted before it begins.
      const doing = Promise.resolve().then(() => this.processJob(job, own, () => false));
      const failed = (error: unknown) => this.#settings.failed(error as Error);
      this.#adopted.set(
        id,
        doing.catch(failed).finally(() => this.#adopted.delete(id)),
      );
      await Promise.resolve();
    } finally {
      this.#adopting -= 1;
      this.#changed();
    }
  }

  override async processJob(job: Job<Kept<D>>, token: string, fetchNext = () => true): ReturnType<BullProcess<D>> {
    const id = job.id ?? '';
    this.#atHand += 1;
    this.#changed();
    try {
      return await super.processJob(job, token, () => !this.#handedOver.has(id) && fetchNext());
    } finally {
      this.#atHand -= 1;
      this.#handedOver.delete(id);
      this.#changed();
    }
  }

  /** BullMQ counts only the jobs that it fetched: while those and the adopted ones fill every place, it fetches no more. */
  protected override async moveToActive(token: string, name?: string): Promise<Job<Kept<D>>> {
    while (this.free === 0 && !this.#isEnding) {
      // It was woken for a job that another may do at once.
      await this.#redis.client.zadd(`${this.#redis.prefix}:${this.name}:marker`, 0, '0');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#isEnding) return undefined as unknown as Job<Kept<D>>;
    this.#fetching += 1;
    const fetch = super.moveToActive(token, name).finally(() => {
      this.#fetching -= 1;
    });
    this.#lastFetch = fetch.catch(() => undefined);
    return fetch;
  }

  /** Settles when a fetch that would take the last free place has ended: with each job that one worker takes, BullMQ wakes another for nothing. */
  async #fetched(): Promise<void> {
    if (this.free === 0 || this.free > this.#fetching) return;
    await this.#lastFetch;
    // What it brought has begun by then.
    await turn();
  }

  #changed(): void {
    if (this.free > 0 || this.#isEnding) for (const go of this.#waiting.splice(0)) go();
    this.#settings.changed();
  }

  /** @returns the jobs that are no longer ours */
  override async extendJobLocks(ids: string[], tokens: string[], duration: number): Promise<string[]> {
    const failed = await super.extendJobLocks(ids, tokens, duration);
    const isLost = await Promise.all(
      failed.map(async (id) => !(await this.#retake(id, tokens[ids.indexOf(id)], duration))),
    );
    return failed.filter((_, index) => isLost[index]);
  }

  override async close(force?: boolean): Promise<void> {
    clearInterval(this.#timer);
    this.#redis.client.off('ready', this.#back);
    this.#isEnding = true;
    this.#changed();
    // What was adopted needs its lock renewed as long as it is done.
    if (this.#adopted.size > 0 && !force) {
      await this.pause(true);
      await Promise.all(this.#adopted.values());
    }
    await super.close(force);
  }

  async #retake(id: string, token = '', duration: number): Promise<boolean> {
    const key = (rest: string) => `${this.#redis.prefix}:${this.name}:${rest}`;
    const keys = [key(id), key(`${id}:lock`), key('active'), key('stalled')];
    return (await retakeLock(this.#redis.client, keys, [id, token, duration, this.#begun.get(id) ?? 0])) === 1;
  }

  /** Looks for jobs whose worker died; not while or just after Redis was away, for then everybody's locks ran out. */
  async #look(): Promise<void> {
    if (this.#looks || this.#redis.client.status !== 'ready' || performance.now() < this.#notBefore) return;
    this.#looks = true;
    try {
      await this.backend.moveStalledJobsToWait();
    } catch (error) {
      this.#settings.failed(error as Error);
    } finally {
      this.#looks = false;
    }
  }
}
