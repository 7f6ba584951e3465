/** Images leave the registry when nobody has used them, or what stands on them, for SLIPWAY_REGISTRY_KEEP. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import type { PublishedStock, RegistryImage } from '../images.ts';
import type { Use } from './prune-order.ts';
import type { Uses } from './uses.ts';

/** What is known of when images were used. One that is seen for the first time counts as used then. */
export type Memory = Pick<Uses, 'all' | 'note' | 'forget'>;

export interface RetentionDeps {
  config: Pick<Config, 'SLIPWAY_REGISTRY_KEEP' | 'SLIPWAY_SESSION_AGE'>;
  stock: PublishedStock;
  memory: Memory;
  /** Names in the engine of what sessions run and builds at hand need. */
  wanted(): Promise<ReadonlySet<string>>;
}

export interface RetentionReport {
  images: { name: string; tier: RegistryImage['tier']; lastUsed: string }[];
  /** Bytes that no image left there refers to. */
  unreferenced: number;
  /** Bytes that are gone: none, until the registry's own garbage collection has run. */
  freed: number;
}

export async function retain(deps: RetentionDeps, { dryRun = false, now = Date.now() } = {}): Promise<RetentionReport> {
  const { stock, memory, config } = deps;
  const images = await stock.list();
  const last = await lastUses(images, memory, { now, dryRun });
  // A session lives as long as this after its image was noted.
  const keep = Math.max(config.SLIPWAY_REGISTRY_KEEP, config.SLIPWAY_SESSION_AGE);
  const isOld = (image: RegistryImage) => now - (last.get(image) ?? now) > keep;
  const gone: RegistryImage[] = [];
  if (config.SLIPWAY_REGISTRY_KEEP > 0) {
    const old = images.filter(isOld);
    // Tags of one manifest go together.
    const held = new Set(images.filter((image) => !old.includes(image)).map(placeOf));
    for (const image of old) {
      if (held.has(placeOf(image)) || (await deps.wanted()).has(`slipway/${image.tier}:${image.key}`)) continue;
      if (dryRun || (await stock.remove(image))) gone.push(image);
    }
    if (!dryRun) await memory.forget(gone.map(({ name }) => name));
  }
  const told = gone.map((image) => ({
    name: image.name,
    tier: image.tier,
    lastUsed: new Date(last.get(image) ?? now).toISOString(),
  }));
  return { images: told, unreferenced: unreferenced(images, gone), freed: 0 };
}

function placeOf({ tier, digest }: RegistryImage): string {
  return `${tier}@${digest}`;
}

/** A lower tier was used whenever what stands on it was. */
async function lastUses(
  images: readonly RegistryImage[],
  memory: Memory,
  { now, dryRun }: { now: number; dryRun: boolean },
): Promise<Map<RegistryImage, number>> {
  const known = await memory.all();
  const fresh = images.filter(({ name }) => !known.has(name));
  if (!dryRun) for (const { name } of fresh) await memory.note(name, { last: now, count: 0 });
  const byName = new Map(images.map((image) => [`${image.tier}:${image.key}`, image]));
  const last = new Map(images.map((image) => [image, known.get(image.name)?.last ?? now]));
  for (const image of images) {
    const { environment, base } = image.below;
    for (const lower of [byName.get(`environment:${environment}`), byName.get(`base:${base}`)])
      if (lower) last.set(lower, Math.max(last.get(lower) ?? 0, last.get(image) ?? 0));
  }
  return last;
}

function unreferenced(images: readonly RegistryImage[], gone: readonly RegistryImage[]): number {
  const left = new Set(
    images.filter((image) => !gone.includes(image)).flatMap(({ blobs }) => blobs.map((one) => one.digest)),
  );
  const lost = new Map(gone.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size] as const)));
  return [...lost].reduce((sum, [digest, size]) => (left.has(digest) ? sum : sum + size), 0);
}

/** Remembers in a file of the data folder, where there is no Redis. */
export function fileMemory(config: Pick<Config, 'SLIPWAY_DATA'>): Memory {
  const path = join(config.SLIPWAY_DATA, 'registry-uses.json');
  const read = async (): Promise<Record<string, Use>> => {
    const text = await readFile(path, 'utf8').catch(() => '{}');
    try {
      return JSON.parse(text) as Record<string, Use>;
    } catch {
      // Cut off by a crash of the machine: everything counts as new.
      return {};
    }
  };
  const change = async (edit: (uses: Record<string, Use>) => void): Promise<void> => {
    const uses = await read();
    edit(uses);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.${process.pid}`, JSON.stringify(uses));
    await rename(`${path}.${process.pid}`, path);
  };
  return {
    all: async () => new Map(Object.entries(await read())),
    note: (name, use = { last: Date.now(), count: 1 }) =>
      change((uses) => {
        uses[name] = use;
      }),
    forget: (names) =>
      change((uses) => {
        for (const name of names) delete uses[name];
      }),
  };
}
