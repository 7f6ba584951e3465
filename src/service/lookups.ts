/** Which commit a ref means: asked once for all who want to know at the same time, and not again for a while. */
import type { Config } from '../config.ts';
import { type ErrorCode, SlipwayError } from '../errors.ts';
import { locate, lookUp } from '../pipeline.ts';
import type { RepoSpec, Resolved } from '../types.ts';
import { type HostRests, ownRests } from './host-rests.ts';
import { createLimit } from './limit.ts';
import { checkRepo } from './policy.ts';

const FOUND_FOR = 60_000;
const MISSING_FOR = 5 * 60_000;
/** A host that says "too many" is left alone for so long, unless it says how long itself. */
const HOST_REST = 60_000;
const LONGEST_LOOKUP = 60_000;
const AT_ONCE = 16;
const KEPT = 10_000;

const MISSING: readonly ErrorCode[] = [
  'repo_not_found',
  'ref_not_found',
  'ref_ambiguous',
  'repo_empty',
  'not_git',
  'doi_without_repo',
];
const FULL_SHA = /^[0-9a-f]{40}$/i;

interface Answer {
  resolved: Promise<Resolved>;
  /** Infinity while it is being asked. */
  until: number;
}

export interface Lookups {
  /** Of a DOI the repository that it leads to, which is checked like any other. @throws SlipwayError of resolve, repo_banned */
  resolve(spec: RepoSpec): Promise<Resolved>;
  /** What is known without asking anybody. */
  known(spec: RepoSpec): Promise<Resolved | undefined>;
}

/**
 * @param ask answers from the host itself
 * @param find says which repository a DOI leads to
 */
export function createLookups(
  config: Config,
  ask: (spec: RepoSpec, signal: AbortSignal) => Promise<Resolved> = (spec, signal) => lookUp(spec, { config, signal }),
  now: () => number = Date.now,
  rests: HostRests = ownRests(now),
  find: (spec: RepoSpec, signal: AbortSignal) => Promise<RepoSpec> = (spec, signal) => locate(spec, { config, signal }),
): Lookups {
  const answers = new Map<string, Answer>();
  const limit = createLimit(AT_ONCE);

  async function refuseResting(host: string): Promise<void> {
    const left = await rests.left(host);
    if (left === 0) return;
    throw new SlipwayError('host_rate_limited', `${host} says that it was asked too often.`, {
      hint: `It is asked again in ${Math.ceil(left / 1000)} s; a link with a full commit hash asks nobody.`,
      retryAfter: left,
    });
  }

  async function askHost<T>(spec: RepoSpec, how: (spec: RepoSpec, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { host } = new URL(spec.cloneUrl);
    return limit(async () => {
      await refuseResting(host);
      try {
        return await how(spec, AbortSignal.timeout(LONGEST_LOOKUP));
      } catch (error) {
        if (error instanceof SlipwayError && error.code === 'host_rate_limited')
          await rests.begin(host, error.retryAfter ?? HOST_REST);
        throw error;
      }
    });
  }

  /** The repository's own answer is shared with those who ask for it by its name, and rests with its own host. */
  async function throughDoi(spec: RepoSpec): Promise<Resolved> {
    const repo = await askHost(spec, find);
    checkRepo(repo, config);
    return resolve(repo);
  }

  async function resolve(spec: RepoSpec): Promise<Resolved> {
    if (needsNobody(spec)) return ask(spec, AbortSignal.timeout(LONGEST_LOOKUP));
    const found = await (fresh(spec) ?? begin(keyOf(spec), spec)).resolved;
    return spec.provider === 'zenodo' ? found : { ...found, spec };
  }

  function begin(key: string, spec: RepoSpec): Answer {
    const resolved = spec.provider === 'zenodo' ? throughDoi(spec) : askHost(spec, ask);
    const answer: Answer = { resolved, until: Number.POSITIVE_INFINITY };
    answers.set(key, answer);
    answer.resolved.then(
      () => {
        answer.until = now() + FOUND_FOR;
      },
      (error: SlipwayError) => {
        if (MISSING.includes(error.code)) answer.until = now() + MISSING_FOR;
        else if (answers.get(key) === answer) answers.delete(key);
      },
    );
    for (const oldest of answers.keys()) if (answers.size > KEPT) answers.delete(oldest);
    return answer;
  }

  const fresh = (spec: RepoSpec): Answer | undefined => {
    const kept = answers.get(keyOf(spec));
    return kept && kept.until > now() ? kept : undefined;
  };

  return {
    resolve,
    async known(spec) {
      if (needsNobody(spec)) return ask(spec, AbortSignal.timeout(LONGEST_LOOKUP));
      const answer = fresh(spec);
      return answer?.until === Number.POSITIVE_INFINITY ? undefined : answer?.resolved.catch(() => undefined);
    },
  };
}

/** A commit's own hash, or a page of it, needs no answer from anybody. */
function needsNobody({ ref, page }: RepoSpec): boolean {
  return FULL_SHA.test(page ? (page.refAndPath.split('/')[0] ?? '') : (ref ?? ''));
}

function keyOf({ cloneUrl, ref, page }: RepoSpec): string {
  return JSON.stringify([cloneUrl, ref, page]);
}
