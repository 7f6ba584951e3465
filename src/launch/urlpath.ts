/** Where in a session a browser is sent, so that no link can carry the token to a stranger. */
import { SlipwayError } from '../errors.ts';

const CONTROL = /[\p{Cc}\p{Bidi_Control}]/u;

function refuse(urlpath: string): never {
  throw new SlipwayError('bad_urlpath', `The path ${JSON.stringify(urlpath)} leads out of the session.`, {
    hint: 'Give a path inside the session, such as lab/tree/index.ipynb.',
  });
}

/**
 * The address inside a session that `urlpath` names. Leading slashes are dropped, inner `//`, query and fragment kept.
 * @param base the session's own address, ending in `/`
 * @throws bad_urlpath when the outcome has another origin or lies outside of the base
 */
export function resolveUrlpath(base: string, urlpath: string): URL {
  if (CONTROL.test(urlpath)) refuse(urlpath);
  const relative = urlpath.trim().replace(/^[/\\]+/, '');
  if (!URL.canParse(relative, base)) refuse(urlpath);
  const [target, home] = [new URL(relative, base), new URL(base)];
  const isInside = target.origin === home.origin && target.pathname.startsWith(home.pathname);
  if (!isInside || target.username !== '' || target.password !== '') refuse(urlpath);
  return target;
}

/**
 * Refuses a path that would lead a browser out of whichever session it is.
 * @throws bad_urlpath
 */
export function checkUrlpath(urlpath: string | undefined): void {
  resolveUrlpath('http://127.0.0.1/', urlpath ?? '');
}

/**
 * What a browser opens: base, path and token in one. The token goes last, because the last of several counts.
 * @throws bad_urlpath
 */
export function sessionLink(base: string, urlpath: string | undefined, token: string): string {
  const target = resolveUrlpath(base, urlpath ?? '');
  const query = target.search === '' ? '?' : `${target.search}&`;
  return `${target.origin}${target.pathname}${query}token=${token}${target.hash}`;
}
