/** The tiers of a plan in the registry: found, published from the engine, pulled into it, or written without one. */
import type { Writable } from 'node:stream';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { contentLabels, RESOLVED_LABEL } from '../image-labels.ts';
import { instanceId } from '../instance.ts';
import type { Emit, Plan, TierState } from '../types.ts';
import { publishContent } from './content.ts';
import { Exchange } from './exchange.ts';
import { type Place, type PublishedImage, readImage } from './image.ts';
import { corrupt, parseManifest } from './manifest.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { Registry } from './registry.ts';

type TierName = keyof Plan['tiers'];

/** A content image that is in the registry. */
export interface PublishedContent {
  /** As engines and hubs pull it. */
  image: string;
  /** Of its manifest. */
  digest: string;
  resolvedAsOf: string;
  tiers: Record<TierName, TierState>;
}

export interface ContentSource {
  plan: Plan;
  /** Of the environment, see RESOLVED_LABEL. */
  day: string;
  environment: Record<string, string>;
  workdir: string;
  writeLayer(sink: Writable): Promise<{ diffId: string; size: number }>;
}

const LOWER: Record<TierName, TierName | undefined> = { base: undefined, environment: 'base', content: 'environment' };

/** One connection for all that a process does with a registry. */
const exchanges = new WeakMap<Config, Exchange>();

/** @throws bad_setting */
export function openTiers(config: Config, emit: Emit, signal: AbortSignal): PublishedTiers {
  const exchange = exchanges.get(config) ?? new Exchange(config);
  exchanges.set(config, exchange);
  return new PublishedTiers(config, new Registry(exchange, signal), emit);
}

export class PublishedTiers {
  readonly registry: Registry;
  private readonly config: Config;
  private readonly emit: Emit;

  constructor(config: Config, registry: Registry, emit: Emit) {
    this.config = config;
    this.registry = registry;
    this.emit = emit;
  }

  /** By one request. */
  async findContent(plan: Plan): Promise<PublishedContent | undefined> {
    const found = await this.find('content', plan);
    const tiers = { base: 'cached', environment: 'cached', content: 'cached' } as const;
    return found && { image: this.name('content', plan), ...found, tiers };
  }

  /** By one request. */
  async findEnvironment(plan: Plan) {
    const found = await this.find('environment', plan);
    return found && { base: 'cached' as const, environment: 'cached' as const, day: found.resolvedAsOf };
  }

  async hasBase(plan: Plan): Promise<boolean> {
    const { repository, tag } = placeOf('base', plan);
    return (await this.registry.hasManifest(repository, tag)) !== undefined;
  }

  private async find(tier: TierName, plan: Plan): Promise<{ digest: string; resolvedAsOf: string } | undefined> {
    const { repository, tag } = placeOf(tier, plan);
    const stored = await this.registry.manifest(repository, tag);
    if (!stored) return undefined;
    const { annotations } = parseManifest(stored.bytes, this.name(tier, plan));
    return { digest: stored.digest, resolvedAsOf: annotations?.[RESOLVED_LABEL] ?? plan.asOf };
  }

  /** Publishes a tier that the engine has, on the one below it. @returns the manifest's digest */
  async push(tier: TierName, plan: Plan, docker: Docker): Promise<string> {
    const { image } = plan.tiers[tier];
    const lower = LOWER[tier];
    const below = lower && (await readImage(this.registry, placeOf(lower, plan)));
    const parent = lower && below && { published: below, image: plan.tiers[lower].image };
    const input = { ...placeOf(tier, plan), image, ...(parent && { parent }) };
    return pushImage(input, {
      registry: this.registry,
      docker,
      compression: this.config.SLIPWAY_REGISTRY_COMPRESSION,
      emit: this.emit,
    });
  }

  /** Has the engine have a tier as the registry has it. @returns false when the registry has none */
  async pull(tier: TierName, key: string, docker: Docker, relatives: readonly string[] = []): Promise<boolean> {
    const place = { repository: tier, tag: key };
    const image = `slipway/${tier}:${key}`;
    const published = await readImage(this.registry, place);
    if (!published) return false;
    if (await isSame(docker, image, published)) return true;
    this.emit({ phase: 'building', message: `Pulling ${this.registry.imageName(tier, key)}\n` });
    const instance = await instanceId(this.config);
    await pullImage(
      { published, image, relatives: [...relatives, ...relativesOf(published)] },
      { registry: this.registry, docker, instance },
    );
    return true;
  }

  /** Publishes a commit without an engine; its environment has to be there. */
  async writeContent({ plan, day, environment, workdir, writeLayer }: ContentSource): Promise<string> {
    const parent = await readImage(this.registry, placeOf('environment', plan));
    if (!parent) throw corrupt(this.name('environment', plan), 'it has just gone');
    const input = {
      parent,
      labels: contentLabels(plan, day),
      environment,
      workdir,
      created: plan.commitDate,
      writeLayer,
    };
    const compression = this.config.SLIPWAY_REGISTRY_COMPRESSION;
    return publishContent(
      { ...placeOf('content', plan), ...input },
      { registry: this.registry, compression, emit: this.emit },
    );
  }

  /** As engines and hubs pull it. */
  name(tier: TierName, plan: Plan): string {
    return this.registry.imageName(tier, plan.tiers[tier].key);
  }

  /** Tier and key of an image of ours in the registry; undefined for any other. */
  ownPlace(image: string): { tier: TierName; key: string } | undefined {
    const tier = (Object.keys(LOWER) as TierName[]).find((one) => image.startsWith(this.registry.imageName(one, '')));
    return tier && { tier, key: image.slice(this.registry.imageName(tier, '').length) };
  }
}

function placeOf(tier: TierName, plan: Plan): Place {
  return { repository: tier, tag: plan.tiers[tier].key };
}

/** Images of the engine that a published one may share layers with: what it stood on. */
function relativesOf({ manifest }: PublishedImage): string[] {
  const { 'org.slipway.environment': environment, 'org.slipway.base': base } = manifest.annotations ?? {};
  return [...(environment ? [`slipway/environment:${environment}`] : []), ...(base ? [`slipway/base:${base}`] : [])];
}

async function isSame(docker: Docker, image: string, { config }: PublishedImage): Promise<boolean> {
  try {
    const { RootFS } = await docker.getImage(image).inspect();
    return JSON.stringify(RootFS.Layers ?? []) === JSON.stringify(config.rootfs.diff_ids);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}
