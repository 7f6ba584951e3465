/** What resolving asks of sites that are no git hosts: through the gate, briefly, and never more than is read. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { hostOf } from '../hosts.ts';
import { shown } from '../paths.ts';
import { rateLimit } from '../retry-after.ts';
import type { Sites } from '../sites.ts';
import { askedTooOften } from './git-errors.ts';
import { ask, askOnce, bodyText } from './http.ts';
import { type Online, withOnline } from './online.ts';

const LONGEST = 15_000;
const MISSING = [404, 410];

/** The sites under the policy of `config`; `signal` ends whatever is under way. */
export function createSites(config: Config, signal?: AbortSignal, longest = LONGEST): Sites {
  async function asked<T>(
    url: URL,
    how: typeof askOnce,
    read: (answer: IncomingMessage, status: number) => T | Promise<T>,
  ) {
    const late = AbortSignal.timeout(longest);
    const both = AbortSignal.any([late, ...(signal ? [signal] : [])]);
    const action = async ({ gate }: Online) => {
      const what = { method: 'GET', headers: { accept: 'application/json, */*;q=0.5' }, signal: both } as const;
      try {
        const answer = await how(gate, config, url, what);
        try {
          return await read(answer, answer.statusCode ?? 0);
        } finally {
          answer.destroy();
        }
      } catch (error) {
        throw gate.failure() ?? error;
      }
    };
    try {
      return await withOnline({ config, signal: both }, action);
    } catch (error) {
      if (signal?.aborted) throw new SlipwayError('interrupted', 'Stopped while looking up a DOI.', { cause: error });
      if (late.aborted) throw silent(url, `it took longer than ${longest / 1000} s`, error);
      throw error instanceof SlipwayError ? error : silent(url, (error as Error).message, error);
    }
  }

  return {
    json: (url) =>
      asked(url, ask, async (answer, status) => {
        if (MISSING.includes(status)) return undefined;
        refuse(url, answer, status === 200);
        return JSON.parse(await bodyText(answer, 2 ** 20)) as unknown;
      }),
    leadsTo: (url) =>
      asked(url, askOnce, (answer, status) => {
        if (MISSING.includes(status)) return { isMissing: true };
        refuse(url, answer, status >= 200 && status < 400);
        const { location } = answer.headers;
        if (status < 300 || location === undefined) return { isMissing: false };
        return { isMissing: false, location: new URL(location, url) };
      }),
  };
}

function refuse(url: URL, { statusCode, headers }: IncomingMessage, isGood: boolean): void {
  const limited = rateLimit(statusCode, headers);
  if (limited) throw askedTooOften(url.host, limited.rest);
  if (!isGood) throw new Error(`it answered with HTTP ${statusCode}`);
}

function silent(url: URL, why: string, cause: unknown): SlipwayError {
  return new SlipwayError('host_unreachable', `${hostOf(url)} did not answer as it should: ${shown(why)}.`, {
    cause,
    hint: 'Try again later.',
  });
}
