/** THE map: resolve → fetch → detect → plan → render → build → publish → launch → session, every stage in order, once. */
import type { BuildOptions } from './build/tiers.ts';
import { connectEngine, engineOf } from './engine.ts';
import { createGit } from './fetch/git.ts';
import { createSites } from './fetch/sites.ts';
import { imageInEngine } from './images.ts';
import { instanceId } from './instance.ts';
import { checkUrlpath, openedFrom, pageOutside } from './launch/urlpath.ts';
import { type BuiltTiers, buildContent, buildEnvironment, findImage, type Prepared, takeHome } from './making.ts';
import type { RankPythons } from './plan/era.ts';
import { keepPlan, keptPlan } from './plan/kept.ts';
import { pythonName } from './python-name.ts';
import { serverLock } from './render/server-lock.ts';
import { locateRepo } from './resolve/locate.ts';
import type { ProviderForm } from './resolve/provider.ts';
import { PROVIDERS } from './resolve/registry.ts';
import { resolveRef } from './resolve/resolve.ts';
import { parseRepo } from './resolve/spec.ts';
import { type EngineDeps, isHub, openHub, type StageDeps, stages } from './stages.ts';
import type { Checkout, Plan, PlanContext, RepoSpec, Resolved, Session, SlipwayEvent } from './types.ts';

export { checkUrlpath, openedFrom, pageOutside } from './launch/urlpath.ts';
export { keepPlan, keptPlan, lasts, planKey } from './plan/kept.ts';

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

/** Which repository a DOI leads to; any other spec is one. @throws SlipwayError of resolve */
export function locate(spec: RepoSpec, { config, signal }: Omit<StageDeps, 'emit'>): Promise<RepoSpec> {
  return locateRepo(spec, { sites: createSites(config, signal), config });
}

/** Which commit a spec means now. @throws SlipwayError of resolve */
export async function lookUp(spec: RepoSpec, { config, signal }: Omit<StageDeps, 'emit'>): Promise<Resolved> {
  return resolveRef(await locate(spec, { config, signal }), { git: createGit(config, signal), config });
}

/** Which commit a request means now, and says that it is looked up. @throws SlipwayError of resolve */
export async function resolveStage(request: RepoRequest, deps: Deps): Promise<Resolved> {
  const spec = readSpec(request, deps.allowLocal);
  deps.emit({
    phase: 'fetching',
    message: `Looking up ${spec.provider === 'local' ? spec.name : spec.canonicalUrl}\n`,
  });
  return lookUp(spec, deps);
}

/** What would be built of a checkout. @throws SlipwayError of detect and plan */
export async function planStage(checkout: Checkout, deps: StageDeps): Promise<Plan> {
  const { config } = deps;
  deps.emit({ phase: 'fetching', message: 'Planning\n', stage: 'plan' });
  const [{ detect }, { makePlan }] = await Promise.all([stages.detect(), stages.plan()]);
  const { folder, matches, notices } = await detect(checkout, config);
  const rank: RankPythons = async (...asked) => (await stages.wheels()).rankPythons(config)(...asked);
  const reachesChannel = async () => (await stages.channels()).reachesChannel(config);
  const commitOf: PlanContext['commitOf'] = async (url, ref) => {
    const spec = readSpec({ repo: url, ...(ref === undefined ? {} : { ref }) }, false);
    return (await (deps.lookUp?.(spec) ?? lookUp(spec, deps))).commit;
  };
  const plan = await makePlan(
    { checkout, folder, matches, notices },
    { config, serverLock, rank, reachesChannel, commitOf },
  );
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
  const fetching = fetchCheckout(resolved, { subdir, signal, emit }, { config });
  // Read while git works.
  Promise.all([stages.detect(), stages.plan(), stages.render()]).catch(() => undefined);
  const checkout = await fetching;
  try {
    return await use({ plan: await planStage(checkout, deps), resolved, checkout });
  } finally {
    await checkout.dispose();
  }
}

/** Begins something once what was begun before is on its way: to read a part of ours holds up the process. */
function meanwhile<T>(what: () => Promise<T>): Promise<T> {
  return new Promise<void>((go) => setImmediate(go)).then(what);
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
  const { plan, dockerfile } = await prepare(resolved, request.subdir ?? '', deps, async ({ plan }) => {
    // Written while the checkout is removed; what goes wrong is heard of afterwards.
    const dockerfile = takeHome(plan);
    dockerfile.catch(() => undefined);
    return { plan, dockerfile };
  });
  return { plan, resolved, dockerfile: await dockerfile };
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
  const resolving = resolveStage(request, deps);
  const [resolved] = await Promise.all([
    resolving,
    meanwhile(async () => isNeeded && engine()),
    meanwhile(stages.build),
  ]);
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
    const { plan, checkout } = prepared;
    // While the engine is asked what there is.
    void checkout.finishGit();
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
  const [{ image, resolved }, { launchSession }] = await Promise.all([buildToOpen(request, deps), stages.launch()]);
  const [docker, instance] = await Promise.all([connectEngine(deps.config), instanceId(deps.config)]);
  const local = await imageInEngine(image, { ...deps, engine: async () => docker });
  const input = { image: local, resolved, ...(request.urlpath === undefined ? {} : { urlpath: request.urlpath }) };
  return launchSession(input, { docker, config: deps.config, emit: deps.emit, signal: deps.signal, instance });
}

/** Builds, and gives the commit as its session will show it. */
async function buildToOpen(request: BuildRequest & { urlpath?: string }, deps: Deps): Promise<BuildResult> {
  const built = await buildRepo(request, deps);
  const { resolved, plan } = built;
  const outside = request.urlpath === undefined && pageOutside(resolved, plan.subdir);
  if (outside) deps.emit({ phase: 'launching', message: `${outside}\n` });
  return { ...built, resolved: openedFrom(resolved, plan.subdir) };
}

async function launchAtHub(request: BuildRequest & { urlpath?: string }, deps: Deps): Promise<Session> {
  // A hub that is away must not cost a build either.
  const hub = await openHub(deps.config);
  await hub.check(deps.signal);
  const { image, resolved } = await buildToOpen(request, deps);
  const launch = { name: hub.newName(resolved.spec.name), image, resolved, launchId: '', client: '' };
  return hub.start({ ...launch, ...(request.urlpath !== undefined && { urlpath: request.urlpath }) }, deps);
}
