/** Finds the tiers of a plan in the engine, and builds those that are missing, each on the one before. */
import type { Writable } from 'node:stream';
import type Docker from 'dockerode';
import { contentLabels, type Resolution, readResolution, resolutionLabels, tierLabels } from '../image-labels.ts';
import { withLock } from '../lock.ts';
import { contentParent } from '../tiers.ts';
import type { Checkout, Plan, Resolved, TierState } from '../types.ts';
import { type BuildDeps, type BuildInput, type BuildOutput, buildImage } from './build.ts';
import { guessNotices, resolution } from './facts.ts';
import { findKin, isMisfit, kinLabels, rememberKin } from './grow.ts';
import { imageInfo, moveTag, untag } from './inspect.ts';
import { loadContent, relabel } from './load.ts';
import { ensureRootfs } from './rootfs.ts';

/** What render made of a plan. */
export interface Rendered {
  base(rootfs: string): string;
  environment: string | undefined;
  /** The environment, on an image that has some of its packages. */
  grown(on: string): string;
  guessed: string | undefined;
  content(plainImage: string): string | undefined;
  contentEnvironment: Record<string, string>;
  workdir: string;
  writeLayer(checkout: Checkout, sink: Writable): Promise<{ diffId: string; size: number }>;
}

/** What the lower tiers are made from: no checkout, for they hold nothing of a repository but its plan. */
export interface EnvironmentInput {
  plan: Plan;
  rendered: Pick<Rendered, 'base' | 'environment' | 'grown' | 'guessed'>;
  options: BuildOptions;
}

export interface ContentInput {
  plan: Plan;
  resolved: Resolved;
  rendered: Rendered;
  checkout: Checkout;
  options: BuildOptions;
}

export interface BuildOptions {
  refresh: boolean;
  noCache: boolean;
}

/** The lower tiers, once they are there. */
export interface EnvironmentTiers extends Resolution {
  base: TierState;
  environment: TierState;
}

export interface BuiltTiers {
  image: string;
  /** `sha256:…` of the content image. */
  digest: string;
  /** Day that packages really are of: the plan's `asOf` unless that had no solution. `latest` when no day had one. */
  resolvedAsOf: string;
  /** Pins that were moved, days that had no solution: each a sentence. */
  notices: string[];
  tiers: { base: TierState; environment: TierState; content: TierState };
}

/** Gives an image a further name. */
export const nameImage = moveTag;

export { environmentFacts } from './facts.ts';
export { imageInfo } from './inspect.ts';

/** The content image of a plan, if the engine has it: then nothing has to be built. */
export async function findContent(docker: Docker, plan: Plan): Promise<BuiltTiers | undefined> {
  const { image } = plan.tiers.content;
  const found = await imageInfo(docker, image);
  if (found === undefined) return undefined;
  const tiers = { base: 'cached', environment: 'cached', content: 'cached' } as const;
  const { day, notices } = readResolution(found.labels, plan);
  return { image, digest: found.id, resolvedAsOf: day, notices, tiers };
}

/** Builds the base of a plan if it is missing. @throws SlipwayError of the stage build */
export async function ensureBase(input: EnvironmentInput, deps: BuildDeps): Promise<TierState> {
  const { image } = input.plan.tiers.base;
  const isThere = async () => !input.options.noCache && (await imageInfo(deps.docker, image)) !== undefined;
  if (await isThere()) return 'cached';
  const waiting = () => deps.emit({ phase: 'building', message: 'Waiting for another build of the same base' });
  // Nearly every environment stands on the same few: the first ones must not each build it.
  return withLock(`build ${image}`, deps.signal, waiting, async () => {
    if (await isThere()) return 'cached';
    await buildBase(input, deps);
    return 'built';
  });
}

async function buildBase({ plan, rendered, options }: EnvironmentInput, deps: BuildDeps): Promise<void> {
  const suite = plan.era.debian;
  const dockerfile = rendered.base(await ensureRootfs(suite, deps));
  const { image } = plan.tiers.base;
  await buildImage({ dockerfile, tag: image, labels: tierLabels('base', plan), suite, noCache: options.noCache }, deps);
}

/** The environment of a plan, with what was guessed, if the engine has it. */
export async function findEnvironment(docker: Docker, plan: Plan): Promise<EnvironmentTiers | undefined> {
  const found = await imageInfo(docker, contentParent(plan).image);
  return found && { base: 'cached', environment: 'cached', ...readResolution(found.labels, plan) };
}

/** Whether the engine has the base of a plan. */
export async function hasBase(docker: Docker, plan: Plan): Promise<boolean> {
  return (await imageInfo(docker, plan.tiers.base.image)) !== undefined;
}

/**
 * Makes sure that the engine has base and environment of a plan as it is declared.
 * @throws SlipwayError of the stage build
 */
export async function ensureEnvironment(input: EnvironmentInput, deps: BuildDeps): Promise<EnvironmentTiers> {
  const { plan, rendered, options } = input;
  const { image } = plan.tiers.environment;
  const anew = options.refresh || options.noCache;
  const found = anew ? undefined : await findEnvironment(deps.docker, plan);
  if (found) return found;
  const base = await ensureBase(input, deps);
  const labels = tierLabels('environment', plan);
  if (rendered.environment === undefined) {
    // Nothing is added, so the environment is the base under another name.
    const parent = await imageInfo(deps.docker, plan.tiers.base.image);
    await moveTag(deps.docker, parent?.id ?? plan.tiers.base.image, image);
    return { base, environment: base, day: plan.asOf, notices: [] };
  }
  const how = { tag: image, suite: plan.era.debian, noCache: anew };
  const grown = anew ? undefined : await growEnvironment(input, { ...how, labels }, deps);
  const whole = { ...how, dockerfile: rendered.environment, labels: { ...labels, ...kinLabels(plan) } };
  const { imageId } = grown ?? (await buildImage(whole, deps));
  const resolved = await resolution(plan, imageId, deps);
  await relabel(deps.docker, imageId, image, resolutionLabels(resolved));
  if (!grown) await rememberKin(plan, deps.config);
  for (const notice of resolved.notices) deps.emit({ phase: 'building', message: `Notice: ${notice}` });
  return { base, environment: 'built', ...resolved };
}

/** The environment on one that has some of its packages; undefined where there is none, or none that fits after all. */
async function growEnvironment(
  { plan, rendered }: EnvironmentInput,
  how: Omit<BuildInput, 'dockerfile'>,
  deps: BuildDeps,
): Promise<BuildOutput | undefined> {
  const on = await findKin(deps.docker, plan, deps.config);
  if (on === undefined) return undefined;
  try {
    return await buildImage({ ...how, dockerfile: rendered.grown(on) }, deps);
  } catch (error) {
    // It may have been removed since it was found, too.
    if (!isMisfit(error) && (await imageInfo(deps.docker, on)) !== undefined) throw error;
    deps.emit({ phase: 'building', message: 'Another environment does not fit, so this one is made from the start' });
    return undefined;
  }
}

/**
 * Adds what is guessed to an environment that is there.
 * @throws SlipwayError of the stage build; never because a guess does not go with the environment
 */
export async function addGuesses(
  { plan, rendered, options }: EnvironmentInput,
  { base, day, notices }: EnvironmentTiers,
  deps: BuildDeps,
): Promise<EnvironmentTiers> {
  const { image } = contentParent(plan);
  const noCache = options.refresh || options.noCache;
  const labels = tierLabels('environment', plan);
  const input = { dockerfile: rendered.guessed ?? '', tag: image, labels, suite: plan.era.debian, noCache };
  const { imageId } = await buildImage(input, deps);
  const told = await guessNotices(imageId, deps);
  for (const notice of told) deps.emit({ phase: 'building', message: `Notice: ${notice}` });
  const resolved = { day, notices: [...notices, ...told] };
  await relabel(deps.docker, imageId, image, resolutionLabels(resolved));
  return { base, environment: 'built', ...resolved };
}

async function buildImageOfContent(input: ContentInput, resolution: Resolution, deps: BuildDeps): Promise<string> {
  const { plan, rendered, checkout, options } = input;
  const { image } = plan.tiers.content;
  const plain = `slipway/content:${plan.tiers.content.key}-plain`;
  const dockerfile = rendered.content(plain);
  const labels = contentLabels(plan, resolution);
  if (plan.fullHistory) await checkout.deepen();
  const { imageId } = await loadContent(
    {
      parentImage: contentParent(plan).image,
      tag: dockerfile === undefined ? image : plain,
      labels,
      environment: rendered.contentEnvironment,
      workdir: rendered.workdir,
      created: plan.commitDate,
      writeLayer: (sink) => rendered.writeLayer(checkout, sink),
    },
    deps,
  );
  if (dockerfile === undefined) return imageId;
  try {
    const noCache = options.refresh || options.noCache;
    return (await buildImage({ dockerfile, tag: image, labels, suite: plan.era.debian, noCache }, deps)).imageId;
  } finally {
    await untag(deps.docker, plain);
  }
}

/**
 * Builds the content on an environment that is there.
 * @throws SlipwayError of the stage build; what was finished before stays and is found next time
 */
export async function buildContent(
  input: ContentInput,
  { base, environment, day, notices }: EnvironmentTiers,
  deps: BuildDeps,
): Promise<BuiltTiers> {
  const digest = await buildImageOfContent(input, { day, notices }, deps);
  const { image } = input.plan.tiers.content;
  return { image, digest, resolvedAsOf: day, notices, tiers: { base, environment, content: 'built' } };
}
