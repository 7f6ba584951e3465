/** THE map: resolve → fetch → detect → plan → render → build → launch → session, every stage in order, once. */
import type { BuiltTiers, Rendered } from './build/tiers.ts';
import type { Config } from './config.ts';
import { connectEngine } from './engine.ts';
import type { SlipwayError } from './errors.ts';
import { createGit } from './fetch/git.ts';
import { instanceId } from './instance.ts';
import type { ListedSession } from './launch/docker.ts';
import type { RankPythons } from './plan/era.ts';
import { keepPlan, keptPlan } from './plan/kept.ts';
import { serverLock } from './render/server-lock.ts';
import { resolveRef } from './resolve/resolve.ts';
import { parseRepo } from './resolve/spec.ts';
import type { Checkout, Emit, Plan, Resolved, Session } from './types.ts';

/** Stages that only some runs need, read when they do: a cached launch starts twice as fast without them. */
const stages = {
  fetch: () => import('./fetch/fetch.ts'),
  detect: () => import('./detect/detect.ts'),
  plan: () => import('./plan/plan.ts'),
  wheels: () => import('./plan/wheels.ts'),
  render: () => import('./render/dockerfile.ts'),
  layer: () => import('./render/content-layer.ts'),
  build: () => import('./build/tiers.ts'),
  launch: () => import('./launch/docker.ts'),
};

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

export interface Deps {
  config: Config;
  emit: Emit;
  signal: AbortSignal;
  /** Whether a repository may be a folder of this machine; never in a service. */
  allowLocal: boolean;
}

export interface BuildResult extends BuiltTiers {
  plan: Plan;
  resolved: Resolved;
}

async function resolveStage(request: RepoRequest, deps: Deps): Promise<Resolved> {
  const { config, signal } = deps;
  const ref = request.ref === undefined ? {} : { ref: request.ref };
  const spec = parseRepo(request.repo, { allowLocal: deps.allowLocal, ...ref });
  deps.emit({
    phase: 'fetching',
    message: `Looking up ${spec.provider === 'local' ? spec.name : spec.canonicalUrl}\n`,
  });
  return resolveRef(spec, { git: createGit(config, signal) });
}

async function planStage(checkout: Checkout, deps: Deps): Promise<Plan> {
  const { config } = deps;
  deps.emit({ phase: 'fetching', message: 'Planning\n', stage: 'plan' });
  const [{ detect }, { makePlan }] = await Promise.all([stages.detect(), stages.plan()]);
  const { folder, matches, notices } = await detect(checkout, config);
  const rank: RankPythons = async (...asked) => (await stages.wheels()).rankPythons(config)(...asked);
  const plan = await makePlan({ checkout, folder, matches, notices }, { config, serverLock, rank });
  const { asOf, era, python, buildpacks } = plan;
  const packs = buildpacks.map(({ name }) => name).join(', ') || 'default environment';
  const message = `${packs}; Debian ${era.debian}, Python ${python.version}, as of ${asOf}\n`;
  deps.emit({ phase: 'fetching', message, stage: 'plan' });
  return plan;
}

/** Fetches a commit, hands it to `use`, and removes it again. */
async function withCheckout<T>(
  resolved: Resolved,
  request: RepoRequest,
  deps: Deps,
  use: (checkout: Checkout) => Promise<T>,
) {
  const options = { subdir: request.subdir ?? '', signal: deps.signal, emit: deps.emit };
  const { fetchCheckout } = await stages.fetch();
  const checkout = await fetchCheckout(resolved, options, { config: deps.config });
  try {
    return await use(checkout);
  } finally {
    await checkout.dispose();
  }
}

async function renderStage(plan: Plan): Promise<Rendered> {
  const [render, { writeContentLayer }] = await Promise.all([stages.render(), stages.layer()]);
  return {
    base: (rootfs) => render.renderBase(plan, rootfs, serverLock(plan.era.debian)),
    environment: render.renderEnvironment(plan),
    content: (plain) => render.renderContent(plan, plain),
    contentEnvironment: render.contentEnvironment(plan),
    workdir: render.inHome(plan.subdir),
    writeLayer: (checkout, sink) => writeContentLayer(checkout, render.layerOptions(plan), sink),
  };
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
  return withCheckout(resolved, request, deps, async (checkout) => {
    const plan = await planStage(checkout, deps);
    const { renderTakeHome } = await stages.render();
    return { plan, resolved, dockerfile: renderTakeHome(plan, serverLock(plan.era.debian)) };
  });
}

/**
 * Builds the tiers that are missing; ends with a `built` event. A commit that has an image keeps it, also when a newer
 * Slipway would plan it otherwise: nothing is even fetched for it.
 * @throws SlipwayError of every stage up to build
 */
export async function buildRepo(request: BuildRequest, deps: Deps): Promise<BuildResult> {
  const { config } = deps;
  // Side by side, for they wait for different things; without an engine nothing is fetched to say so.
  const [docker, resolved, build] = await Promise.all([
    connectEngine(config),
    resolveStage(request, deps),
    stages.build(),
  ]);
  const { buildTiers, findContent, nameImage } = build;
  const options = { refresh: request.refresh ?? false, noCache: request.noCache ?? false };
  const anew = options.refresh || options.noCache;
  const kept = anew ? undefined : await keptPlan(resolved, request.subdir ?? '', config);
  const found = kept && (await findContent(docker, kept));
  const result =
    kept && found
      ? { plan: kept, resolved, ...found }
      : await withCheckout(resolved, request, deps, async (checkout) => {
          const plan = await planStage(checkout, deps);
          const ready = anew ? undefined : await findContent(docker, plan);
          const input = { plan, resolved, rendered: await renderStage(plan), checkout, options };
          const built = ready ?? (await buildTiers(input, { ...deps, docker }));
          await keepPlan(plan, resolved, config);
          return { plan, resolved, ...built };
        });
  if (request.image !== undefined) await nameImage(docker, result.digest, request.image);
  announce(result, deps.emit);
  return result;
}

function announce({ image, digest, resolvedAsOf, tiers }: BuildResult, emit: Emit): void {
  emit({ phase: 'built', message: `Image ${image} is ready\n`, imageName: image, digest, resolvedAsOf, tiers });
}

/**
 * Builds what is missing, then starts a session and waits until it answers; ends with a `ready` event.
 * @throws SlipwayError of every stage
 */
export async function launchRepo(request: BuildRequest & { urlpath?: string }, deps: Deps): Promise<Session> {
  // Before anything is built: a link that leads astray must not cost a build.
  const { checkUrlpath, launchSession } = await stages.launch();
  checkUrlpath(request.urlpath);
  const { image, resolved } = await buildRepo(request, deps);
  const [docker, instance] = await Promise.all([connectEngine(deps.config), instanceId(deps.config)]);
  const input = { image, resolved, ...(request.urlpath === undefined ? {} : { urlpath: request.urlpath }) };
  return launchSession(input, { docker, config: deps.config, emit: deps.emit, signal: deps.signal, instance });
}

/** Every session of this installation, also those that have ended. */
export async function listSessions(config: Config): Promise<ListedSession[]> {
  const [docker, instance] = await Promise.all([connectEngine(config), instanceId(config)]);
  return (await stages.launch()).listSessions(docker, instance);
}

/**
 * Stops and removes a session, by its id or an unmistakable part of it.
 * @throws SlipwayError `session_not_found`
 */
export async function stopSession(id: string, config: Config): Promise<string> {
  const [docker, instance] = await Promise.all([connectEngine(config), instanceId(config)]);
  return (await stages.launch()).stopSession(docker, instance, id);
}

/** Waits until a session ends; why it died, or undefined when somebody stopped it or shut its server down. */
export async function followSession(
  session: Session,
  config: Config,
  signal: AbortSignal,
): Promise<SlipwayError | undefined> {
  const launcher = await stages.launch();
  const end = await launcher.followSession(await connectEngine(config), session, signal);
  return end.stopped || end.exitCode === 0 ? undefined : launcher.endError(end);
}
