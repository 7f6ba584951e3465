/** plan → tiers, in the engine or the registry: the stages render, build and publish for one tier after the other. */
import type { Writable } from 'node:stream';
import type { BuildOptions, BuiltTiers, ContentInput, EnvironmentTiers, Rendered } from './build/tiers.ts';
import { keepPlan } from './plan/kept.ts';
import type { PublishedTiers } from './publish/tiers.ts';
import { serverLock } from './render/server-lock.ts';
import { type EngineDeps, type LookDeps, openPublished, stages } from './stages.ts';
import { asDeclared, contentParent } from './tiers.ts';
import type { Checkout, Plan, Resolved } from './types.ts';

export type { BuiltTiers, EnvironmentTiers } from './build/tiers.ts';

/** A commit that was fetched and planned. */
export interface Prepared {
  plan: Plan;
  resolved: Resolved;
  checkout: Checkout;
}

/** How the tiers of a plan are written. */
export async function renderStage(plan: Plan): Promise<Rendered> {
  const [render, { writeContentLayer }] = await Promise.all([stages.render(), stages.layer()]);
  return {
    base: (rootfs) => render.renderBase(plan, rootfs, serverLock(plan.era.debian)),
    environment: render.renderEnvironment(plan),
    grown: (on) => render.renderGrown(plan, on),
    guessed: render.renderGuessed(plan),
    content: (plain) => render.renderContent(plan, plain),
    contentEnvironment: render.contentEnvironment(plan),
    workdir: render.inHome(plan.subdir),
    writeLayer: (checkout, sink) => writeContentLayer(checkout, render.layerOptions(plan), sink),
  };
}

/** The Dockerfile to take home. */
export async function takeHome(plan: Plan): Promise<string> {
  return (await stages.render()).renderTakeHome(plan, serverLock(plan.era.debian));
}

/** The content image of a plan, if there is one: then nothing has to be built. */
export async function findImage(plan: Plan, deps: LookDeps): Promise<BuiltTiers | undefined> {
  const published = await openPublished(deps);
  return published ? published.findContent(plan) : (await stages.build()).findContent(await deps.engine(), plan);
}

/** Which of the lower tiers of a plan there are. */
export async function findLowerTiers(
  plan: Plan,
  deps: LookDeps,
): Promise<{ base: boolean; environment: EnvironmentTiers | undefined }> {
  const published = await openPublished(deps);
  if (published) {
    const [base, environment] = await Promise.all([published.hasBase(plan), published.findEnvironment(plan)]);
    return { base, environment };
  }
  const { hasBase, findEnvironment } = await stages.build();
  const docker = await deps.engine();
  const [base, environment] = await Promise.all([hasBase(docker, plan), findEnvironment(docker, plan)]);
  return { base, environment };
}

/**
 * Builds base and environment of a plan, and what is guessed on it, as far as they are missing.
 * @throws SlipwayError of build and publish
 */
export async function buildEnvironment(plan: Plan, options: BuildOptions, deps: EngineDeps): Promise<EnvironmentTiers> {
  const found = options.refresh || options.noCache ? undefined : (await findLowerTiers(plan, deps)).environment;
  if (found) return found;
  const [published, { environmentFacts }] = await Promise.all([openPublished(deps), stages.build()]);
  const tiers = await (plan.tiers.guessed ? buildGuessed : buildDeclared)(plan, options, deps);
  if (published) {
    const docker = await deps.engine();
    const facts = await environmentFacts(docker, plan, deps.config);
    await published.pushEnvironment(plan, docker, { ...facts, day: tiers.day });
  }
  return tiers;
}

async function buildDeclared(plan: Plan, options: BuildOptions, deps: EngineDeps): Promise<EnvironmentTiers> {
  const [published, { ensureEnvironment }] = await Promise.all([openPublished(deps), stages.build()]);
  const docker = await deps.engine();
  // Another worker may have built it.
  const isBaseThere = !options.noCache && (await published?.pull('base', plan.tiers.base.key, docker));
  const tiers = await ensureEnvironment({ plan, rendered: await renderStage(plan), options }, { ...deps, docker });
  if (published && !isBaseThere) await published.pushBase(plan, docker);
  return tiers;
}

/** Other repositories have the environment as it is declared, so that is built for itself. */
async function buildGuessed(plan: Plan, options: BuildOptions, deps: EngineDeps): Promise<EnvironmentTiers> {
  const [published, { addGuesses }] = await Promise.all([openPublished(deps), stages.build()]);
  const declared = await buildEnvironment(asDeclared(plan), options, deps);
  const docker = await deps.engine();
  await published?.pull('environment', plan.tiers.environment.key, docker);
  return addGuesses({ plan, rendered: await renderStage(plan), options }, declared, { ...deps, docker });
}

/** Builds the content on an environment that is there, and keeps the plan. @throws SlipwayError of build and publish */
export async function buildContent(
  prepared: Prepared,
  environment: EnvironmentTiers,
  options: BuildOptions,
  deps: EngineDeps,
): Promise<BuiltTiers> {
  const { plan, resolved } = prepared;
  const input = { ...prepared, rendered: await renderStage(plan), options };
  const published = await openPublished(deps);
  const built = published
    ? await publishContent(input, environment, published, deps)
    : await (await stages.build()).buildContent(input, environment, { ...deps, docker: await deps.engine() });
  await keepPlan(plan, resolved, deps.config);
  return built;
}

/** Content that no step reads needs no engine; other content is built on what the registry has, and pushed. */
async function publishContent(
  input: ContentInput,
  { base, environment, day, notices }: EnvironmentTiers,
  published: PublishedTiers,
  deps: EngineDeps,
): Promise<BuiltTiers> {
  const { plan, rendered, checkout } = input;
  const image = published.name('content', plan);
  const tiers = { base, environment, content: 'built' } as const;
  if (rendered.content('plain') === undefined) {
    if (plan.fullHistory) await checkout.deepen();
    const writeLayer = (sink: Writable) => rendered.writeLayer(checkout, sink);
    const { workdir, contentEnvironment } = rendered;
    const digest = await published.writeContent({
      plan,
      resolution: { day, notices },
      workdir,
      environment: contentEnvironment,
      writeLayer,
    });
    return { image, digest, resolvedAsOf: day, notices, tiers };
  }
  const docker = await deps.engine();
  await published.pull('environment', contentParent(plan).key, docker);
  await (await stages.build()).buildContent(input, { base, environment, day, notices }, { ...deps, docker });
  return { image, digest: await published.pushContent(plan, docker, day), resolvedAsOf: day, notices, tiers };
}

/** Writes the content layer of a commit that was prepared, an uncompressed tar, and ends the stream. */
export async function writeContent({ plan, checkout }: Prepared, sink: Writable): Promise<void> {
  await (await renderStage(plan)).writeLayer(checkout, sink);
}

/** Where in a session the server works. */
export async function workingFolder(plan: Plan): Promise<string> {
  return (await stages.render()).inHome(plan.subdir);
}
