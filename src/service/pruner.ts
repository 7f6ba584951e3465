/** Pruning as the service does it: with what Redis knows of uses and builds, one process of a machine at a time. */
import type { Config } from '../config.ts';
import { engineOf } from '../engine.ts';
import { openPublishedStock, openStock } from '../images.ts';
import { withLock } from '../lock.ts';
import { planKey } from '../pipeline.ts';
import type { Plan } from '../types.ts';
import type { Context } from './context.ts';
import { diskOf, type Extent, isHigh, type PruneDeps, type PruneReport, prune, tidy } from './prune.ts';
import { fileMemory, type Memory, type RetentionReport, retain } from './retention.ts';
import { Uses } from './uses.ts';

/** More jobs than a queue has. */
const ALL = 1_000_000;

type Shared = Pick<Context, 'config' | 'engine' | 'log' | 'redis' | 'buildJobs' | 'tierJobs' | 'plans' | 'builtPlans'>;

/** Names of the images that builds which wait or are being done stand on or make, as far as they are planned. */
async function wantedImages({ config, buildJobs, tierJobs, plans, builtPlans }: Shared): Promise<Set<string>> {
  const [builds, tiers] = await Promise.all([buildJobs.list(ALL), tierJobs.list(ALL)]);
  const planOf = async ({ resolved, subdir }: (typeof builds)[number]['data']): Promise<Plan | undefined> =>
    (await plans.get(planKey(resolved, subdir, config)))?.plan ?? (await builtPlans.find(resolved, subdir));
  const planned = [
    ...tiers.map(({ data }) => data.plan),
    ...(await Promise.all(builds.map(({ data }) => planOf(data)))),
  ];
  return new Set(planned.flatMap((plan) => (plan ? Object.values(plan.tiers).map(({ image }) => image) : [])));
}

/** What pruning works on; `shared` of a service whose Redis is there. */
export async function pruneDeps(
  config: Config,
  engine: Context['engine'],
  shared?: Shared,
  signal?: AbortSignal,
): Promise<PruneDeps> {
  const uses = shared && new Uses(shared.redis);
  return {
    config,
    stock: await openStock(await engine(), config),
    disk: diskOf(config, engine),
    uses: async () => uses?.all() ?? new Map(),
    async wanted() {
      signal?.throwIfAborted();
      return shared ? wantedImages(shared) : new Set();
    },
    async removed({ image, parent, last, count }) {
      const below = parent?.tags[0];
      if (below !== undefined) await uses?.note(below, { last, count });
      await uses?.forget(image.tags);
      shared?.log.info({ image: image.tags[0] ?? image.id }, 'image removed');
    },
  };
}

/** Runs `work` unless another process of this installation prunes; then undefined. */
async function alone<T>(config: Config, work: () => Promise<T>): Promise<T | undefined> {
  const taken = new AbortController();
  return withLock(`prune ${config.SLIPWAY_DATA}`, taken.signal, () => taken.abort(), work).catch((error: unknown) => {
    if (taken.signal.aborted) return undefined;
    throw error;
  });
}

export interface PruneWish {
  extent: Extent;
  dryRun: boolean;
}

/** Prunes where there is no service: nothing is known of uses but when images were made. */
export async function pruneAlone(config: Config, wish: PruneWish): Promise<PruneReport | undefined> {
  const deps = await pruneDeps(config, engineOf(config));
  return alone(config, () => pruneAll(wish, deps, fileMemory(config), config));
}

/** The engine, and where there is one the registry: that by age alone, for others may share it. */
async function pruneAll(
  wish: PruneWish,
  deps: PruneDeps,
  memory: Memory,
  config: Config,
  signal?: AbortSignal,
): Promise<PruneReport> {
  const report = await prune(wish, deps);
  const registry = await retainOld(wish, deps, memory, config, signal);
  return { ...report, ...(registry && { registry }) };
}

async function retainOld(
  { dryRun }: Pick<PruneWish, 'dryRun'>,
  { wanted, stock }: PruneDeps,
  memory: Memory,
  config: Config,
  signal?: AbortSignal,
): Promise<RetentionReport | undefined> {
  const published = await openPublishedStock(config, signal);
  if (!published) return undefined;
  // What a container was made of here, whoever's it is.
  const held = async () => (await stock.list()).filter(({ isHeld }) => isHeld).flatMap(({ tags }) => tags);
  const running = new Set(await held());
  const needed = async () => new Set([...running, ...(await wanted())]);
  return retain({ config, stock: published, memory, wanted: needed }, { dryRun });
}

/** Pruning in a process of the service. */
export class Pruner {
  private readonly context: Context;
  private deps: Promise<PruneDeps> | undefined;
  private looking: Promise<void> | undefined;
  private readonly closing = new AbortController();

  constructor(context: Context) {
    this.context = context;
  }

  /** Prunes if the engine's disk is as full as SLIPWAY_DISK_HIGH; those who come meanwhile wait for the same. */
  look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** The same, for whoever does not wait for it. */
  soon(): void {
    this.look().catch((err: unknown) => this.closing.signal.aborted || this.context.log.warn({ err }, 'not pruned'));
  }

  /** Now, whatever the disk; undefined when another process is at it. */
  async prune(wish: PruneWish): Promise<PruneReport | undefined> {
    const deps = await this.connected();
    const { config, redis } = this.context;
    return alone(config, () => pruneAll(wish, deps, new Uses(redis), config, this.closing.signal));
  }

  /** Removes from the registry what nobody has used for SLIPWAY_REGISTRY_KEEP. */
  async retain(): Promise<void> {
    const { config, redis, log } = this.context;
    const deps = await this.connected();
    const report = await alone(config, () =>
      retainOld({ dryRun: false }, deps, new Uses(redis), config, this.closing.signal),
    );
    if (report && report.images.length > 0)
      log.info({ images: report.images.length, unreferenced: report.unreferenced }, 'removed from the registry');
  }

  /** Ends what is under way after the image at hand. */
  close(): void {
    this.closing.abort();
  }

  /** Removes files that are past their age. */
  async tidy(): Promise<void> {
    const { stock, config } = await this.connected();
    await tidy(stock, config);
  }

  private connected(): Promise<PruneDeps> {
    const { config, engine } = this.context;
    this.deps ??= pruneDeps(config, engine, this.context, this.closing.signal).catch((error: unknown) => {
      // An engine that did not answer is asked again next time.
      this.deps = undefined;
      throw error;
    });
    return this.deps;
  }

  private async lookOnce(): Promise<void> {
    const { config, log } = this.context;
    const deps = await this.connected();
    if (!(await isHigh(deps))) return;
    const report = await alone(config, () => prune({ extent: 'high' }, deps));
    if (!report) return;
    const { images, freed, cache, files, disk } = report;
    const left = disk && Math.round((disk.after.used / disk.after.total) * 100);
    const facts = { images: images.length, freed, cache, files: files.count, percent: left };
    if (disk && left !== undefined && left >= config.SLIPWAY_DISK_HIGH)
      log.warn(facts, 'the disk is full of what may not be pruned');
    else log.info(facts, 'pruned');
  }
}
