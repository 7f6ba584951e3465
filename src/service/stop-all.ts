/** Ends everything of a repository or of an address: launches under way, builds, sessions. */
import { toSlipwayError } from '../errors.ts';
import type { Builds } from './builds.ts';
import type { Context } from './context.ts';
import type { Launches } from './launches.ts';
import { fits } from './policy.ts';
import type { Sessions } from './sessions.ts';
import type { LaunchRecord } from './types.ts';

/** Whose; with both, what is of the one and of the other. */
export interface Whose {
  /** Canonical URL or `<provider>/<name>`, `*` stands for anything. */
  repo?: string;
  /** Address that asked. */
  client?: string;
}

export interface Stopped {
  launches: number;
  /** Ids. */
  builds: string[];
  sessions: string[];
}

interface Parts {
  context: Context;
  launches: Launches;
  builds: Builds;
  sessions: Sessions;
}

/** More than there are. */
const ALL = 1_000_000;

/** In this order, so that nothing that ends late starts what was ended before. */
export async function stopAll(whose: Whose, { context, launches, builds, sessions }: Parts): Promise<Stopped> {
  const underWay = (await context.launches.recent(ALL)).filter((one) => !one.endedAt && isOf(one, whose));
  await each(underWay, ({ id }) => launches.cancel(id));
  const ended: string[] = [];
  for (const { id, data } of await context.buildJobs.list(ALL)) {
    const { spec } = data.resolved;
    if (!isNamed(spec.canonicalUrl, `${spec.provider}/${spec.name}`, data.client, whose)) continue;
    // Others may wait for what this address asked for first.
    const isShared = whose.repo === undefined && (await context.launches.findBy('build', id, 1)).length > 0;
    if (!isShared && (await each([id], () => builds.cancel(id))) > 0) ended.push(id);
  }
  return { launches: underWay.length, builds: ended, sessions: await sessions.stopAll(whose) };
}

/** By what was asked for, or by the repository that a DOI has led to. */
function isOf({ spec, resolved, client }: LaunchRecord, whose: Whose): boolean {
  return [spec, resolved?.spec ?? spec].some(({ canonicalUrl, provider, name }) =>
    isNamed(canonicalUrl, `${provider}/${name}`, client.address, whose),
  );
}

function isNamed(url: string, name: string, address: string, { repo, client }: Whose): boolean {
  const isRepo = repo === undefined || fits(repo, url) || fits(repo, name);
  return isRepo && (client === undefined || client === address);
}

/** Does it to each; one that has ended meanwhile is as good. @returns how many it was done to */
async function each<T>(all: readonly T[], end: (one: T) => Promise<void>): Promise<number> {
  let count = 0;
  for (const one of all) {
    try {
      await end(one);
      count += 1;
    } catch (error) {
      if (!/_not_found$/.test(toSlipwayError(error).code)) throw error;
    }
  }
  return count;
}
