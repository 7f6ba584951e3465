/** Questions that start nothing, or no more than a plan: previews, badges, the queue, what is read while one waits. */
import { findImage, findLowerTiers, takeHome } from '../making.ts';
import { planKey } from '../pipeline.ts';
import type { Plan, RepoSpec, Resolved } from '../types.ts';
import type { Builds } from './builds.ts';
import type { Context } from './context.ts';
import { documentsOf, findDocument } from './documents.ts';
import { errorOf } from './failures.ts';
import type { Images } from './images.ts';
import type { Lookups } from './lookups.ts';
import { readAsked } from './requests.ts';
import type {
  Client,
  LaunchRecord,
  LaunchRequest,
  PlanPreview,
  QueueState,
  Readiness,
  RecentLaunch,
  StoredDocument,
} from './types.ts';
import { unlessAborted } from './waiting.ts';
import { isOver } from './work.ts';

/** Launches among which the latest repositories are looked for. */
const LOOKED_AT = 100;
/** Jobs of the queue that are listed. */
const LISTED = 100;

interface Deps {
  context: Context;
  lookups: Lookups;
  images: Images;
  builds: Builds;
}

/** Whether a build was of what the spec names; of a page only its host can say where the ref ends, so any of its beginnings. */
function isOfRef({ ref = 'HEAD', page }: RepoSpec, built: string): boolean {
  return page ? `${page.refAndPath}/`.startsWith(`${built}/`) : built === ref;
}

export class Looks {
  private readonly deps: Deps;

  constructor(deps: Deps) {
    this.deps = deps;
  }

  async preview(
    { resolved, subdir }: { resolved: Resolved; subdir: string },
    client: Client,
    signal: AbortSignal,
  ): Promise<PlanPreview> {
    const { context, builds } = this.deps;
    const plan = await this.planOf(resolved, subdir, client, signal);
    const [content, lower] = await Promise.all([findImage(plan, context), findLowerTiers(plan, context)]);
    const cached = {
      base: lower.base,
      environment: lower.environment !== undefined,
      content: content !== undefined,
    };
    const usual = content ? undefined : await builds.usual(resolved.spec.canonicalUrl, cached.environment);
    return { resolved, plan, cached, ...(usual !== undefined && { usual }), dockerfile: await takeHome(plan) };
  }

  private async planOf(resolved: Resolved, subdir: string, client: Client, signal: AbortSignal): Promise<Plan> {
    const { context, images, builds } = this.deps;
    const found = await images.find(resolved, subdir);
    if (found) return found.plan;
    const key = planKey(resolved, subdir, context.config);
    const known = await context.plans.get(key);
    if (known) return known.plan;
    const wish = { resolved, subdir, refresh: false, client: client.address, planOnly: true };
    const { id } = await builds.join(wish);
    const outcome = await unlessAborted(builds.work.outcome(id), signal);
    if (outcome.error) throw errorOf(outcome.error);
    const made = await context.plans.get(key);
    if (made) return made.plan;
    throw new Error(`the plan ${key} was made and is not kept`);
  }

  /**
   * Nobody is asked where a branch is now: a badge is looked at far more often than launched, by anybody. Where that is
   * not known from a launch just now, its last build stands for it. Whether the image is still there is always looked at.
   */
  async readiness(request: LaunchRequest): Promise<Readiness> {
    const { images, builds, lookups } = this.deps;
    const { spec, subdir } = readAsked(request);
    const resolved = await lookups.known(spec);
    const last = (await builds.of(spec.canonicalUrl)).find(
      (one) => one.subdir === subdir && (resolved ? one.commit === resolved.commit : isOfRef(spec, one.ref)),
    );
    const commit = resolved ?? (last && { spec, ref: last.ref, commit: last.commit });
    // An engine that is away has nothing ready.
    if (commit && (await images.find(commit, subdir).catch(() => undefined))) return 'ready';
    // What failed by somebody else's fault, a host's or ours, says nothing of the repository: the next launch builds it.
    return last?.state === 'failed' && last.error?.blame === 'user' ? 'failed' : 'unknown';
  }

  async document({ resolved, subdir, urlpath }: LaunchRecord): Promise<StoredDocument | undefined> {
    if (!resolved) return undefined;
    const { context } = this.deps;
    const key = planKey(resolved, subdir, context.config);
    return findDocument(documentsOf(urlpath ?? resolved.urlpath), key, context);
  }

  async recent(count: number): Promise<RecentLaunch[]> {
    const records = await this.deps.context.launches.recent(LOOKED_AT);
    const seen = new Map<string, RecentLaunch>();
    for (const { spec, state, createdAt, resolved } of records) {
      const ref = resolved?.ref ?? 'HEAD';
      const name = `${spec.provider}/${spec.name}/${ref}`;
      if (state !== 'ready' || seen.has(name)) continue;
      seen.set(name, { provider: spec.provider, name: spec.name, ref, repo: spec.canonicalUrl, at: createdAt });
    }
    return [...seen.values()].slice(0, count);
  }

  async queue(): Promise<QueueState> {
    const { buildJobs, tierJobs, builds } = this.deps.context;
    const jobs = await buildJobs.list(LISTED);
    const records = await Promise.all(jobs.map(({ id }) => builds.get(id)));
    const [ofBuilds, ofTiers] = await Promise.all([buildJobs.counts(), tierJobs.counts()]);
    // A job ends after its record.
    const over = records.filter((record) => record && isOver(record)).length;
    // A build that waits for its environment is at hand, and waits all the same.
    const waiting = ofBuilds.waiting + ofTiers.waiting;
    return {
      waiting,
      active: Math.max(0, ofBuilds.waiting + ofBuilds.active - waiting - over),
      builds: records.flatMap((record) => {
        if (!record || (record.state !== 'waiting' && record.state !== 'active')) return [];
        const { id, state, repo, ref, askedBy, createdAt } = record;
        return [{ id, state, repo, ref, askedBy, createdAt }];
      }),
    };
  }
}
