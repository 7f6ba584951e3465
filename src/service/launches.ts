/** Launches: begun here, or taken over from a process that is gone; watched and cancelled from anywhere. */
import { randomBytes } from 'node:crypto';
import { SlipwayError, toSlipwayError } from '../errors.ts';
import type { Context } from './context.ts';
import { addTo, journalOf, KEEP_STREAMS } from './events.ts';
import { cancelledFailure, failedEvent, failureOf } from './failures.ts';
import { type LaunchParts, LaunchRun, NOT_OURS } from './launch-run.ts';
import type { Checked } from './requests.ts';
import type { Client, Failure, LaunchRecord, Read } from './types.ts';
import type { Watching } from './watching.ts';

/** What a launch is stopped by here that goes on elsewhere. */
const HANDED_OVER = new SlipwayError('closing', 'The service is being stopped.');

/** Far more launches than one process has. */
const ALL = 1_000_000;

interface Driven {
  run?: LaunchRun;
  controller: AbortController;
  done: Promise<void>;
}

export class Launches {
  private readonly context: Context;
  private readonly parts: LaunchParts;
  private readonly watching: Watching;
  private readonly driven = new Map<string, Driven>();
  private closing = false;

  constructor(context: Context, parts: LaunchParts, watching: Watching) {
    this.context = context;
    this.parts = parts;
    this.watching = watching;
  }

  /** Hears of launches that are cancelled in other processes. */
  async open(): Promise<void> {
    const { redis } = this.context;
    await redis.news.subscribe(this.channel, (id) => this.driven.get(id)?.controller.abort(cancelled()));
  }

  private get channel(): string {
    return `${this.context.redis.prefix}:cancelled`;
  }

  async begin(checked: Checked, client: Client): Promise<LaunchRecord> {
    if (this.closing) throw HANDED_OVER;
    const record: LaunchRecord = {
      id: randomBytes(16).toString('hex'),
      state: 'resolving',
      ...checked,
      client,
      createdAt: new Date().toISOString(),
      owner: this.context.self,
    };
    const kept = this.context.launches.create(record.id, record);
    this.drive(record, kept, new Set());
    await kept;
    return record;
  }

  /** @param kept when the record is in Redis */
  private drive(record: LaunchRecord, kept: Promise<unknown>, said: ReadonlySet<string>): void {
    const driven: Driven = { controller: new AbortController(), done: Promise.resolve() };
    this.driven.set(record.id, driven);
    driven.done = this.run(record, kept, said, driven)
      .catch((error: unknown) => this.context.log.error({ err: error, launch: record.id.slice(0, 8) }, 'launch lost'))
      .finally(() => this.driven.delete(record.id));
  }

  private async run(
    record: LaunchRecord,
    kept: Promise<unknown>,
    said: ReadonlySet<string>,
    driven: Driven,
  ): Promise<void> {
    const { signal } = driven.controller;
    const journal = journalOf.launch(record.id);
    const [writer] = await Promise.all([this.context.journals.open(journal), kept]);
    const run = new LaunchRun(record, writer, { context: this.context, parts: this.parts, signal, said });
    driven.run = run;
    let end: Partial<LaunchRecord>;
    try {
      end = await run.run();
    } catch (thrown) {
      // Another process has it by now, or is to have it: there is nothing that we may say.
      if (writer.lost.aborted || signal.reason === HANDED_OVER || thrown === NOT_OURS) return;
      const failure = this.failure(signal.aborted ? signal.reason : thrown, record);
      if (run.build !== undefined) await writer.leave(journalOf.build(run.build));
      writer.append({ data: failedEvent(failure) });
      end = { state: failure.code === 'cancelled' ? 'cancelled' : 'failed', error: failure };
    }
    // Both at once, so that who reads of the end finds it in the record too; the journal's is carried out first.
    await Promise.all([writer.close(), this.end(record, end, run)]);
  }

  private failure(thrown: unknown, { id }: LaunchRecord): Failure {
    const failure = failureOf(thrown);
    // The id is a right: no log has the whole of it.
    if (failure.code === 'internal') this.context.log.error({ err: thrown, launch: id.slice(0, 8) }, 'unexpected');
    return failure;
  }

  private async end(record: LaunchRecord, end: Partial<LaunchRecord>, run: LaunchRun): Promise<void> {
    const { launches, journals, observe } = this.context;
    const endedAt = new Date().toISOString();
    const { timings } = run;
    const kept = await launches.update(record.id, (one) =>
      one.endedAt || one.owner !== record.owner ? undefined : { ...one, ...end, timings, endedAt },
    );
    if (kept?.owner !== record.owner) return;
    if (run.build !== undefined && end.state !== 'ready') await this.parts.builds.leave(run.build);
    // Cancelled just when it was ready: nobody will use the session.
    if (end.state === 'ready' && kept?.state === 'cancelled') await this.endSession(record.id);
    // It waited; one that did not is as old as its journal.
    if (run.build !== undefined) await journals.remember(journalOf.launch(record.id), KEEP_STREAMS);
    const took = Date.parse(endedAt) - Date.parse(record.createdAt);
    const outcome = end.error?.code ?? end.state ?? 'ready';
    observe({
      kind: 'launch',
      provider: record.spec.provider,
      outcome,
      cached: run.isCached,
      ...(run.tiers && { tiers: run.tiers }),
      took,
      timings,
      ...eventFacts(record, end),
    });
  }

  async cancel(id: string): Promise<void> {
    const { launches, redis, presence } = this.context;
    const error = cancelledFailure('The launch was cancelled.');
    const endedAt = new Date().toISOString();
    const before = await this.need(id);
    if (before.state === 'ready') await this.endSession(id);
    if (before.endedAt !== undefined) return;
    const record = await launches.update(id, (one) =>
      one.endedAt ? undefined : { ...one, state: 'cancelled', error, endedAt },
    );
    if (record?.endedAt !== endedAt) return;
    await redis.client.publish(this.channel, id);
    if (this.driven.has(id) || (await presence.isAlive(record.owner))) return;
    await this.endJournal(record);
  }

  /** Of a launch that nobody drives. */
  private async endJournal(record: LaunchRecord): Promise<void> {
    const journal = journalOf.launch(record.id);
    const writer = await this.context.journals.open(journal);
    if (record.build !== undefined) await writer.leave(journalOf.build(record.build));
    const error = record.error ?? cancelledFailure('The launch was cancelled.');
    await addTo(this.context, journal, (all) => all.append({ data: failedEvent(error) }), true);
    await this.endSession(record.id);
    if (record.build !== undefined) await this.parts.builds.leave(record.build);
  }

  private async endSession(id: string): Promise<void> {
    const session = await this.parts.sessions.findByLaunch(id);
    if (!session) return;
    await this.parts.sessions.stop(session.id).catch((error: unknown) => {
      // It may have ended by itself meanwhile.
      if (toSlipwayError(error).code !== 'session_not_found') throw error;
    });
  }

  async find(id: string): Promise<LaunchRecord | undefined> {
    return /^[0-9a-f]{32}$/.test(id) ? this.context.launches.get(id) : undefined;
  }

  private async need(id: string): Promise<LaunchRecord> {
    const record = await this.find(id);
    if (record) return record;
    throw new SlipwayError('launch_not_found', 'There is no such launch, or it was too long ago.', {
      hint: 'Open the link again to begin another.',
    });
  }

  async *watch(id: string, from: number, signal: AbortSignal): AsyncGenerator<Read[]> {
    // One that was begun here need not be looked for.
    if (!this.driven.has(id)) await this.need(id);
    const leave = this.watching.enter(id);
    try {
      yield* this.context.journals.read(journalOf.launch(id), from, signal);
    } finally {
      leave();
    }
  }

  /** Goes on with the launches of a process that is gone; one that is being taken by others is left to them. */
  async takeOver(gone: string): Promise<number> {
    const { launches, journals, self, log } = this.context;
    const orphans = await launches.findBy('owner', gone, ALL);
    for (const { id } of orphans) {
      const record = await launches.update(id, (one) => (one.owner === gone ? { ...one, owner: self } : undefined));
      if (record?.owner !== self || record.endedAt !== undefined || this.driven.has(id)) continue;
      const journal = journalOf.launch(id);
      const entries = await journals.text(journal);
      const said = entries.flatMap(({ event, json }) => (event ? [] : [(JSON.parse(json) as { phase: string }).phase]));
      if (await journals.isClosed(journal)) await this.settle(record, said.at(-1));
      else this.drive(record, Promise.resolve(), new Set(said));
    }
    if (orphans.length > 0) log.info({ launches: orphans.length }, 'launches taken over');
    return orphans.length;
  }

  /** The journal has ended and its record was not told. */
  private async settle({ id }: LaunchRecord, last: string | undefined): Promise<void> {
    const session = (await this.parts.sessions.findByLaunch(id))?.id;
    const end =
      last === 'ready' ? { state: 'ready' as const, ...(session && { session }) } : { state: 'failed' as const };
    const endedAt = new Date().toISOString();
    await this.context.launches.update(id, (one) => (one.endedAt ? undefined : { ...one, ...end, endedAt }));
  }

  /** Gives up waits in the queue that nobody has watched for a while; what is being built is built to its end. */
  async cullUnwatched(): Promise<void> {
    const { config, builds } = this.context;
    const waiting = [...this.driven].flatMap(([id, { run }]) => (run?.state === 'building' ? [{ id, run }] : []));
    const watched = await this.watching.lastWatched(waiting.map(({ id }) => id));
    const longAgo = Date.now() - config.SLIPWAY_WATCH_GRACE;
    const unwatched = waiting.filter(({ run }, index) => Math.max(watched[index] ?? 0, run.since) < longAgo);
    for (const { id, run } of unwatched)
      if (run.build !== undefined && (await builds.get(run.build))?.state === 'waiting') await this.cancel(id);
  }

  /** Hands over what has not ended after `grace` milliseconds; sessions that are starting get that time. */
  async close(grace: number): Promise<void> {
    this.closing = true;
    const done = [...this.driven.values()].flatMap((one) => (one.run?.state === 'launching' ? [one.done] : []));
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise((resolve) => {
      timer = setTimeout(resolve, grace);
    });
    await Promise.race([Promise.all(done), over]);
    clearTimeout(timer);
    const rest = [...this.driven.values()];
    for (const { controller } of rest) controller.abort(HANDED_OVER);
    await Promise.all(rest.map((one) => one.done));
  }
}

function cancelled(): SlipwayError {
  return new SlipwayError('cancelled', 'The launch was cancelled.');
}

/** For the event log, which names repositories and nobody who asked. */
function eventFacts({ spec, client }: LaunchRecord, { resolved }: Partial<LaunchRecord>) {
  const hasBuildToken = client.hasBuildToken ?? false;
  const ref = resolved?.ref ?? spec.ref ?? 'HEAD';
  return { spec: spec.name, ref, hasBuildToken, ...(resolved && { commit: resolved.commit }) };
}
