/** Where in a session a browser is sent, so that no link can carry the token to a stranger. */
import { SlipwayError } from '../errors.ts';
import { shown } from '../paths.ts';
import type { Resolved } from '../types.ts';

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

const FILES = 'lab/tree/';

/**
 * A commit as a session shows it whose root is `subdir`: the file of a pasted page is found from there, one outside of it
 * not at all. What a Binder link opens is as whoever made it wrote it.
 */
export function openedFrom(resolved: Resolved, subdir: string): Resolved {
  const { urlpath, ...rest } = resolved;
  if (subdir === '' || !urlpath?.startsWith(FILES) || resolved.spec.urlpath !== undefined) return resolved;
  const folder = `${FILES}${subdir.split('/').map(encodeURIComponent).join('/')}/`;
  return urlpath.startsWith(folder) ? { ...rest, urlpath: FILES + urlpath.slice(folder.length) } : rest;
}

/** Says that a pasted page is not opened, for lying outside of the folder that the session shows. */
export function pageOutside(resolved: Resolved, subdir: string): string | undefined {
  const { urlpath } = resolved;
  if (urlpath === undefined || openedFrom(resolved, subdir).urlpath !== undefined) return undefined;
  const page = decodeURIComponent(urlpath.slice(FILES.length));
  if (page === subdir) return undefined;
  return `${shown(page)} is not in the sub-folder ${shown(subdir)}, so the sub-folder is opened instead`;
}
