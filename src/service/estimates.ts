/** How long builds take, from earlier ones. Says nothing where nothing is known. */
import type { Context } from './context.ts';
import type { BuildJob, BuildRecord, QueueNews } from './types.ts';

/** Builds that are looked at. */
const LATEST = 5;

function median(values: number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** What one build worked, without its wait. */
function worked({ timings }: BuildRecord): number {
  return Object.entries(timings).reduce((sum, [stage, took]) => (stage === 'wait' ? sum : sum + took), 0);
}

/**
 * What a build of this repository usually takes, in milliseconds.
 * @param earlier its builds, the latest first
 * @param isEnvironmentThere then only such builds compare that found theirs too
 */
export function usualTime(earlier: readonly BuildRecord[], isEnvironmentThere?: boolean): number | undefined {
  const done = earlier.filter(({ state, tiers }) => state === 'completed' && tiers?.content === 'built');
  const alike = done.filter(
    ({ tiers }) => isEnvironmentThere === undefined || (tiers?.environment === 'cached') === isEnvironmentThere,
  );
  return median(alike.slice(0, LATEST).map(worked));
}

/** What is known of how long builds take. */
export interface Times {
  /** Builds of this repository. */
  usual: number | undefined;
  /** Any build; without it a wait for others cannot be told. */
  typical: number | undefined;
}

/** For a build whose environment has to be built. */
export async function knownTimes({ resolved }: BuildJob, { builds }: Context): Promise<Times> {
  const [own, all] = await Promise.all([builds.findBy('repo', resolved.spec.canonicalUrl, 20), builds.recent(50)]);
  return { usual: usualTime(own, false), typical: usualTime(all, false) };
}

/**
 * Place and estimate as the stream tells them: the turns before one's own, and then one's own.
 * @param place 1 is next; 0 when it has begun
 */
export function newsOf(place: number, atOnce: number, { usual, typical }: Times): QueueNews {
  const turns = Math.floor(place / Math.max(1, atOnce));
  const isKnown = usual !== undefined && (turns === 0 || typical !== undefined);
  return {
    ...(place > 0 && { place }),
    ...(isKnown && { estimate: Math.round(turns * (typical ?? 0) + usual) }),
  };
}
