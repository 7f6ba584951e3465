/** What a worker does for one build: fetch → plan → environment → content, as far as each is missing. */

import { SlipwayError } from '../errors.ts';
import {
  type BuiltTiers,
  buildContent,
  type EnvironmentTiers,
  findImage,
  findLowerTiers,
  type Prepared,
} from '../making.ts';
import { planKey, prepare } from '../pipeline.ts';
import type { EngineDeps } from '../stages.ts';
import { asDeclared } from '../tiers.ts';
import type { Emit, Plan, RepoSpec, SlipwayEvent } from '../types.ts';
import { Clock } from './clock.ts';
import type { Context } from './context.ts';
import { storeDocuments } from './documents.ts';
import { despiteEngineLoss } from './engine-loss.ts';
import { knownTimes, newsOf } from './estimates.ts';
import { journalOf, streamed } from './events.ts';
import { errorOf } from './failures.ts';
import type { Limit } from './limit.ts';
import type { Lookups } from './lookups.ts';
import type { Places } from './places.ts';
import { type Tiers, tierKey } from './tiers.ts';
import type { BuildJob, BuildRecord, TierJob, TierRecord } from './types.ts';
import { unlessAborted } from './waiting.ts';
import type { Attempt } from './work-kind.ts';

type Trying = Attempt<BuildJob, BuildRecord>;
type Result = Partial<BuildRecord>;

export interface BuildDeps {
  context: Context;
  /** For packages that come from a branch. */
  lookups: Lookups;
  tiers: Tiers;
  tierPlaces: Places<TierJob>;
  /** Fetching, planning and contents that go on at once; waiting for a tier takes no place. */
  limit: Limit;
}

/** @throws SlipwayError of every stage up to build */
export async function doBuild(attempt: Trying, deps: BuildDeps): Promise<Result> {
  const { job, writer } = attempt;
  const { context } = deps;
  const clock = new Clock();
  const emit: Emit = (event) => {
    if (event.phase === 'fetching' && event.stage === 'plan') clock.enter('plan');
    writer.append({ data: streamed(event) });
  };
  const signal = AbortSignal.any([job.signal, job.lost]);
  const lookUp = (spec: RepoSpec) => deps.lookups.resolve(spec);
  const stage = { config: context.config, emit, signal, lookUp };
  if (job.data.planOnly) {
    const { resolved, subdir } = job.data;
    await deps.limit(() => prepare(resolved, subdir, stage, (prepared) => planned(prepared, attempt, deps)));
    return {};
  }
  try {
    const built = await buildMissing(attempt, clock, { ...stage, engine: context.engine }, deps);
    const { image: imageName, digest, resolvedAsOf, notices, tiers } = built;
    return { imageName, digest, resolvedAsOf, notices, tiers };
  } finally {
    clock.enter();
    const wait = Date.now() - Date.parse(job.data.createdAt) - Object.values(clock.timings).reduce((a, b) => a + b, 0);
    await attempt.note({ timings: { wait: Math.max(0, Math.round(wait)), ...clock.timings } });
  }
}

async function buildMissing(attempt: Trying, clock: Clock, engine: EngineDeps, deps: BuildDeps): Promise<BuiltTiers> {
  const { resolved, subdir, refresh } = attempt.job.data;
  const { builtPlans } = deps.context;
  const options = { refresh, noCache: false };
  // The environment's own job waits for an engine by itself.
  const told = { writer: attempt.writer, signal: engine.signal };
  const patient = <T>(part: () => Promise<T>) => despiteEngineLoss(deps.context, told, part);
  const limited = <T>(part: () => Promise<T>) => patient(() => deps.limit(part));
  const kept = refresh ? undefined : await builtPlans.find(resolved, subdir);
  const known = kept && (await patient(() => findImage(kept, engine)));
  if (known) return known;
  const first = await limited(() => {
    clock.enter('fetch');
    return prepare(resolved, subdir, engine, async (prepared) => {
      const { plan } = await planned(prepared, attempt, deps);
      clock.enter('content');
      const found = refresh ? undefined : await findImage(plan, engine);
      if (!found) void prepared.checkout.finishGit();
      const environment = refresh ? undefined : (await findLowerTiers(plan, engine)).environment;
      const built = found ?? (environment && (await buildContent(prepared, environment, options, engine)));
      if (built) await builtPlans.keep(plan, resolved);
      return { plan, built };
    });
  });
  if (first.built) return first.built;
  clock.enter('environment');
  const environment = await awaitEnvironment(first.plan, attempt, engine.signal, deps);
  return limited(() => {
    clock.enter('content');
    // Its files were not kept on disk while it waited; that they are fetched again is nobody's news.
    const quiet = { ...engine, emit: (event: SlipwayEvent) => event.phase === 'fetching' || engine.emit(event) };
    return prepare(resolved, subdir, quiet, async (prepared) => {
      void prepared.checkout.finishGit();
      const built = await buildContent({ ...prepared, plan: first.plan }, environment, options, quiet);
      await builtPlans.keep(first.plan, resolved);
      return built;
    });
  });
}

/** Keeps what others want to see of a plan before anything is built: the plan, its notices, something to read. */
async function planned(prepared: Prepared, { job, writer }: Trying, { context }: BuildDeps): Promise<{ plan: Plan }> {
  const { plan } = prepared;
  const { asOf, era, python, buildpacks, notices } = plan;
  const key = planKey(job.data.resolved, job.data.subdir, context.config);
  writer.append({ event: 'plan', data: { asOf, era, python, buildpacks, notices } });
  await Promise.all([context.plans.put(key, { plan }), storeDocuments(prepared.checkout, key, context)]);
  return { plan };
}

/** The environment as declared is a job that other repositories share, whatever is guessed for them. */
async function awaitEnvironment(
  plan: Plan,
  attempt: Trying,
  signal: AbortSignal,
  deps: BuildDeps,
): Promise<EnvironmentTiers> {
  // Built anew it is by whoever builds what stands on it.
  if (plan.tiers.guessed === undefined || attempt.job.data.refresh) return awaitTier(plan, attempt, signal, deps);
  const { environment } = await awaitTier(asDeclared(plan), attempt, signal, deps);
  const tiers = await awaitTier(plan, attempt, signal, deps);
  return { ...tiers, environment: environment === 'built' ? environment : tiers.environment };
}

/** Joins the job of the environment's tier until it is built; one that was cancelled by others is begun again. */
async function awaitTier(plan: Plan, attempt: Trying, signal: AbortSignal, deps: BuildDeps): Promise<EnvironmentTiers> {
  const { refresh, client, resolved } = attempt.job.data;
  const key = tierKey(plan, refresh);
  const by = { client, repo: resolved.spec.canonicalUrl };
  for (;;) {
    const { id } = await deps.tiers.join(key, { plan, refresh, createdAt: new Date().toISOString() }, by);
    await attempt.note({ tier: id });
    const record = await followTier(id, key, attempt, signal, deps);
    if (record.state === 'completed' && record.result) return { notices: [], ...record.result };
    if (record.state === 'failed' && record.error) throw errorOf(record.error);
  }
}

/** Tells the place in the queue while there is one, then what the tier tells. */
async function followTier(
  id: string,
  key: string,
  { job, writer, note }: Trying,
  signal: AbortSignal,
  { tiers, context, tierPlaces }: BuildDeps,
): Promise<TierRecord> {
  const times = await knownTimes(job.data, context);
  let isFollowing = false;
  const follow = () => {
    if (!isFollowing) writer.append({ follow: journalOf.tier(id) });
    isFollowing = true;
  };
  const unfollow = tierPlaces.follow(key, (place) => {
    if (isFollowing) return;
    writer.append({ event: 'queue', data: newsOf(place, context.config.SLIPWAY_BUILD_CONCURRENCY, times) });
    note({ state: place > 0 ? 'waiting' : 'active' }).catch(() => undefined);
    if (place === 0) follow();
  });
  try {
    return await unlessAborted(tiers.outcome(id), signal);
  } finally {
    unfollow();
    if (isCancelled(signal)) await leaveTier(id, job.id, context, tiers);
    else if (!signal.aborted) follow();
  }
}

function isCancelled(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof SlipwayError && signal.reason.code === 'cancelled';
}

/** A tier that no build wants any more is not built on. */
async function leaveTier(tier: string, build: string, { builds }: Context, tiers: Tiers): Promise<void> {
  const others = (await builds.findBy('tier', tier)).filter(({ id }) => id !== build);
  if (others.length === 0) await tiers.cancel(tier);
}
