/** The tiers of a plan in the registry: found, published from the engine, pulled into it, or written without one. */
import type { Writable } from 'node:stream';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { contentLabels, RESOLVED_LABEL } from '../image-labels.ts';
import { instanceId } from '../instance.ts';
import type { Emit, Plan, TierState } from '../types.ts';
import { attach } from './artifacts.ts';
import { publishContent } from './content.ts';
import { Exchange } from './exchange.ts';
import { type Place, type PublishedImage, readImage, type Stored } from './image.ts';
import { corrupt, parseManifest } from './manifest.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { Registry } from './registry.ts';
import { lockArtifact, provenanceArtifact, type Subject, sbomArtifact } from './statements.ts';

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

/** What an environment image says of itself in files. */
export interface EnvironmentFacts {
  day: string;
  /** Of the repository's own environment, '' when it has none. */
  lock: string;
  serverLock: string;
  /** Debian's list of packages. */
  dpkgStatus: string;
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

export { attachmentOf, inspectPublished } from './inspect.ts';

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

  /** Publishes a tier that the engine has, on the one below it. */
  async push(tier: TierName, plan: Plan, docker: Docker): Promise<Stored> {
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

  /** Publishes an environment of the engine, and attaches its lock, what is in it, and where it came from. */
  async pushEnvironment(plan: Plan, docker: Docker, found: EnvironmentFacts): Promise<void> {
    const stored = await this.push('environment', plan, docker);
    const subject = this.subject('environment', plan, stored.digest);
    const base = await this.digestOf('base', plan);
    const parents = base === undefined ? [] : [this.subject('base', plan, base)];
    await attach(this.registry, 'environment', stored, [
      ...(found.lock === '' ? [] : [lockArtifact(found.lock)]),
      sbomArtifact(subject, found.day, { dpkgStatus: found.dpkgStatus, locks: [found.lock, found.serverLock] }),
      provenanceArtifact(plan, found.day, subject, parents),
    ]);
  }

  /** Publishes a commit's image that the engine has. @returns the manifest's digest */
  async pushContent(plan: Plan, docker: Docker, day: string): Promise<string> {
    const stored = await this.push('content', plan, docker);
    await this.describeContent(plan, stored, day, await this.digestOf('environment', plan));
    return stored.digest;
  }

  /** Attaches to a commit's image where it came from; packages are its environment's. */
  private async describeContent(plan: Plan, stored: Stored, day: string, environment: string | undefined) {
    const parents = environment === undefined ? [] : [this.subject('environment', plan, environment)];
    const statement = provenanceArtifact(plan, day, this.subject('content', plan, stored.digest), parents);
    await attach(this.registry, 'content', stored, [statement]);
  }

  private subject(tier: TierName, plan: Plan, digest: string): Subject {
    return { name: this.name(tier, plan), digest };
  }

  private digestOf(tier: TierName, plan: Plan): Promise<string | undefined> {
    const { repository, tag } = placeOf(tier, plan);
    return this.registry.hasManifest(repository, tag);
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

  /** Publishes a commit without an engine; its environment has to be there. @returns the manifest's digest */
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
    const deps = { registry: this.registry, compression, emit: this.emit };
    const stored = await publishContent({ ...placeOf('content', plan), ...input }, deps);
    await this.describeContent(plan, stored, day, parent.digest);
    return stored.digest;
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
