/** The tiers of a plan in the registry: found, published from the engine, pulled into it, or written without one. */
import type { Writable } from 'node:stream';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { contentLabels, type Resolution, readResolution } from '../image-labels.ts';
import { instanceId } from '../instance.ts';
import { asDeclared, contentParent } from '../tiers.ts';
import type { Emit, Plan, Tier, TierState } from '../types.ts';
import type { Artifact } from './artifacts.ts';
import { publishContent } from './content.ts';
import { Exchange } from './exchange.ts';
import { type Place, type PublishedImage, readImage } from './image.ts';
import { corrupt, parseManifest, type Stored } from './manifest.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { Registry } from './registry.ts';
import { lockArtifact, provenanceArtifact, type Subject, sbomArtifact } from './statements.ts';

type TierName = 'base' | 'environment' | 'content';

/** A content image that is in the registry. */
export interface PublishedContent {
  /** As engines and hubs pull it. */
  image: string;
  /** Of its manifest. */
  digest: string;
  resolvedAsOf: string;
  notices: string[];
  tiers: Record<TierName, TierState>;
}

export interface ContentSource {
  plan: Plan;
  /** Of the environment. */
  resolution: Resolution;
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

/** What is attached to an image that stands on others. */
type Say = (subject: Subject, parents: readonly Subject[]) => Artifact[];

const TIERS: readonly TierName[] = ['base', 'environment', 'content'];

/** A tier as it is called here: with guesses, the environment is what holds them. */
function tierOf(tier: TierName, plan: Plan): Tier {
  return tier === 'environment' ? contentParent(plan) : plan.tiers[tier];
}

/** The tier that one stands on, and the plan that has it so. */
function below(tier: TierName, plan: Plan): { tier: TierName; plan: Plan } | undefined {
  if (tier === 'base') return undefined;
  if (tier === 'content') return { tier: 'environment', plan };
  return plan.tiers.guessed ? { tier, plan: asDeclared(plan) } : { tier: 'base', plan };
}

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
    if (!found) return undefined;
    const { digest, day, notices } = found;
    return { image: this.name('content', plan), digest, resolvedAsOf: day, notices, tiers };
  }

  /** By one request. */
  async findEnvironment(plan: Plan) {
    const found = await this.find('environment', plan);
    if (!found) return undefined;
    const { day, notices } = found;
    return { base: 'cached' as const, environment: 'cached' as const, day, notices };
  }

  async hasBase(plan: Plan): Promise<boolean> {
    const { repository, tag } = placeOf('base', plan);
    return (await this.registry.hasManifest(repository, tag)) !== undefined;
  }

  private async find(tier: TierName, plan: Plan): Promise<({ digest: string } & Resolution) | undefined> {
    const { repository, tag } = placeOf(tier, plan);
    const stored = await this.registry.manifest(repository, tag);
    if (!stored) return undefined;
    const { annotations } = parseManifest(stored.bytes, this.name(tier, plan));
    return { digest: stored.digest, ...readResolution(annotations, plan) };
  }

  /** Publishes a tier that the engine has, on the one below it. */
  private async push(tier: TierName, plan: Plan, docker: Docker, say?: Say): Promise<Stored> {
    const { image } = tierOf(tier, plan);
    const lower = below(tier, plan);
    const published = lower && (await readImage(this.registry, placeOf(lower.tier, lower.plan)));
    const parent = lower && published && { published, image: tierOf(lower.tier, lower.plan).image };
    const parents = lower && published ? [this.subject(lower.tier, lower.plan, published.digest)] : [];
    const describe = say && ((digest: string) => say(this.subject(tier, plan, digest), parents));
    const input = { ...placeOf(tier, plan), image, ...(parent && { parent }), ...(describe && { describe }) };
    return pushImage(input, {
      registry: this.registry,
      docker,
      compression: this.config.SLIPWAY_REGISTRY_COMPRESSION,
      emit: this.emit,
    });
  }

  async pushBase(plan: Plan, docker: Docker): Promise<void> {
    await this.push('base', plan, docker);
  }

  /** Publishes an environment of the engine, with its lock, what is in it, and where it came from. */
  async pushEnvironment(plan: Plan, docker: Docker, found: EnvironmentFacts): Promise<void> {
    const { lock, serverLock, dpkgStatus, day } = found;
    await this.push('environment', plan, docker, (subject, parents) => [
      ...(lock === '' ? [] : [lockArtifact(lock)]),
      sbomArtifact(subject, day, { dpkgStatus, locks: [lock, serverLock] }),
      provenanceArtifact(plan, day, subject, parents),
    ]);
  }

  /** Publishes a commit's image that the engine has, with where it came from. @returns the manifest's digest */
  async pushContent(plan: Plan, docker: Docker, day: string): Promise<string> {
    const say: Say = (subject, parents) => [provenanceArtifact(plan, day, subject, parents)];
    return (await this.push('content', plan, docker, say)).digest;
  }

  private subject(tier: TierName, plan: Plan, digest: string): Subject {
    return { name: this.name(tier, plan), digest };
  }

  /** Has the engine have a tier as the registry has it. @returns false when the registry has none */
  async pull(tier: TierName, key: string, docker: Docker): Promise<boolean> {
    const place = { repository: tier, tag: key };
    const image = `slipway/${tier}:${key}`;
    const published = await readImage(this.registry, place);
    if (!published) return false;
    if (await isSame(docker, image, published)) return true;
    this.emit({ phase: 'building', message: `Pulling ${this.registry.imageName(tier, key)}\n` });
    const instance = await instanceId(this.config);
    const deps = { registry: this.registry, docker, instance };
    await pullImage({ published, image, relatives: relativesOf(published) }, deps);
    return true;
  }

  /** Publishes a commit without an engine; its environment has to be there. @returns the manifest's digest */
  async writeContent({ plan, resolution, environment, workdir, writeLayer }: ContentSource): Promise<string> {
    const parent = await readImage(this.registry, placeOf('environment', plan));
    if (!parent) throw corrupt(this.name('environment', plan), 'it has just gone');
    const input = {
      parent,
      labels: contentLabels(plan, resolution),
      environment,
      workdir,
      created: plan.commitDate,
      writeLayer,
      describe: (digest: string) => [
        provenanceArtifact(plan, resolution.day, this.subject('content', plan, digest), [
          this.subject('environment', plan, parent.digest),
        ]),
      ],
    };
    const compression = this.config.SLIPWAY_REGISTRY_COMPRESSION;
    const deps = { registry: this.registry, compression, emit: this.emit };
    return (await publishContent({ ...placeOf('content', plan), ...input }, deps)).digest;
  }

  /** As engines and hubs pull it. */
  name(tier: TierName, plan: Plan): string {
    return this.registry.imageName(tier, tierOf(tier, plan).key);
  }

  /** Tier and key of an image of ours in the registry; undefined for any other. */
  ownPlace(image: string): { tier: TierName; key: string } | undefined {
    const tier = TIERS.find((one) => image.startsWith(this.registry.imageName(one, '')));
    return tier && { tier, key: image.slice(this.registry.imageName(tier, '').length) };
  }
}

function placeOf(tier: TierName, plan: Plan): Place {
  return { repository: tier, tag: tierOf(tier, plan).key };
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
