/** Which commit a ref means: asked once for all who want to know at the same time, and not again for a while. */
import type { Config } from '../config.ts';
import { type ErrorCode, SlipwayError } from '../errors.ts';
import { lookUp } from '../pipeline.ts';
import type { RepoSpec, Resolved } from '../types.ts';
import { createLimit } from './limit.ts';

const FOUND_FOR = 60_000;
const MISSING_FOR = 5 * 60_000;
/** A host that says "too many" is left alone for so long. */
const HOST_REST = 60_000;
const LONGEST_LOOKUP = 60_000;
const AT_ONCE = 16;
const KEPT = 10_000;

const MISSING: readonly ErrorCode[] = ['repo_not_found', 'ref_not_found', 'ref_ambiguous', 'repo_empty', 'not_git'];
const FULL_SHA = /^[0-9a-f]{40}$/i;

interface Answer {
  resolved: Promise<Resolved>;
  /** Infinity while it is being asked. */
  until: number;
}

export interface Lookups {
  /** @throws SlipwayError of resolve */
  resolve(spec: RepoSpec): Promise<Resolved>;
  /** What is known without asking anybody. */
  known(spec: RepoSpec): Promise<Resolved | undefined>;
}

/** @param ask answers from the host itself */
export function createLookups(
  config: Config,
  ask: (spec: RepoSpec, signal: AbortSignal) => Promise<Resolved> = (spec, signal) => lookUp(spec, { config, signal }),
  now: () => number = Date.now,
): Lookups {
  const answers = new Map<string, Answer>();
  const resting = new Map<string, number>();
  const limit = createLimit(AT_ONCE);

  function refuseResting(host: string): void {
    const until = resting.get(host) ?? 0;
    if (until <= now()) {
      resting.delete(host);
      return;
    }
    throw new SlipwayError('host_rate_limited', `${host} says that it was asked too often.`, {
      hint: `It is asked again in ${Math.ceil((until - now()) / 1000)} s; a link with a full commit hash asks nobody.`,
    });
  }

  async function askHost(spec: RepoSpec): Promise<Resolved> {
    const { host } = new URL(spec.cloneUrl);
    refuseResting(host);
    try {
      return await limit(() => ask(spec, AbortSignal.timeout(LONGEST_LOOKUP)));
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'host_rate_limited') resting.set(host, now() + HOST_REST);
      throw error;
    }
  }

  function begin(key: string, spec: RepoSpec): Answer {
    const answer: Answer = { resolved: askHost(spec), until: Number.POSITIVE_INFINITY };
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
    async resolve(spec) {
      if (needsNobody(spec)) return ask(spec, AbortSignal.timeout(LONGEST_LOOKUP));
      const answer = fresh(spec) ?? begin(keyOf(spec), spec);
      return { ...(await answer.resolved), spec };
    },
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
