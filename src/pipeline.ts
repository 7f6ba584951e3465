/** THE map: resolve → fetch → detect → plan → render → build → publish → launch → session, every stage in order, once. */
import type { Writable } from 'node:stream';
import type { BuildOptions, BuiltTiers, ContentInput, EnvironmentTiers, Rendered } from './build/tiers.ts';
import { connectEngine, engineOf } from './engine.ts';
import { SlipwayError } from './errors.ts';
import { createGit } from './fetch/git.ts';
import { imageInEngine, readAttachment } from './images.ts';
import { instanceId } from './instance.ts';
import { checkUrlpath } from './launch/urlpath.ts';
import type { RankPythons } from './plan/era.ts';
import { keepPlan, keptPlan } from './plan/kept.ts';
import type { PublishedTiers } from './publish/tiers.ts';
import { pythonName } from './python-name.ts';
import { serverLock } from './render/server-lock.ts';
import type { ProviderForm } from './resolve/provider.ts';
import { PROVIDERS } from './resolve/registry.ts';
import { resolveRef } from './resolve/resolve.ts';
import { parseRepo } from './resolve/spec.ts';
import { type EngineDeps, isHub, type LookDeps, openHub, openPublished, type StageDeps, stages } from './stages.ts';
import { asDeclared, contentParent } from './tiers.ts';
import type { Checkout, Plan, RepoSpec, Resolved, Session, SlipwayEvent } from './types.ts';
import { isOfRequirements, type VersionRow, versionRows } from './versions.ts';

export type { BuiltTiers, EnvironmentTiers } from './build/tiers.ts';
export { checkUrlpath } from './launch/urlpath.ts';
export { keepPlan, keptPlan, planKey } from './plan/kept.ts';

/** A repository as somebody typed it. */
export interface RepoRequest {
  repo: string;
  ref?: string;
  subdir?: string;
}

export interface BuildRequest extends RepoRequest {
  /** Plans and builds anew what is kept. */
  refresh?: boolean;
  /** Builds without the engine's cache too. */
  noCache?: boolean;
  /** A further name for the content image. */
  image?: string;
}

export interface Deps extends StageDeps {
  /** Whether a repository may be a folder of this machine; never in a service. */
  allowLocal: boolean;
}

export interface BuildResult extends BuiltTiers {
  plan: Plan;
  resolved: Resolved;
}

/** A commit that was fetched and planned. */
export interface Prepared {
  plan: Plan;
  resolved: Resolved;
  checkout: Checkout;
}

/** Every repo provider as a form asks for it: an entry each of BinderHub's `/api/repoproviders`. */
export function repoProviders(): ({ id: string } & ProviderForm)[] {
  return PROVIDERS.map(({ name, form }) => ({ id: name, ...form }));
}

/**
 * What a request means; nothing is looked up.
 * @throws bad_spec
 */
export function readSpec(request: RepoRequest, allowLocal: boolean): RepoSpec {
  return parseRepo(request.repo, { allowLocal, ref: request.ref });
}

/** Which commit a spec means now. @throws SlipwayError of resolve */
export function lookUp(spec: RepoSpec, { config, signal }: Omit<StageDeps, 'emit'>): Promise<Resolved> {
  return resolveRef(spec, { git: createGit(config, signal) });
}

async function resolveStage(request: RepoRequest, deps: Deps): Promise<Resolved> {
  const spec = readSpec(request, deps.allowLocal);
  deps.emit({
    phase: 'fetching',
    message: `Looking up ${spec.provider === 'local' ? spec.name : spec.canonicalUrl}\n`,
  });
  return lookUp(spec, deps);
}

async function planStage(checkout: Checkout, deps: StageDeps): Promise<Plan> {
  const { config } = deps;
  deps.emit({ phase: 'fetching', message: 'Planning\n', stage: 'plan' });
  const [{ detect }, { makePlan }] = await Promise.all([stages.detect(), stages.plan()]);
  const { folder, matches, notices } = await detect(checkout, config);
  const rank: RankPythons = async (...asked) => (await stages.wheels()).rankPythons(config)(...asked);
  const plan = await makePlan({ checkout, folder, matches, notices }, { config, serverLock, rank });
  const { asOf, era, buildpacks } = plan;
  const packs = buildpacks.map(({ name }) => name).join(', ') || 'default environment';
  const message = `${packs}; Debian ${era.debian}, ${pythonName(plan)}, as of ${asOf}\n`;
  deps.emit({ phase: 'fetching', message, stage: 'plan' });
  return plan;
}

/**
 * Fetches a commit and plans it, hands both to `use`, and removes the files again.
 * @throws SlipwayError of fetch, detect and plan
 */
export async function prepare<T>(
  resolved: Resolved,
  subdir: string,
  deps: StageDeps,
  use: (prepared: Prepared) => Promise<T>,
): Promise<T> {
  const { config, emit, signal } = deps;
  const { fetchCheckout } = await stages.fetch();
  const checkout = await fetchCheckout(resolved, { subdir, signal, emit }, { config });
  try {
    return await use({ plan: await planStage(checkout, deps), resolved, checkout });
  } finally {
    await checkout.dispose();
  }
}

async function renderStage(plan: Plan): Promise<Rendered> {
  const [render, { writeContentLayer }] = await Promise.all([stages.render(), stages.layer()]);
  return {
    base: (rootfs) => render.renderBase(plan, rootfs, serverLock(plan.era.debian)),
    environment: render.renderEnvironment(plan),
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

/**
 * Says what would be built and why; needs no engine.
 * @throws SlipwayError of resolve, fetch, detect and plan
 */
export async function planRepo(
  request: RepoRequest,
  deps: Deps,
): Promise<{ plan: Plan; dockerfile: string; resolved: Resolved }> {
  const resolved = await resolveStage(request, deps);
  const plan = await prepare(resolved, request.subdir ?? '', deps, async (prepared) => prepared.plan);
  return { plan, resolved, dockerfile: await takeHome(plan) };
}

/**
 * Builds the tiers that are missing; ends with a `built` event. A commit that has an image keeps it, also when a newer
 * Slipway would plan it otherwise: nothing is even fetched for it.
 * @throws SlipwayError of every stage up to build
 */
export async function buildRepo(request: BuildRequest, deps: Deps): Promise<BuildResult> {
  const { config } = deps;
  const engine = engineOf(config);
  // Side by side, for they wait for different things, git longest; without an engine nothing is fetched to say so.
  const isNeeded = config.SLIPWAY_REGISTRY === '';
  const [resolved] = await Promise.all([resolveStage(request, deps), isNeeded && engine(), stages.build()]);
  const { image, subdir = '', refresh = false, noCache = false } = request;
  const all = { ...deps, engine };
  const result = await findOrBuild(resolved, subdir, { refresh, noCache }, all);
  if (image !== undefined)
    await (await stages.build()).nameImage(await engine(), await imageInEngine(result.image, all), image);
  deps.emit(builtEvent(result));
  return result;
}

async function findOrBuild(
  resolved: Resolved,
  subdir: string,
  options: BuildOptions,
  deps: EngineDeps,
): Promise<BuildResult> {
  const { config } = deps;
  const anew = options.refresh || options.noCache;
  const kept = anew ? undefined : await keptPlan(resolved, subdir, config);
  const found = kept && (await findImage(kept, deps));
  if (kept && found) return { plan: kept, resolved, ...found };
  return prepare(resolved, subdir, deps, async (prepared) => {
    const { plan } = prepared;
    const ready = anew ? undefined : await findImage(plan, deps);
    if (ready) await keepPlan(plan, resolved, config);
    const built = ready ?? (await buildContent(prepared, await buildEnvironment(plan, options, deps), options, deps));
    return { plan, resolved, ...built };
  });
}

/** How a build ends well. */
export function builtEvent({ image, digest, resolvedAsOf, notices, tiers }: BuiltTiers): SlipwayEvent {
  return {
    phase: 'built',
    message: `Image ${image} is ready\n`,
    imageName: image,
    digest,
    resolvedAsOf,
    notices,
    tiers,
  };
}

/**
 * Builds what is missing, then starts a session and waits until it answers; ends with a `ready` event.
 * @throws SlipwayError of every stage
 */
export async function launchRepo(request: BuildRequest & { urlpath?: string }, deps: Deps): Promise<Session> {
  // Before anything is built: a link that leads astray must not cost a build.
  checkUrlpath(request.urlpath);
  if (isHub(deps.config)) return launchAtHub(request, deps);
  const [{ image, resolved }, { launchSession }] = await Promise.all([buildRepo(request, deps), stages.launch()]);
  const [docker, instance] = await Promise.all([connectEngine(deps.config), instanceId(deps.config)]);
  const local = await imageInEngine(image, { ...deps, engine: async () => docker });
  const input = { image: local, resolved, ...(request.urlpath === undefined ? {} : { urlpath: request.urlpath }) };
  return launchSession(input, { docker, config: deps.config, emit: deps.emit, signal: deps.signal, instance });
}

async function launchAtHub(request: BuildRequest & { urlpath?: string }, deps: Deps): Promise<Session> {
  // A hub that is away must not cost a build either.
  const hub = await openHub(deps.config);
  await hub.check(deps.signal);
  const { image, resolved } = await buildRepo(request, deps);
  const launch = { name: hub.newName(resolved.spec.name), image, resolved, launchId: '', client: '' };
  return hub.start({ ...launch, ...(request.urlpath !== undefined && { urlpath: request.urlpath }) }, deps);
}

/**
 * The packages of a repository's environment with their versions; builds it if there is none.
 * @throws no_environment, and SlipwayError of every stage up to publish
 */
export async function lockRepo(request: RepoRequest, deps: Deps): Promise<{ plan: Plan; day: string; lock: string }> {
  const all = { ...deps, engine: engineOf(deps.config) };
  const resolved = await resolveStage(request, deps);
  const plan = await prepare(resolved, request.subdir ?? '', deps, async (prepared) => prepared.plan);
  if (!plan.ownPython) throw noEnvironment();
  const { day } = await buildEnvironment(plan, { refresh: false, noCache: false }, all);
  const published = await openPublished(deps);
  const lock = published
    ? String(await readAttachment(published.name('environment', plan), 'lock', deps.config, deps.signal))
    : (await (await stages.build()).environmentFacts(await all.engine(), plan, deps.config)).lock;
  return { plan, day, lock };
}

/**
 * What a plan would build, and each Python package of it beside today's: resolved for the purpose, nothing is installed.
 * @throws no_environment, and SlipwayError of every stage up to build
 */
export async function planVersions(
  request: RepoRequest,
  deps: Deps,
): Promise<{ plan: Plan; dockerfile: string; versions: VersionRow[] }> {
  const engine = engineOf(deps.config);
  const [resolved] = await Promise.all([resolveStage(request, deps), engine()]);
  const latest = { ...deps, config: { ...deps.config, SLIPWAY_AS_OF: 'latest' } };
  const [plan, today] = await prepare(resolved, request.subdir ?? '', deps, async (prepared) => [
    prepared.plan,
    await planStage(prepared.checkout, latest),
  ]);
  if (!plan.ownPython) throw noEnvironment();
  const { resolveLock } = await stages.build();
  const docker = await engine();
  const options = { refresh: false, noCache: false };
  const lockOf = async (one: Plan) =>
    resolveLock({ plan: one, rendered: await renderStage(one), options }, { ...deps, docker });
  const then = await lockOf(plan);
  const now = await lockOf(today).catch((error) => {
    if (!isOfRequirements(error)) throw error;
    const message = `Today there is no such environment: ${error.message.split('\n')[0]}`;
    plan.notices.push({ code: 'latest-fails', message });
    return '';
  });
  return { plan, versions: versionRows(then, now), dockerfile: await takeHome(plan) };
}

function noEnvironment(): SlipwayError {
  return new SlipwayError('no_environment', 'No file of the repository asks for a Python environment.');
}

/** Writes the content layer of a commit that was prepared, an uncompressed tar, and ends the stream. */
export async function writeContent({ plan, checkout }: Prepared, sink: Writable): Promise<void> {
  await (await renderStage(plan)).writeLayer(checkout, sink);
}

/** Where in a session the server works. */
export async function workingFolder(plan: Plan): Promise<string> {
  return (await stages.render()).inHome(plan.subdir);
}
