/** BullMQ's worker, but one that holds on to its jobs when Redis was away for longer than a lock lasts. */
import { type Processor, Worker } from 'bullmq';
import { type Kept, retakeLock } from './job-store.ts';
import type { RedisLink } from './redis.ts';

/** A worker that died is noticed after the one and at most the other, in milliseconds. */
const LOCK_TIME = 8000;
const LOOK_EVERY = 1500;
/** When Redis is back, all have this long to say that they live. */
const RETURN_TIME = 5000;

interface Settings<D> {
  concurrency: number;
  process: Processor<Kept<D>>;
  failed(error: Error): void;
}

export class LockKeeper<D> extends Worker<Kept<D>> {
  readonly #redis: RedisLink;
  readonly #settings: Settings<D>;
  /** Job → how often it had been begun by then. */
  readonly #begun = new Map<string, number>();
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
