/** What happens for one launch: ref → image → session, by whichever process has it, from wherever another left it. */
import { SlipwayError } from '../errors.ts';
import { imageToLaunch } from '../images.ts';
import { builtEvent, openedFrom, pageOutside } from '../pipeline.ts';
import type { JournalWriter } from '../queue/journal.ts';
import type { Emit, Resolved, Session } from '../types.ts';
import { readyEvent } from './binder.ts';
import type { Builds } from './builds.ts';
import { Clock } from './clock.ts';
import type { Context } from './context.ts';
import { journalOf, streamed } from './events.ts';
import { errorOf } from './failures.ts';
import type { Images } from './images.ts';
import type { Limit } from './limit.ts';
import type { Lookups } from './lookups.ts';
import type { SessionWish } from './session-wishes.ts';
import type { Sessions } from './sessions.ts';
import type { BuildRecord, LaunchRecord } from './types.ts';
import { Uses } from './uses.ts';
import { unlessAborted } from './waiting.ts';
import type { WarmLaunches } from './warm-launches.ts';

/** A look-up that takes longer says so; a quicker one must not come before `built`. */
const SILENT = 500;

export interface LaunchParts {
  lookups: Lookups;
  images: Images;
  builds: Builds;
  sessions: Sessions;
  warm: WarmLaunches;
  /** Sessions that start at once. */
  starting: Limit;
}

/** What a launch ends with here that is another process's by now: there it is told how it goes on. */
export const NOT_OURS = new SlipwayError('taken_over', 'Another process has this launch.');

/** Phases that the journal of a launch holds already, when another process began it. */
type Said = ReadonlySet<string>;

export class LaunchRun {
  private record: LaunchRecord;
  private readonly writer: JournalWriter;
  private readonly context: Context;
  private readonly parts: LaunchParts;
  private readonly signal: AbortSignal;
  private readonly said: Said;
  private readonly clock = new Clock();
  /** Those that were there already. */
  tiers: BuildRecord['tiers'];

  constructor(
    record: LaunchRecord,
    writer: JournalWriter,
    deps: { context: Context; parts: LaunchParts; signal: AbortSignal; said: Said },
  ) {
    this.record = record;
    this.writer = writer;
    this.context = deps.context;
    this.parts = deps.parts;
    this.signal = deps.signal;
    this.said = deps.said;
  }

  /** Whether it had to wait for a build. */
  get isCached(): boolean {
    return this.record.build === undefined;
  }

  get state(): LaunchRecord['state'] {
    return this.record.state;
  }

  /** Milliseconds per stage so far. */
  get timings(): Record<string, number> {
    this.clock.enter();
    return this.clock.timings;
  }

  /** When it was begun. */
  get since(): number {
    return Date.parse(this.record.createdAt);
  }

  /** Build that this launch waits for. */
  get build(): string | undefined {
    return this.record.build;
  }

  /**
   * Goes the whole way, and says `ready` at its end.
   * @returns what the record then holds; with `error` when the build's own journal has said that it failed
   * @throws SlipwayError of every stage
   */
  async run(): Promise<Partial<LaunchRecord>> {
    this.clock.enter('resolve');
    const resolved = this.record.resolved ?? (await this.lookUp());
    this.signal.throwIfAborted();
    this.clock.enter('image');
    const cached = await this.cachedImage(resolved);
    const warm = cached === undefined ? await this.warmSession(resolved) : undefined;
    if (warm) return this.ready(warm, resolved);
    const image = cached ?? (await this.builtImage(resolved));
    if (typeof image !== 'string') return { resolved, ...image };
    if (this.record.buildOnly) {
      this.writer.append({ data: { phase: 'ready', message: `Image ${image} is ready\n`, imageName: image } });
      return { state: 'ready', resolved, image };
    }
    return this.ready(await this.startSession(resolved, image), resolved);
  }

  private ready(session: Session, resolved: Resolved): Partial<LaunchRecord> {
    // For pruning; a launch is not worse for not being counted.
    const uses = new Uses(this.context.redis);
    for (const name of new Set([session.image, this.record.image ?? session.image]))
      uses.note(name).catch(() => undefined);
    this.writer.append({ data: readyEvent(session, resolved, this.record.client, this.context.config) });
    return { state: 'ready', resolved, image: session.image, session: session.id };
  }

  private async lookUp(): Promise<Resolved> {
    const found = this.parts.lookups.resolve(this.record.spec);
    const timer = setTimeout(() => {
      if (this.said.has('fetching')) return;
      const message = `Looking up ${this.record.spec.canonicalUrl}\n`;
      this.writer.append({ data: { phase: 'fetching', message } });
    }, SILENT);
    const resolved = await unlessAborted(found, this.signal).finally(() => clearTimeout(timer));
    const { subdir, urlpath } = this.record;
    const outside = urlpath === undefined && pageOutside(resolved, subdir);
    if (outside) this.writer.append({ data: { phase: 'fetching', message: `${outside}\n` } });
    return resolved;
  }

  private async cachedImage(resolved: Resolved): Promise<string | undefined> {
    // Whoever follows a build hears of its end there.
    if (this.record.build !== undefined || this.record.refresh) return undefined;
    const found = await this.parts.images.find(resolved, this.record.subdir);
    if (!found) return undefined;
    this.tiers = found.tiers.tiers;
    if (!this.said.has('built')) {
      this.writer.append({ data: builtEvent(found.tiers) });
      // Whoever waits hears of it before the session has started.
      if (!this.record.buildOnly) this.writer.flush().catch(() => undefined);
    }
    return found.tiers.image;
  }

  /** A server that runs already and was given the commit's files; its image is built afterwards, for the next one. */
  private async warmSession(resolved: Resolved): Promise<Session | undefined> {
    const { buildOnly, build, refresh, subdir, client } = this.record;
    if (buildOnly || refresh || build !== undefined) return undefined;
    const session = await this.parts.warm.claim(resolved, subdir, () => {
      this.signal.throwIfAborted();
      this.clock.enter('warm');
      return this.note({ state: 'launching', resolved }).then(() => this.wish(resolved));
    });
    if (session) {
      const wish = { resolved, subdir, refresh, client: client.address, isAskedFor: true };
      this.parts.builds.join(wish).catch((err: unknown) => this.context.log.warn({ err }, 'image not built'));
    }
    return session;
  }

  private async builtImage(resolved: Resolved): Promise<string | Pick<LaunchRecord, 'state' | 'error'>> {
    const { builds } = this.parts;
    const { subdir, refresh, client } = this.record;
    const wish = { resolved, subdir, refresh, client: client.address };
    this.clock.enter('build');
    for (;;) {
      const id = this.record.build ?? (await this.follow(resolved, (await builds.join(wish)).id));
      // Another process may have noted the build and not come to following it.
      if (this.writer.length <= (this.record.followAt ?? 0)) this.writer.append({ follow: journalOf.build(id) });
      const outcome = await unlessAborted(builds.work.outcome(id), this.signal);
      if (outcome.state === 'completed' && outcome.imageName) return outcome.imageName;
      if (outcome.error) return { state: 'failed', error: outcome.error };
      // The last of those who wanted it gave up just when we came.
      const { build: _ended, followAt: _place, ...rest } = this.record;
      this.record = rest;
    }
  }

  private async follow(resolved: Resolved, build: string): Promise<string> {
    await this.note({ state: 'building', resolved, build, followAt: this.writer.length });
    return build;
  }

  private async startSession(resolved: Resolved, image: string): Promise<Session> {
    this.clock.enter('session');
    // A process that was frozen meanwhile may have been taken for dead: the other starts the session.
    const noted = this.note({ state: 'launching', resolved, image });
    try {
      return await this.start(resolved, image, noted);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'session_failed') throw error;
      // The image may have gone since it was last seen: pruned, or removed by hand.
      this.parts.images.forget(image);
      if (await this.parts.images.find(resolved, this.record.subdir)) throw error;
      const again = await this.builtImage(resolved);
      if (typeof again !== 'string') throw again.error ? errorOf(again.error) : error;
      return this.start(resolved, again);
    }
  }

  /** @param noted has to hold before anything starts */
  private async start(resolved: Resolved, image: string, noted?: Promise<void>): Promise<Session> {
    const { config, engine } = this.context;
    const { emit, signal } = this.wish(resolved);
    const [local, plan] = await Promise.all([
      imageToLaunch(image, { config, engine, emit, signal }),
      this.parts.images.plan(resolved, this.record.subdir),
      noted,
    ]);
    const wish = { ...this.wish(resolved), image: local, ...(plan && { plan }) };
    return this.parts.starting(() => {
      this.signal.throwIfAborted();
      return this.parts.sessions.start(wish);
    }, wish.client);
  }

  private wish(resolved: Resolved): SessionWish {
    const { id, client, urlpath, subdir } = this.record;
    const emit: Emit = (event) => event.phase !== 'ready' && this.writer.append({ data: streamed(event) });
    const { address, isOperator } = client;
    const enter = (stage: string) => this.clock.enter(stage);
    const wish = {
      resolved: openedFrom(resolved, subdir),
      launchId: id,
      client: address,
      isOperator,
      subdir,
      emit,
      signal: this.signal,
      enter,
    };
    return { ...wish, ...(urlpath !== undefined && { urlpath }) };
  }

  /** Changes the record of a launch that is still this process's and still wanted. @throws NOT_OURS, cancelled */
  private async note(change: Partial<LaunchRecord>): Promise<void> {
    this.record = { ...this.record, ...change };
    const { id, owner } = this.record;
    const record = await this.context.launches.update(id, (one) =>
      one.owner === owner && one.endedAt === undefined ? { ...one, ...change } : undefined,
    );
    if (record?.owner !== owner) throw NOT_OURS;
    if (record.endedAt !== undefined) throw new SlipwayError('cancelled', 'The launch was cancelled.');
  }
}
