/** What the registry keeps of ours, told and taken away. */
import { inTurn } from '../in-turn.ts';
import { tagOf } from './artifacts.ts';
import { type Descriptor, isDigest, type Manifest } from './manifest.ts';
import type { Registry } from './registry.ts';

const TIERS = ['content', 'environment', 'base'] as const;
const ASKED_AT_ONCE = 8;
const KEY = /^[0-9a-f]{40}$/;

/** An image of ours in the registry. */
export interface RegistryImage {
  /** As engines pull it. */
  name: string;
  tier: (typeof TIERS)[number];
  key: string;
  digest: string;
  /** Keys of what it stands on. */
  below: { environment?: string; base?: string };
  /** Everything that its manifest refers to. */
  blobs: Pick<Descriptor, 'digest' | 'size'>[];
}

/** Every image, content first: what is removed in this order never stands on what has gone. */
export async function listPublished(registry: Registry): Promise<RegistryImage[]> {
  const found: RegistryImage[] = [];
  for (const tier of TIERS) {
    const keys = (await registry.tags(tier)).filter((tag) => KEY.test(tag));
    const images = await inTurn(keys, ASKED_AT_ONCE, (key) => describe(registry, tier, key));
    found.push(...images.filter((image) => image !== undefined));
  }
  return found;
}

async function describe(
  registry: Registry,
  tier: RegistryImage['tier'],
  key: string,
): Promise<RegistryImage | undefined> {
  const stored = await registry.manifest(tier, key);
  if (!stored) return undefined;
  const { config, layers = [], annotations = {} } = JSON.parse(stored.bytes.toString('utf8')) as Partial<Manifest>;
  const blobs = [...(config ? [config] : []), ...layers].map(({ digest, size }) => ({ digest, size }));
  const { 'org.slipway.environment': environment, 'org.slipway.base': base } = annotations;
  const below = { ...(environment !== undefined && { environment }), ...(base !== undefined && { base }) };
  return { name: registry.imageName(tier, key), tier, key, digest: stored.digest, below, blobs };
}

/** Removes an image and what is attached to it, unless its tag names another by now. @returns whether it went */
export async function removePublished(registry: Registry, { tier, key, digest }: RegistryImage): Promise<boolean> {
  if ((await registry.hasManifest(tier, key)) !== digest) return false;
  const went = await registry.deleteManifest(tier, digest);
  const attached = await registry.manifest(tier, tagOf(digest));
  if (attached) {
    await registry.deleteManifest(tier, attached.digest);
    const { manifests = [] } = JSON.parse(attached.bytes.toString('utf8')) as { manifests?: Descriptor[] };
    for (const one of manifests) if (isDigest(one.digest)) await registry.deleteManifest(tier, one.digest);
  }
  return went;
}
