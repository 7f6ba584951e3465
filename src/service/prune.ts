/** Keeps the engine's disk from filling up: removes what of ours was not used for longest, and never what is in use. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { type DiskUse, engineDiskUse } from '../engine-disk.ts';
import type { Stock, StockImage } from '../images.ts';
import { type OldFiles, removeOldFiles } from './prune-files.ts';
import { pruneOrder, type Ranked, type Use } from './prune-order.ts';
import type { RetentionReport } from './retention.ts';

/** What was used or made within this time stays: somebody may be about to build on it, or to start it. */
const YOUNG = 10 * 60_000;
/** An image has no name for a moment while it is made. */
const NAMELESS = 2000;
/** Images that go before the disk and what is in use are looked at again. */
const AT_ONCE = 10;
/** Share of the disk that BuildKit's cache keeps as long as images can go: it holds the packages that builds share. */
const CACHE_SHARE = 0.1;

/** How far to go: down to SLIPWAY_DISK_LOW, the same but only above SLIPWAY_DISK_HIGH, or everything that is not in use. */
export type Extent = 'low' | 'high' | 'all';

export interface PruneDeps {
  config: Pick<Config, 'SLIPWAY_DATA' | 'SLIPWAY_KEEP_RECORDS' | 'SLIPWAY_DISK_HIGH' | 'SLIPWAY_DISK_LOW'>;
  stock: Stock;
  /** Undefined where it cannot be seen. */
  disk(): Promise<DiskUse | undefined>;
  /** What is known of when images were used, by name. */
  uses(): Promise<ReadonlyMap<string, Use>>;
  /** Names of images that builds at hand need. */
  wanted(): Promise<ReadonlySet<string>>;
  /** Told of each image that went; that it was used counts for what it stood on. */
  removed(ranked: Ranked): Promise<void>;
}

export interface PruneReport {
  /** In the order in which they went, or would; bytes that no image left has. */
  images: { name: string; tier: StockImage['tier']; lastUsed: string; bytes: number }[];
  /** Bytes of BuildKit's cache. */
  cache: number;
  files: OldFiles;
  /** Bytes that the disk has more of, or would; where it cannot be seen, what images, cache and files were. */
  freed: number;
  disk?: { before: DiskUse; after: DiskUse };
  /** Of the registry, where there is one. */
  registry?: RetentionReport;
}

interface Options {
  extent: Extent;
  /** Removes nothing, and says what would be. */
  dryRun?: boolean;
}

/** Whether the engine's disk is as full as SLIPWAY_DISK_HIGH; false where it cannot be seen. */
export async function isHigh({ disk, config }: Pick<PruneDeps, 'disk' | 'config'>): Promise<boolean> {
  const now = await disk();
  return now !== undefined && config.SLIPWAY_DISK_HIGH < 100 && now.used >= share(now, config.SLIPWAY_DISK_HIGH);
}

function share({ total }: DiskUse, percent: number): number {
  return (total * percent) / 100;
}

export async function prune(options: Options, deps: PruneDeps): Promise<PruneReport> {
  const { dryRun = false } = options;
  const run = new Pruning(options, deps);
  const before = await deps.disk();
  await run.images();
  const files = await tidy(deps.stock, deps.config, dryRun);
  const after = await deps.disk();
  const counted = run.gone.reduce((sum, { frees }) => sum + frees, run.cache + files.bytes);
  return {
    images: run.gone.map(({ image, last, frees }) => ({
      name: image.tags[0] ?? image.id,
      tier: image.tier,
      lastUsed: new Date(last).toISOString(),
      bytes: frees,
    })),
    cache: run.cache,
    files,
    freed: before && after && !dryRun ? Math.max(0, before.used - after.used) : counted,
    ...(before && after && { disk: { before, after } }),
  };
}

/** Removes files that are past their age; see removeOldFiles. */
export async function tidy(stock: Stock, config: PruneDeps['config'], dryRun = false): Promise<OldFiles> {
  const names = new Set((await stock.list()).flatMap(({ tags }) => tags));
  return removeOldFiles(config, (name) => names.has(name), { dryRun });
}

class Pruning {
  readonly gone: Ranked[] = [];
  cache = 0;
  private readonly extent: Extent;
  private readonly dryRun: boolean;
  private readonly deps: PruneDeps;
  /** Those that a container holds after all. */
  private readonly stuck = new Set<string>();

  constructor({ extent, dryRun = false }: Options, deps: PruneDeps) {
    this.extent = extent;
    this.dryRun = dryRun;
    this.deps = deps;
  }

  /** Cache first as far as it is more than its share, then images, at last the rest of the cache. */
  async images(): Promise<void> {
    if (this.extent === 'high' && !(await isHigh(this.deps))) return;
    const { stock, disk, config } = this.deps;
    const size = await stock.cacheSize();
    const now = await disk();
    const kept = this.extent === 'all' ? 0 : Math.min(size, (now?.total ?? 0) * CACHE_SHARE);
    const need = await this.need();
    const keep = Math.max(kept, size - need);
    if (need > 0) await this.dropCache(keep, size);
    for (let rest = await this.need(); rest > 0; rest = await this.need()) {
      if (!(await this.dropImages(rest)) || this.dryRun) break;
      // Layers of images that went are BuildKit's alone now, and only gone when it drops them too.
      await this.dropCache(keep, 0);
    }
    const isStillHigh = now !== undefined && (await this.need(config.SLIPWAY_DISK_HIGH)) > 0;
    if (isStillHigh && this.extent !== 'all') await this.dropCache(0, keep);
  }

  /** Bytes that are to go still. */
  private async need(percent = this.deps.config.SLIPWAY_DISK_LOW): Promise<number> {
    if (this.extent === 'all') return Number.POSITIVE_INFINITY;
    const now = await this.deps.disk();
    const imagined = this.dryRun ? this.gone.reduce((sum, { frees }) => sum + frees, this.cache) : 0;
    return now === undefined ? 0 : now.used - imagined - share(now, percent);
  }

  private async dropCache(keep: number, size: number): Promise<void> {
    if (!this.dryRun) this.cache += await this.deps.stock.pruneCache(keep);
    else this.cache += Math.max(0, size - keep);
  }

  /** @returns whether any went */
  private async dropImages(need: number): Promise<boolean> {
    let freed = 0;
    let some = 0;
    for (const ranked of await this.candidates()) {
      if (freed >= need || (some >= AT_ONCE && !this.dryRun)) break;
      if (!(await this.drop(ranked))) continue;
      this.gone.push(ranked);
      freed += ranked.frees;
      some += 1;
    }
    return some > 0;
  }

  private async drop(ranked: Ranked): Promise<boolean> {
    const { image } = ranked;
    if (this.dryRun) return true;
    // Asked each time: a build may have begun on it since the last one went.
    const wanted = await this.deps.wanted();
    const went = !image.tags.some((tag) => wanted.has(tag)) && (await this.deps.stock.remove(image));
    if (went) await this.deps.removed(ranked);
    else this.stuck.add(image.id);
    return went;
  }

  private async candidates(): Promise<Ranked[]> {
    const { stock, uses, wanted } = this.deps;
    const images = await named(stock);
    const [known, needed] = await Promise.all([uses(), wanted()]);
    const useOf = ({ tags, taggedAt }: StockImage): Use => {
      const found = tags.map((tag) => known.get(tag) ?? { last: 0, count: 0 });
      return {
        last: Math.max(isDraft(tags) ? 0 : taggedAt, ...found.map(({ last }) => last)),
        count: found.reduce((sum, { count }) => sum + count, 0),
      };
    };
    const youngest = this.extent === 'all' ? Number.POSITIVE_INFINITY : Date.now() - YOUNG;
    const mayGo = (image: StockImage, { last }: Use) =>
      !image.isHeld &&
      !this.stuck.has(image.id) &&
      Math.max(last, image.taggedAt) <= youngest &&
      !image.tags.some((tag) => needed.has(tag));
    return pruneOrder(images, useOf, mayGo);
  }
}

/** What a build that was killed left behind goes before everything else. */
function isDraft(tags: readonly string[]): boolean {
  return tags.every((tag) => tag.startsWith('slipway/build:'));
}

/** Images, without those that have no name yet. */
async function named(stock: Stock): Promise<StockImage[]> {
  const images = await stock.list();
  const nameless = new Set(images.flatMap(({ id, tags }) => (tags.length === 0 ? [id] : [])));
  if (nameless.size === 0) return images;
  await sleep(NAMELESS);
  return (await stock.list()).filter(({ id, tags }) => tags.length > 0 || nameless.has(id));
}

/** The disk of an engine, asked for its data folder once. */
export function diskOf(config: Config, engine: () => Promise<{ info(): Promise<unknown> }>): PruneDeps['disk'] {
  let root: Promise<string | undefined> | undefined;
  return async () => {
    root ??= engine()
      .then((docker) => docker.info())
      .then((info) => (info as { DockerRootDir?: string }).DockerRootDir);
    return engineDiskUse(
      config,
      await root.catch(() => {
        root = undefined;
        return undefined;
      }),
    );
  };
}
