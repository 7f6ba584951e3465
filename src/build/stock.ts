/** What of ours the engine keeps, told and taken away: images of every tier, and BuildKit's cache. */
import type Docker from 'dockerode';
import { inTurn } from '../in-turn.ts';
import { INSTANCE_LABEL } from '../instance.ts';

const TIERS = ['content', 'environment', 'base'] as const;

/** An image that this installation made. */
export interface StockImage {
  /** `sha256:…`. */
  id: string;
  /** Its names of ours. */
  tags: string[];
  /** A root file system that we made has no tier's label. */
  tier: (typeof TIERS)[number] | 'rootfs';
  /** Digests of its layers, the lowest first. */
  layers: string[];
  /** Bytes, with all layers. */
  size: number;
  /** When it last got a name, in milliseconds since 1970; 0 when it never had one. The date in an image is the commit's. */
  taggedAt: number;
  /** A container was made of it, or somebody gave it a name of his own. */
  isHeld: boolean;
}

const TIER_LABEL = 'org.slipway.tier';
const ASKED_AT_ONCE = 16;

/** Every image of this installation. */
export async function listStock(docker: Docker, instance: string): Promise<StockImage[]> {
  const filters = { label: [`${INSTANCE_LABEL}=${instance}`] };
  const [images, containers] = await Promise.all([
    docker.listImages({ filters: JSON.stringify(filters) }),
    docker.listContainers({ all: true }),
  ]);
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const stock = await inTurn(images, ASKED_AT_ONCE, ({ Id }) => inspect(docker, Id, used));
  return stock.filter((image) => image !== undefined);
}

async function inspect(docker: Docker, id: string, used: ReadonlySet<string>): Promise<StockImage | undefined> {
  const facts = await docker.getImage(id).inspect().catch(gone);
  if (!facts) return undefined;
  const { RepoTags: names = [], Size: size, RootFS, Config, Metadata } = facts as Docker.ImageInspectInfo & Tagged;
  const label = Config.Labels?.[TIER_LABEL];
  const tier = TIERS.find((one) => one === label) ?? 'rootfs';
  const tags = names.filter((name) => name.startsWith('slipway/'));
  const taggedAt = Math.max(0, Date.parse(Metadata?.LastTagTime ?? '') || 0);
  const isHeld = used.has(id) || tags.length < names.length;
  return { id, tags, tier, layers: RootFS.Layers ?? [], size, taggedAt, isHeld };
}

interface Tagged {
  Metadata?: { LastTagTime?: string };
}

/**
 * Removes an image by its names of ours, unless one of them names another by now. What a container uses stays.
 * @returns whether it is gone
 */
export async function removeImage(docker: Docker, { id, tags }: StockImage): Promise<boolean> {
  for (const name of tags.length > 0 ? tags : [id]) {
    const facts = await docker.getImage(name).inspect().catch(gone);
    if (facts?.Id !== id) continue;
    const removed = await docker
      .getImage(name)
      .remove({ force: false, noprune: false })
      .then(
        () => true,
        (error: { statusCode?: number }) => {
          if (error.statusCode === 404) return true;
          if (error.statusCode === 409) return false;
          throw error;
        },
      );
    if (!removed) return false;
  }
  return (await docker.getImage(id).inspect().catch(gone)) === undefined;
}

function gone(error: { statusCode?: number }): undefined {
  if (error.statusCode !== 404) throw error;
}

/** Bytes of BuildKit's cache that no image has as well. It knows no owner: it is the engine's as a whole. */
export async function cacheSize(docker: Docker): Promise<number> {
  const { BuildCache } = (await docker.df()) as { BuildCache?: { Size: number; Shared: boolean }[] };
  return (BuildCache ?? []).reduce((sum, { Size, Shared }) => (Shared ? sum : sum + Size), 0);
}

/** Has BuildKit drop the least used of its cache until images have all but `keep` bytes of it; bytes that were dropped. */
export async function pruneCache(docker: Docker, keep: number): Promise<number> {
  const before = await cacheSize(docker);
  let size = before;
  // It counts otherwise than it tells, so it is asked for as much less as is left too much.
  for (let ask = keep; size > keep; ask = Math.max(0, ask - Math.max(size - keep, keep / 8))) {
    await askToPrune(docker, ask);
    size = await cacheSize(docker);
    if (ask === 0) break;
  }
  return Math.max(0, before - size);
}

async function askToPrune(docker: Docker, keep: number): Promise<void> {
  // docker-modem takes the last character from a path with a query of its own.
  const path = `/build/prune?all=1&keep-storage=${Math.floor(keep)}&`;
  const call = { path, method: 'POST', statusCodes: { 200: true } };
  await new Promise<void>((resolve, reject) => {
    docker.modem.dial(call as never, (error) => (error ? reject(error) : resolve()));
  });
}
