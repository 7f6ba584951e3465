/** Checks on text that came from outside, before anything is made of it. */
import { SlipwayError } from '../errors.ts';
import { hostOf, portOf } from '../hosts.ts';

const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
const FORMS =
  'Give a clone URL (https://host/org/repo), a spec (gh/org/repo/ref, gl/group%2Fproject/ref, gist/user/id, git/<encoded URL>/ref), a GitHub or GitLab page, or a DOI.';

/** The error for what is no repository; its hint shows the accepted forms. Never give it text with a password. */
export function badSpec(why: string): SlipwayError {
  return new SlipwayError('bad_spec', why, { hint: FORMS });
}

/** Refuses control and bidi characters and absurd lengths; gives the text back. */
export function plainText(text: string, what: string): string {
  if (UNSEEN.test(text)) throw badSpec(`The ${what} holds invisible or control characters.`);
  if (text.length > 2000) throw badSpec(`The ${what} is longer than 2000 characters.`);
  return text;
}

/** Percent-decodes exactly once. */
export function decoded(text: string): string {
  try {
    return plainText(decodeURIComponent(text), 'repository');
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw badSpec('The repository holds a % that is not followed by two hexadecimal digits.');
  }
}

/** A name of an owner or repository: word characters, dots and dashes. */
export function plainName(text: string | undefined, what: string): string {
  if (text !== undefined && /^[\w.][\w.-]*$/.test(text) && text !== '.' && text !== '..') return text;
  throw badSpec(text ? `"${text}" is no name of ${what}.` : `The name of ${what} is missing.`);
}

/** A ref that git could have; its characters are data ever after. @throws bad_spec */
export function checkedRef(ref: string): string {
  plainText(ref, 'ref');
  const impossible = /^[-/.]|\.\.|\/\/|\/\.|@\{|[ ~^:?*[\\]|[/.]$|\.lock(\/|$)/;
  if (ref === '' || ref.length > 250 || impossible.test(ref))
    throw badSpec(`"${ref}" cannot be the name of a branch, tag or commit.`);
  return ref;
}

/** Segments of a URL's path, decoded once, empty ones dropped. */
export function segmentsOf(url: URL): string[] {
  return url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
}

/** One spelling of a clone URL: lower-case host, no default port, trailing slash or `.git`. */
export function canonicalClone(url: URL): string {
  const host = hostOf(url).includes(':') ? `[${hostOf(url)}]` : hostOf(url);
  const standard = portOf(url) === (url.protocol === 'https:' ? 443 : 80);
  const path = url.pathname
    .replace(/\/+/g, '/')
    .replace(/\/$/, '')
    .replace(/\.git$/, '');
  return `${url.protocol}//${host}${standard ? '' : `:${url.port}`}${path}`;
}

/** Refuses a URL with a user name or password, without repeating either. */
export function refuseCredentials(url: URL): void {
  if (url.username === '' && url.password === '') return;
  throw badSpec('The URL holds a user name or password; only public repositories can be launched, without one.');
}
