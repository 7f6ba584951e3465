/** The packages of a repository's environment: as a lock, and beside today's. */
import { engineOf } from './engine.ts';
import { SlipwayError } from './errors.ts';
import { readAttachment } from './images.ts';
import { buildEnvironment, renderStage, takeHome } from './making.ts';
import { type Deps, planStage, prepare, type RepoRequest, resolveStage } from './pipeline.ts';
import { openPublished, stages } from './stages.ts';
import type { Plan } from './types.ts';
import { isOfRequirements, type VersionRow, versionRows } from './versions.ts';

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
  const { resolveLock } = await stages.resolveLock();
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
