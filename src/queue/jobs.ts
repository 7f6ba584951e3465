/** Jobs that are done once however many ask, fairly, and again when their worker dies. On BullMQ. */
import type { RedisLink } from './redis.ts';

export interface Job<D> {
  /** Made by us; an id is never used twice. */
  id: string;
  key: string;
  data: D;
  /** ULID, new at each try. */
  attempt: string;
  /** 1 at the first. */
  tries: number;
  /** No further try follows when this one fails. */
  isLast: boolean;
  /** Aborts when the job is cancelled (reason: SlipwayError `cancelled`), at `close`'s end of grace (`terminated`), or when it is lost. */
  signal: AbortSignal;
  /** Aborts when another worker may have the job by now: whatever is written from then on must not count. */
  lost: AbortSignal;
}

export type Handler<D> = (job: Job<D>) => Promise<void>;

export interface WorkOptions<D> {
  /** Called for a job that will not be tried again although no handler ended it: its workers died each time. */
  givenUp?(job: { id: string; key: string; data: D; reason: string }): Promise<void>;
}

export interface Worker {
  /** Takes no more jobs, waits so many milliseconds for those at hand, then aborts them and gives them back at once to others. */
  close(grace: number): Promise<void>;
}

/** Who wants a job; waiting jobs of the same client or repository push a new one back. */
export interface Wanted {
  client: string;
  repo: string;
}

export class Jobs<D> {
  constructor(_redis: RedisLink, _name: string) {}

  /** Adds a job, or finds the one of this key that waits or is being done. */
  async add(_key: string, _data: D, _by: Wanted): Promise<{ id: string; isNew: boolean }> {
    throw new Error('to come');
  }

  /** Place among those that wait, 1 is next; 0 while it is being done; undefined when there is no such job. */
  async position(_key: string): Promise<number | undefined> {
    throw new Error('to come');
  }

  /**
   * Ends a job: a waiting one is removed, of an active one the handler's signal aborts, wherever it runs.
   * @returns what it was, undefined when there is none
   */
  async cancel(_key: string): Promise<'waiting' | 'active' | undefined> {
    throw new Error('to come');
  }

  async counts(): Promise<{ waiting: number; active: number }> {
    throw new Error('to come');
  }

  /** The next to be done first, after those being done; at most `limit`. */
  async list(_limit: number): Promise<{ id: string; key: string; data: D; state: 'waiting' | 'active' }[]> {
    throw new Error('to come');
  }

  /**
   * Does jobs. A handler that throws an error whose `kind.retryable` is set is tried again, at most twice and later and
   * later; any other error ends the job.
   */
  work(_concurrency: number, _handler: Handler<D>, _options: WorkOptions<D> = {}): Worker {
    throw new Error('to come');
  }

  async close(): Promise<void> {
    throw new Error('to come');
  }
}
