/** What a session's server may tell a browser: nothing that reaches beyond the session's own path. */
import type { IncomingHttpHeaders } from 'node:http';

/** Headers that speak for a whole origin or host, and so for other sessions and whatever else is there. */
const OF_THE_ORIGIN = [
  'service-worker-allowed',
  'clear-site-data',
  'strict-transport-security',
  'public-key-pins',
  'alt-svc',
  'nel',
  'report-to',
  'reporting-endpoints',
  'origin-agent-cluster',
  'accept-ch',
  'critical-ch',
  'use-as-dictionary',
  'set-login',
  'refresh',
  'connection',
  'keep-alive',
  'proxy-authenticate',
];

/** Policies by which another site is told no more than the origin, which has no token in it. */
const DISCREET = /^(?:no-referrer|same-origin|(?:strict-)?origin(?:-when-cross-origin)?)$/;

/**
 * A cookie as the session may set it: for its own path and no domain, else undefined. A browser takes the last of
 * several attributes of one name, so each of them has to be right.
 */
export function ownCookie(cookie: string, path: string): string | undefined {
  const attributes = cookie
    .split(';')
    .slice(1)
    .map((part) => part.trim().toLowerCase());
  if (attributes.some((one) => /^domain\b/.test(one))) return undefined;
  const paths = attributes.filter((one) => /^path\b/.test(one)).map((one) => one.replace(/^path\s*=?\s*/, ''));
  const isOwn = (one: string) => `${one}/` === path || one.startsWith(path);
  if (!paths.every(isOwn)) return undefined;
  // Without a path a browser would take the folder of the request, which may be above the session's.
  return paths.length > 0 ? cookie : `${cookie}; Path=${path}`;
}

/** @param path `/user/<name>/` */
export function responseHeaders(headers: IncomingHttpHeaders, path: string): IncomingHttpHeaders {
  const kept = { ...headers };
  for (const name of OF_THE_ORIGIN) delete kept[name];
  if (kept['set-cookie'] !== undefined) {
    kept['set-cookie'] = [kept['set-cookie']].flat().flatMap((cookie) => ownCookie(cookie, path) ?? []);
  }
  // The token may be in a page's address. Of several policies a browser takes the last that it knows.
  const policies = String(kept['referrer-policy'] ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase());
  if (!policies.every((one) => DISCREET.test(one))) kept['referrer-policy'] = 'strict-origin-when-cross-origin';
  return kept;
}

/**
 * Lets pages of other sites ask whether they may send a token, which Jupyter's server forgets where it allows the very
 * request. Nothing is loosened: without a token it refuses them, whatever cookies the reader has.
 * @param origins that may, as in SLIPWAY_CORS_ORIGINS
 */
export function preflightHeaders<H extends IncomingHttpHeaders>(
  headers: H,
  origin: string | undefined,
  origins: readonly string[],
): H {
  if (origin === undefined) return headers;
  if (origins.includes('*')) return { ...headers, 'access-control-allow-origin': '*' };
  return origins.includes(origin) ? { ...headers, 'access-control-allow-origin': origin, vary: 'Origin' } : headers;
}

/** What a session's server is told: what the browser said, but for what proxies before us added about the reader. */
export function requestHeaders(headers: IncomingHttpHeaders, protocol: string): IncomingHttpHeaders {
  const kept = { ...headers };
  for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via']) delete kept[name];
  return { ...kept, 'x-forwarded-proto': protocol };
}
