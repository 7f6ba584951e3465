/** What an HTTP answer says of when to ask again. */
import type { IncomingHttpHeaders } from 'node:http';

/** A host may ask for long rests, but not to be forgotten. */
const LONGEST_REST = 3_600_000;
const SHORTEST_REST = 1000;

/** Milliseconds of `Retry-After`, which is seconds or a date; undefined when there is none, NaN when it is neither. */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  return /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
}

/**
 * Whether an answer says that its host was asked too often, with 429 or as GitHub does with 403; then how long it is to be left
 * alone, in milliseconds, if it says so.
 */
export function rateLimit(
  status: number | undefined,
  headers: IncomingHttpHeaders,
  now = Date.now(),
): { rest?: number } | undefined {
  const isSpent = headers['x-ratelimit-remaining'] === '0';
  const asked = retryAfter(headers['retry-after'], now);
  if (status !== 429 && !(status === 403 && (isSpent || asked !== undefined))) return undefined;
  const reset = isSpent ? Number(headers['x-ratelimit-reset']) * 1000 - now : Number.NaN;
  const rest = asked === undefined || Number.isNaN(asked) ? reset : asked;
  return Number.isNaN(rest) ? {} : { rest: Math.min(LONGEST_REST, Math.max(SHORTEST_REST, rest)) };
}
