/** Builds: one for all who want the same commit under the same settings. */

import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import { ulid } from 'ulid';
import { SlipwayError } from '../errors.ts';
import { builtEvent, planKey } from '../pipeline.ts';
import type { Worker } from '../queue/jobs.ts';
import type { Resolved } from '../types.ts';
import { doBuild } from './build-work.ts';
import type { Context } from './context.ts';
import { usualTime } from './estimates.ts';
import { addTo } from './events.ts';
import { cancelledFailure, failedEvent } from './failures.ts';
import type { FoundImage, Images } from './images.ts';
import { createLimit } from './limit.ts';
import { logText } from './log-store.ts';
import type { Lookups } from './lookups.ts';
import { Places } from './places.ts';
import { createTiers, type Tiers } from './tiers.ts';
import type { AskedBuild, BuildJob, BuildRecord, Read, TierJob } from './types.ts';
import { isOver, Work } from './work.ts';

/** Builds that a worker has at hand; most of them wait for an environment. */
const AT_HAND = 200;

/** So many may take back that they asked for one build; with more it is built whatever they say. */
const MOST_ASKS = 100;

/** What a build is asked for with. */
export interface Wish {
  resolved: Resolved;
  subdir: string;
  refresh: boolean;
  client: string;
  /** Wanted also when no launch waits for it. */
  isAskedFor?: boolean;
  /** Likewise, until it is taken back by this name. */
  ask?: string;
  planOnly?: boolean;
}

export class Builds {
  readonly work: Work<BuildJob, BuildRecord>;
  readonly tiers: Tiers;
  private readonly places: Places<BuildJob>;
  private readonly tierPlaces: Places<TierJob>;
  private readonly context: Context;
  private readonly told = new Set<string>();

  constructor(context: Context, lookups: Lookups) {
    this.context = context;
    this.places = new Places(context.buildJobs);
    this.tiers = createTiers(context);
    this.tierPlaces = new Places(context.tierJobs);
    const { tiers, tierPlaces } = this;
    const deps = { context, lookups, tiers, tierPlaces, limit: createLimit(Math.max(2, availableParallelism())) };
    this.work = new Work<BuildJob, BuildRecord>(context, {
      name: 'build',
      jobs: context.buildJobs,
      records: context.builds,
      fresh: freshRecord,
      work: (attempt) => doBuild(attempt, deps),
      lastEntries,
      store: (record) => this.storeLog(record),
      ended: (record) => this.ended(record),
    });
  }

  join({ resolved, subdir, refresh, client, isAskedFor = false, ask, planOnly = false }: Wish): Promise<BuildRecord> {
    const key = planKey(resolved, subdir, this.context.config);
    const name = planOnly ? `plan-${key}` : refresh ? `${key}-refresh` : key;
    const createdAt = new Date().toISOString();
    const job = {
      resolved,
      subdir,
      refresh,
      client,
      createdAt,
      isAskedFor,
      planOnly,
      ...(ask !== undefined && { asks: [ask] }),
    };
    const joined = this.work.join(name, job, { client, repo: resolved.spec.canonicalUrl });
    this.tellPlaces(name, joined);
    return joined;
  }

  /** While it waits for a worker, one of the processes that want it tells its place in its journal. */
  private tellPlaces(key: string, joined: Promise<BuildRecord>): void {
    if (this.told.has(key)) return;
    this.told.add(key);
    const tell = async () => {
      const { id } = await joined;
      const unfollow = this.places.follow(key, (place) => {
        if (place > 0) this.tellPlace(id, place).catch(() => undefined);
      });
      await this.work.outcome(id).finally(unfollow);
    };
    tell()
      .catch(() => undefined)
      .finally(() => this.told.delete(key));
  }

  private async tellPlace(id: string, place: number): Promise<void> {
    const { redis, self, builds } = this.context;
    const speaker = `${redis.prefix}:speaker:${id}`;
    if (!(await redis.client.set(speaker, self, 'EX', 60, 'NX')) && (await redis.client.get(speaker)) !== self) return;
    if ((await builds.get(id))?.state !== 'waiting') return;
    await addTo(this.context, this.work.journal(id), (all) => all.append({ event: 'queue', data: { place } }));
  }

  /** Somebody no longer waits; a build that nobody wants any more ends. */
  async leave(id: string): Promise<void> {
    const { builds, launches } = this.context;
    const record = await builds.get(id);
    if (!record || isAskedFor(record) || (await launches.findBy('build', id, 1)).length > 0) return;
    await this.work.cancel(id);
  }

  /** @throws build_not_found */
  async cancel(id: string): Promise<void> {
    if (!(await this.find(id))) throw noSuchBuild();
    await this.work.cancel(id, cancelledFailure('The build was cancelled.'));
  }

  async find(id: string): Promise<BuildRecord | undefined> {
    return /^[\w-]{1,64}$/.test(id) ? this.context.builds.get(id) : undefined;
  }

  /** Wants a build without launching; one whose image is there is over already. */
  async ask(wish: Wish, images: Images): Promise<AskedBuild> {
    const found = wish.refresh ? undefined : await images.find(wish.resolved, wish.subdir);
    if (found) return this.completed(wish, found);
    const ask = randomBytes(16).toString('hex');
    const record = await this.join({ ...wish, ask });
    const asked = await this.context.builds.update(record.id, (one) => {
      if (isOver(one) || one.asks?.includes(ask)) return undefined;
      const asks = [...(one.asks ?? []), ask];
      return asks.length > MOST_ASKS ? { ...one, isAskedFor: true } : { ...one, asks };
    });
    return asked?.asks?.includes(ask) && !isOver(asked) ? { ...asked, ask } : (asked ?? record);
  }

  /** Takes back what was asked for; the build ends when nobody else wants it. @returns whether that was asked for */
  async takeBack(id: string, ask: string): Promise<boolean> {
    if (!(await this.find(id))?.asks?.includes(ask)) return false;
    await this.context.builds.update(id, (one) => ({ ...one, asks: one.asks?.filter((each) => each !== ask) ?? [] }));
    await this.leave(id);
    return true;
  }

  /** The record of the build that made an image; where none is left, one that says that nothing was to be done. */
  private async completed(wish: Wish, { tiers }: FoundImage): Promise<BuildRecord> {
    const { resolved, subdir } = wish;
    const made = await this.of(resolved.spec.canonicalUrl);
    const own = made.find(
      ({ commit, subdir: folder, imageName }) =>
        commit === resolved.commit && folder === subdir && imageName === tiers.image,
    );
    if (own) return own;
    const data = { ...wish, createdAt: new Date().toISOString(), isAskedFor: true, planOnly: false };
    const { image: imageName, digest, resolvedAsOf, notices } = tiers;
    const fresh = freshRecord({ id: ulid(), key: planKey(resolved, subdir, this.context.config), data });
    const record: BuildRecord = {
      ...fresh,
      state: 'completed',
      endedAt: data.createdAt,
      imageName,
      digest,
      resolvedAsOf,
      notices,
      tiers: tiers.tiers,
    };
    await this.context.builds.put(record.id, record);
    await addTo(
      this.context,
      this.work.journal(record.id),
      (all) =>
        lastEntries(record).forEach((entry) => {
          all.append(entry);
        }),
      true,
    );
    return record;
  }

  /** @throws build_not_found */
  async *watch(id: string, from: number, signal: AbortSignal): AsyncGenerator<Read[]> {
    if (!(await this.find(id))) throw noSuchBuild();
    yield* this.context.journals.read(this.work.journal(id), from, signal);
  }

  /** The latest of a repository first. */
  async of(canonicalUrl: string): Promise<BuildRecord[]> {
    const records = await this.context.builds.findBy('repo', canonicalUrl, 20);
    return records.filter(({ key }) => !key.startsWith('plan-'));
  }

  /** What a build of this repository usually takes; undefined when nobody knows. */
  async usual(canonicalUrl: string, isEnvironmentThere?: boolean): Promise<number | undefined> {
    return usualTime(await this.of(canonicalUrl), isEnvironmentThere);
  }

  async log(id: string): Promise<Readable | undefined> {
    const { logs, journals } = this.context;
    const stored = await logs.read(id);
    if (stored) return stored;
    const journal = this.work.journal(id);
    if (!(await journals.exists(journal))) return undefined;
    return Readable.from(logText(await journals.text(journal)));
  }

  /** Takes up builds and environments. */
  startWorkers(): Worker[] {
    return [this.work.work(AT_HAND), this.tiers.work(this.context.config.SLIPWAY_BUILD_CONCURRENCY)];
  }

  /** Ends what a Redis that forgot has lost the jobs of: whoever waits must not wait for ever. */
  async settleLost(): Promise<void> {
    await Promise.all([this.work.settleLost(), this.tiers.settleLost()]);
  }

  close(): void {
    this.work.close();
    this.tiers.close();
    this.places.close();
    this.tierPlaces.close();
  }

  private ended({ key, provider, state, error, timings, tiers }: BuildRecord): void {
    if (key.startsWith('plan-')) return;
    const outcome = error?.code ?? state;
    this.context.observe({ kind: 'build', provider, outcome, timings, ...(tiers && { tiers }) });
  }

  private async storeLog(record: BuildRecord): Promise<void> {
    const { logs, journals } = this.context;
    if (record.key.startsWith('plan-')) return;
    await logs.store(record.id, await journals.text(this.work.journal(record.id)));
  }
}

function isAskedFor({ isAskedFor: forGood, asks = [] }: BuildRecord): boolean {
  return forGood || asks.length > 0;
}

function freshRecord({ id, key, data }: { id: string; key: string; data: BuildJob }): BuildRecord {
  const { resolved, subdir, client, createdAt, isAskedFor, asks } = data;
  const { spec, ref, commit } = resolved;
  return {
    id,
    key,
    state: 'waiting',
    repo: spec.canonicalUrl,
    provider: spec.provider,
    ref,
    commit,
    subdir,
    askedBy: client,
    isAskedFor,
    ...(asks && { asks }),
    createdAt,
    timings: {},
    attempts: [],
  };
}

function noSuchBuild(): SlipwayError {
  return new SlipwayError('build_not_found', 'There is no such build, or it was too long ago.');
}

/** A build that nobody wanted any more says nothing: who comes just then begins another. */
function lastEntries(record: BuildRecord) {
  const { state, error, imageName, digest, resolvedAsOf, notices = [], tiers } = record;
  if (error) return [{ data: failedEvent(error) }];
  if (state !== 'completed' || !imageName || !digest || !resolvedAsOf || !tiers) return [];
  return [{ data: builtEvent({ image: imageName, digest, resolvedAsOf, notices, tiers }) }];
}
