/**
 * Work that is done once however many want it: joined by key, tried by workers, told by a journal, kept as a record.
 * Builds and tiers are both of it. What ends it is written in this order: record, journal, job. So a reader who sees the
 * journal's end finds the record ended, and a worker that dies between two of them leaves the rest to the next.
 */
import { SlipwayError } from '../errors.ts';
import type { Job, Wanted, Worker } from '../queue/jobs.ts';
import type { JournalWriter } from '../queue/journal.ts';
import type { Context } from './context.ts';
import { addTo, journalOf, KEEP_STREAMS } from './events.ts';
import { failureOf } from './failures.ts';
import type { Attempted, Failure } from './types.ts';
import type { Kind } from './work-kind.ts';

/** Far behind every entry: a reader that only wants to know when a journal ends. */
const END = Number.MAX_SAFE_INTEGER;

/** Whether nothing more comes of it. */
export function isOver({ state }: Pick<Attempted, 'state'>): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

export class Work<D extends object, R extends Attempted & { key: string }> {
  private readonly context: Context;
  private readonly kind: Kind<D, R>;
  private readonly joined = new Map<string, Promise<R>>();
  private readonly outcomes = new Map<string, Promise<R>>();
  private readonly closing = new AbortController();
  private missing = new Set<string>();

  constructor(context: Context, kind: Kind<D, R>) {
    this.context = context;
    this.kind = kind;
  }

  /** The work of this key that waits or is being done, else a new one. Those who ask while it lasts cost nothing more. */
  join(key: string, data: D, by: Wanted): Promise<R> {
    const known = this.joined.get(key);
    if (known) return known;
    const joining = this.begin(key, data, by);
    this.joined.set(key, joining);
    joining
      .then(({ id }) => this.outcome(id))
      .catch(() => undefined)
      .finally(() => this.joined.get(key) === joining && this.joined.delete(key));
    return joining;
  }

  private async begin(key: string, data: D, by: Wanted): Promise<R> {
    const { jobs, records, fresh } = this.kind;
    const { id, isNew } = await jobs.add(key, data, by);
    const known = isNew ? undefined : await records.get(id);
    return known ?? (await records.create(id, fresh({ id, key, data })));
  }

  /** The record once it is over; shared by all in this process who wait. */
  outcome(id: string): Promise<R> {
    const known = this.outcomes.get(id);
    if (known) return known;
    const outcome = this.awaitEnd(id).finally(() => this.outcomes.delete(id));
    outcome.catch(() => undefined);
    this.outcomes.set(id, outcome);
    return outcome;
  }

  /** Ends those that somebody here waits for and whose job is gone, when they were so at the last look as well. */
  async settleLost(): Promise<void> {
    const before = this.missing;
    this.missing = new Set();
    for (const id of this.outcomes.keys()) {
      const record = await this.kind.records.get(id);
      if (!record || isOver(record) || (await this.kind.jobs.position(record.key)) !== undefined) continue;
      this.missing.add(id);
      if (before.has(id)) await this.giveUp(id, 'its job is lost');
    }
  }

  private async awaitEnd(id: string): Promise<R> {
    for await (const _ of this.context.journals.read(this.journal(id), END, this.closing.signal));
    this.closing.signal.throwIfAborted();
    const record = await this.kind.records.get(id);
    if (record && isOver(record)) return record;
    throw new SlipwayError('internal', `The ${this.kind.name} ${id} ended without a result.`);
  }

  /**
   * Ends it, wherever it is. With a failure its journal says so; without one those who come meanwhile begin anew.
   */
  async cancel(id: string, failure?: Failure): Promise<void> {
    const { jobs, records } = this.kind;
    const change = failure === undefined ? {} : { error: failure };
    const record = await records.update(id, (one) => (isOver(one) ? undefined : { ...one, ...change }));
    if (!record || isOver(record)) return;
    if ((await jobs.cancel(record.key)) === 'active') return;
    await this.end(id, { state: 'cancelled' } as Partial<R>);
  }

  /** Ends what no worker will end any more. */
  async giveUp(id: string, reason: string): Promise<void> {
    this.context.log.error({ [this.kind.name]: id, reason }, 'given up');
    const error = failureOf(new SlipwayError('worker_lost', `The ${this.kind.name} was given up: ${reason}.`));
    await this.end(id, { state: 'failed', error } as Partial<R>);
  }

  /** Begins to work; the worker's own end is in the caller's hands. */
  work(concurrency: number): Worker {
    const { jobs, records, fresh, kindOf } = this.kind;
    return jobs.work(concurrency, (job) => this.attempt(job), {
      givenUp: async (job) => {
        await records.create(job.id, fresh(job));
        await this.giveUp(job.id, 'its workers died each time');
      },
      ...(kindOf && { locality: { place: this.context.place, kindOf } }),
    });
  }

  private async attempt(job: Job<D>): Promise<void> {
    const { records, fresh } = this.kind;
    const startedAt = new Date().toISOString();
    await records.create(job.id, fresh(job));
    const own = { id: job.attempt, startedAt };
    const record = await records.update(job.id, (one) =>
      isOver(one)
        ? undefined
        : { ...one, state: 'active', startedAt: one.startedAt ?? startedAt, attempts: [...one.attempts, own] },
    );
    if (!record || isOver(record)) return this.finish(job.id);
    await this.endAttempts(record, job.attempt);
    const writer = await this.context.journals.open(journalOf.attempt(job.attempt));
    await this.context.journals.remember(journalOf.attempt(job.attempt), KEEP_STREAMS);
    await addTo(this.context, this.journal(job.id), (all) => all.append({ follow: journalOf.attempt(job.attempt) }));
    await this.run(job, writer);
  }

  private async run(job: Job<D>, writer: JournalWriter): Promise<void> {
    const note = (change: Partial<R>) => this.note(job, change);
    try {
      const result = await this.kind.work({ job, writer, note });
      job.lost.throwIfAborted();
      await writer.close();
      await this.end(job.id, { ...result, state: 'completed' }, job.attempt);
    } catch (thrown) {
      job.lost.throwIfAborted();
      await this.failed(job, writer, thrown);
    }
  }

  /** Cancelled, given back, to be tried again, or failed for good. */
  private async failed(job: Job<D>, writer: JournalWriter, thrown: unknown): Promise<void> {
    const { log } = this.context;
    const error = job.signal.aborted ? job.signal.reason : thrown;
    const failure = failureOf(error);
    if (failure.code === 'internal') log.error({ err: error, [this.kind.name]: job.id }, 'unexpected');
    if (failure.code === 'cancelled') {
      await writer.close();
      return this.end(job.id, { state: 'cancelled' } as Partial<R>, job.attempt);
    }
    const isBack = job.signal.aborted || (failure.retryable && !job.isLast);
    if (isBack) {
      const why = job.signal.aborted ? 'This worker is being stopped; another goes on' : failure.message;
      writer.append({ data: { phase: 'waiting', message: `${why}\n` } });
      await writer.close();
      await this.note(job, { state: 'waiting' } as Partial<R>);
    } else {
      await writer.close();
      await this.end(job.id, { state: 'failed', error: failure } as Partial<R>, job.attempt);
    }
    throw error;
  }

  private async note(job: Job<D>, change: Partial<R>): Promise<void> {
    await this.kind.records.update(job.id, (one) =>
      isOver(one) || one.attempts.at(-1)?.id !== job.attempt ? undefined : { ...one, ...change },
    );
  }

  /** @param attempt only if it is still the last one */
  private async end(id: string, change: Partial<R>, attempt?: string): Promise<void> {
    const endedAt = new Date().toISOString();
    const record = await this.kind.records.update(id, (one) => {
      if (isOver(one) || (attempt !== undefined && one.attempts.at(-1)?.id !== attempt)) return undefined;
      const attempts = one.attempts.map((each) => (each.endedAt ? each : { ...each, endedAt }));
      return { ...one, ...change, endedAt, attempts };
    });
    if (!record || record.endedAt !== endedAt) return;
    await this.endAttempts(record);
    await this.finish(id);
  }

  /** Brings the journal to its end, as the record says that it ends; also where another worker began that. */
  private async finish(id: string): Promise<void> {
    const { journals, log } = this.context;
    const record = await this.kind.records.get(id);
    if (!record) return;
    if (!(await journals.isClosed(this.journal(id)))) {
      await this.endJournal(record);
      this.kind.ended?.(record);
    }
    await this.kind
      .store?.(record)
      .catch((error: unknown) => log.error({ err: error, [this.kind.name]: id }, 'after its end'));
  }

  private async endJournal(record: R): Promise<void> {
    const [{ journals }, journal] = [this.context, this.journal(record.id)];
    const last = this.kind.lastEntries(record);
    const said = (await journals.text(journal)).at(-1)?.json;
    const isSaid = last.some((entry) => 'data' in entry && JSON.stringify(entry.data) === said);
    const add = (all: JournalWriter) => {
      for (const entry of isSaid ? [] : last) all.append(entry);
    };
    await addTo(this.context, journal, add, true);
    await journals.remember(journal, KEEP_STREAMS);
  }

  /** Closes the journals of tries whose worker went away, so that readers come to what follows. */
  private async endAttempts({ attempts }: R, except?: string): Promise<void> {
    for (const { id } of attempts.filter((one) => one.id !== except)) {
      const journal = journalOf.attempt(id);
      if (!(await this.context.journals.exists(journal)) || (await this.context.journals.isClosed(journal))) continue;
      const gone = { phase: 'waiting', message: 'The worker went away; another goes on\n' };
      await addTo(this.context, journal, (all) => all.append({ data: gone }), true);
    }
  }

  journal(id: string): string {
    return journalOf[this.kind.name](id);
  }

  close(): void {
    this.closing.abort(new SlipwayError('closing', 'The service is being stopped.'));
  }
}
