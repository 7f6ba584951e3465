/** Does the jobs of a queue, and knows at any time whether they are still its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job as BullJob, UnrecoverableError, WaitingError } from 'bullmq';
import { ulid } from 'ulid';
import { SlipwayError } from '../errors.ts';
import { cancelChannel, cancelMark, type Kept, TRIES } from './job-store.ts';
import { Locality, type LocalityOptions } from './locality.ts';
import { LockKeeper } from './lock-keeper.ts';
import type { RedisLink } from './redis.ts';
import { Rounds } from './rounds.ts';

/** Workers that may die of one job, or with it. */
const DEATHS = 2;
/** How long handlers may take to end when they are told to. */
const ABORT_TIME = 5000;

export interface Job<D> {
  /** Never used twice. */
  id: string;
  key: string;
  data: D;
  /** ULID, new at each try. */
  attempt: string;
  /** 1 at the first. */
  tries: number;
  /** Nothing is tried again when this one fails. */
  isLast: boolean;
  /** Aborts when the job is cancelled (`cancelled`), given back as the worker closes (`closing`) or lost (`taken_over`). */
  signal: AbortSignal;
  /** Aborts when another worker may have the job by now: what is written from then on must not count. */
  lost: AbortSignal;
}

export type Handler<D> = (job: Job<D>) => Promise<void>;

export interface WorkOptions<D> {
  /** Called for a job that is not tried again although no handler ended it: its workers died each time. */
  givenUp?(job: { id: string; key: string; data: D; reason: string }): Promise<void>;
  /** Jobs of a kind are rather done where the last of it was done. */
  locality?: LocalityOptions<D>;
}

export interface Worker {
  /** Takes no more jobs, waits so many milliseconds for those at hand, then aborts the rest and gives it back to others. */
  close(grace: number): Promise<void>;
}

interface Settings<D> extends WorkOptions<D> {
  concurrency: number;
  handler: Handler<D>;
  failed(error: Error): void;
}

interface Active {
  abort: AbortController;
  lost: AbortController;
}

export class JobWorker<D> implements Worker {
  readonly #redis: RedisLink;
  readonly #name: string;
  readonly #settings: Settings<D>;
  readonly #worker: LockKeeper<D>;
  readonly #locality: Locality<D> | undefined;
  readonly #rounds: Rounds;
  readonly #active = new Map<string, Active>();
  readonly #cancel = (id: string) => {
    this.#active.get(id)?.abort.abort(new SlipwayError('cancelled', 'The job was cancelled.'));
  };

  constructor(redis: RedisLink, name: string, settings: Settings<D>) {
    this.#redis = redis;
    this.#name = name;
    const { concurrency, failed } = settings;
    this.#settings = settings;
    this.#rounds = new Rounds(redis, name);
    const process = (job: BullJob<Kept<D>>, token = '') => this.#run(job, token);
    const changed = () => this.#locality?.changed();
    this.#worker = new LockKeeper<D>(redis, name, { concurrency, failed, process, changed });
    this.#locality = settings.locality && new Locality(redis, name, settings.locality, this.#hands());
    this.#worker.on('lockRenewalFailed', (ids) => ids.forEach(this.#lose, this));
    this.#worker.on('locksRenewed', ({ jobIds }) => this.#lookForCancelled(jobIds).catch(failed));
    redis.news.subscribe(cancelChannel(redis, name), this.#cancel).catch(failed);
  }

  async close(grace: number): Promise<void> {
    const closed = Promise.all([this.#worker.close(), this.#locality?.close()]);
    const later = (ms: number) => sleep(ms, undefined, { ref: false });
    await Promise.race([closed, later(grace)]);
    for (const { abort } of this.#active.values()) {
      abort.abort(new SlipwayError('closing', 'The worker is closing; the job is given to another.'));
    }
    await Promise.race([closed, later(ABORT_TIME)]);
    this.#redis.news.unsubscribe(cancelChannel(this.#redis, this.#name), this.#cancel);
  }

  async #run(job: BullJob<Kept<D>>, token: string): Promise<void> {
    const { id = '', data: kept } = job;
    const { key, data } = kept;
    if (job.stalledCounter > DEATHS) {
      const reason = `${job.stalledCounter} workers died while they had it`;
      await this.#settings.givenUp?.({ id, key, data, reason });
      throw new UnrecoverableError(reason);
    }
    const { abort, lost } = this.#begin(id, job.attemptsStarted);
    try {
      if (await this.#isHandedOver(id, token, data)) throw new WaitingError();
      await Promise.all([this.#rounds.serve(job.priority), this.#lookForCancelled([id])]);
      const [tries, isLast] = [job.attemptsStarted, job.attemptsMade + 1 >= TRIES];
      await this.#settings.handler({
        ...{ id, key, data, attempt: ulid(), tries, isLast },
        ...{ signal: abort.signal, lost: lost.signal },
      });
      this.#locality?.done(data).catch(this.#settings.failed);
    } catch (error) {
      await this.#failed(error, job, token, abort.signal);
    } finally {
      this.#active.delete(id);
      this.#worker.end(id);
    }
  }

  /** How others hand jobs to this worker. */
  #hands() {
    return {
      free: () => this.#worker.free,
      adopt: (id: string, token: string) =>
        this.#worker.adopt(id, async (own, ms) => (await this.#locality?.takeLock(id, token, own, ms)) ?? false),
    };
  }

  async #isHandedOver(id: string, token: string, data: D): Promise<boolean> {
    if (this.#worker.isAdopted(id) || !(await this.#locality?.handOver(id, token, data))) return false;
    this.#worker.handedOver(id);
    return true;
  }

  #begin(id: string, count: number): Active {
    const active = { abort: new AbortController(), lost: new AbortController() };
    this.#active.set(id, active);
    this.#worker.begin(id, count);
    return active;
  }

  /** Decides what becomes of a job whose handler has thrown; always throws. */
  async #failed(error: unknown, job: BullJob<Kept<D>>, token: string, signal: AbortSignal): Promise<never> {
    if (error instanceof WaitingError) throw error;
    const { code, kind, message } = error as Partial<SlipwayError> & Error;
    const reason = (signal.reason as SlipwayError | undefined)?.code;
    if (reason === 'closing') {
      await job.moveToWait(token);
      // BullMQ puts it back without waking anybody.
      await this.#redis.client.zadd(`${this.#redis.prefix}:${this.#name}:marker`, 0, '0');
      throw new WaitingError();
    }
    if (reason === undefined && kind?.retryable) throw error;
    throw new UnrecoverableError(`${code ?? 'internal'}: ${message}`);
  }

  /** The news of it may have been missed, or have come before the job was here. */
  async #lookForCancelled(ids: readonly string[]): Promise<void> {
    const marks = await this.#redis.client.mget(ids.map((id) => cancelMark(this.#redis, this.#name, id)));
    for (const [index, id] of ids.entries()) if (marks[index]) this.#cancel(id);
  }

  #lose(id: string): void {
    const active = this.#active.get(id);
    const reason = new SlipwayError('taken_over', 'The worker has lost the job to another.');
    active?.lost.abort(reason);
    active?.abort.abort(reason);
  }
}
