/** One requirement: PEP 508, and what pip, conda and people write besides. */
import { SlipwayError } from '../../src/errors.ts';
import { shown } from '../../src/paths.ts';
import type { Notice } from '../../src/types.ts';
import { placeOf, type RequirementLine } from './lines.ts';

/** A git repository that a requirement names, and what of it: a branch, a tag, a commit, or nothing for its HEAD. */
export interface GitSource {
  /** http or https, as git takes it. */
  url: string;
  ref?: string;
}

export type Parsed = { notice?: Notice } & (
  | {
      kind: 'named';
      line: string;
      name: string;
      pin?: string;
      /** One version, and hashes that its files have to have. */
      hashed?: boolean;
      git?: GitSource;
    }
  | { kind: 'local'; path: string; extras: string; marker: string }
  | { kind: 'dropped' }
);

/** Longer ones are nobody's; the limit keeps every pattern below fast whatever a file holds. */
const LONGEST = 2000;

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const EXTRAS = String.raw`\[[A-Za-z0-9._, -]*\]`;
const CLAUSE = String.raw`(?:===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+`;
const NAMED = new RegExp(
  String.raw`^(${NAME})\s*(${EXTRAS})?\s*(\(?\s*(?:${CLAUSE}(?:\s*,\s*${CLAUSE})*\s*,?)?\s*\)?)$`,
);
const AT_URL = new RegExp(String.raw`^(${NAME})\s*(${EXTRAS})?\s*@\s*(\S+)$`);
const EGG = new RegExp(`(?:^|&)egg=([A-Za-z0-9._-]+)(${EXTRAS})?`);
const REMOTE = /^(?:git\+https?|git\+git|git|hg\+https?|svn\+https?|bzr\+https?|https?):\/\//i;
/** A whole commit hash: nothing is looked up for it. */
export const FULL_SHA = /^[0-9a-f]{40}$/i;
/** Markers hold words, quoted strings and comparisons only; nothing that a shell or uv's parser could trip over. */
const MARKER = /^[A-Za-z0-9_ .'"()<>=!~,*+-]+$/;

/** PEP 503. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function fault(line: RequirementLine, text: string, hint: string): SlipwayError {
  return new SlipwayError('bad_environment_file', `${placeOf(line)}: "${shown(text)}" is not a requirement.`, { hint });
}

/** What of a URL's fragment means something to uv. */
function fragmentOf(fragment: string): { egg?: string; extras: string; kept: string; hashed: boolean } {
  const plain = fragment.replace(/%(?:5B|5D|2C|20)/gi, decodeURIComponent);
  const [, egg, extras = ''] = EGG.exec(plain) ?? [];
  const folder = /(?:^|&)subdirectory=([A-Za-z0-9._/-]+)/.exec(fragment)?.[1];
  const hash = /(?:^|&)sha256=([0-9a-f]{64})(?:&|$)/i.exec(fragment)?.[1];
  const kept = [
    ...(folder === undefined ? [] : [`subdirectory=${folder}`]),
    ...(hash === undefined ? [] : [`sha256=${hash}`]),
  ];
  return {
    ...(egg === undefined ? {} : { egg }),
    extras: extras.replace(/ /g, ''),
    kept: kept.length === 0 ? '' : `#${kept.join('&')}`,
    hashed: hash !== undefined,
  };
}

/** `git+https://host/org/repo.git@ref` → what git is to be asked. */
function gitSource(address: string): GitSource | undefined {
  if (!/^git\+https?:/i.test(address)) return undefined;
  const path = address.indexOf('/', address.indexOf('//') + 2);
  const at = address.lastIndexOf('@');
  if (path < 0 || at < path) return { url: address.slice(4) };
  return { url: address.slice(4, at), ref: address.slice(at + 1) };
}

function remote(line: RequirementLine, url: string, name: string | undefined, extras: string, marker: string): Parsed {
  const [address = '', fragment = ''] = url.split('#', 2);
  const { egg, kept, hashed, ...inFragment } = fragmentOf(fragment);
  const known = name ?? egg;
  const wanted = name === undefined ? inFragment.extras : extras;
  const https = address.replace(/^git:\/\//i, 'git+https://').replace(/^git\+git:/i, 'git+https:');
  const bare = https.replace(/^[a-z]+\+/i, '');
  if (!URL.canParse(bare) || /[^\x21-\x7e]/.test(https) || /["'`$\\<>]/.test(https))
    throw fault(line, url, 'Write its URL plainly.');
  const parsed = new URL(bare);
  if (parsed.username !== '' || parsed.password !== '') {
    throw new SlipwayError('bad_environment_file', `${placeOf(line)}: its URL holds a password or token.`, {
      hint: 'Remove it (it is public now, so revoke it too) and make the package public.',
    });
  }
  const text =
    (known === undefined ? https + kept : `${known}${wanted} @ ${https}${kept}`) +
    (marker === '' ? '' : ` ; ${marker}`);
  const git = gitSource(https);
  const fixed = hashed || FULL_SHA.test(git?.ref ?? '');
  const place = shown(parsed.host + (git === undefined ? parsed.pathname : new URL(git.url).pathname));
  const state = git === undefined ? 'as it is today' : `at the commit that ${shown(git.ref ?? 'HEAD')} leads to today`;
  const message = `${placeOf(line)}: ${place} is taken from there ${state}; only packages of the index have a day.`;
  return {
    kind: 'named',
    line: text,
    name: known === undefined ? parsed.pathname : normalName(known),
    ...(git === undefined ? {} : { git }),
    ...(fixed ? {} : { notice: { code: 'direct-url', message } }),
  };
}

function pathLike(text: string): boolean {
  return (
    /^(?:\.{1,2}(?:[/[#]|$)|\/|~|file:)/.test(text) ||
    /^[^\s@]+\/[^\s]*$/.test(text) ||
    /\.(?:whl|tar\.gz|zip)(?:\[.*\])?$/.test(text)
  );
}

function local(text: string, marker: string): Parsed {
  const [place = '', fragment = ''] = text.split('#', 2);
  const [, path = place, extras] = /^(?:file:(?:\/\/)?)?(.*?)(\[[A-Za-z0-9._, -]*\])?$/.exec(place) ?? [];
  return { kind: 'local', path, extras: extras ?? fragmentOf(fragment).extras, marker };
}

function named(line: RequirementLine, text: string, body: string, marker: string, hashes: string): Parsed {
  const match = NAMED.exec(body);
  if (match === null) {
    const single = /^([A-Za-z0-9._-]+)=([^=].*)$/.exec(body);
    const hint = single
      ? `Write ${single[1]}==${single[2]?.split('=')[0]}: one = is conda's.`
      : 'Write one a line as name, name==1.2 or name>=1.2,<2.';
    throw fault(line, text, hint);
  }
  const [, name = '', extras = '', clauses = ''] = match;
  const specifier = clauses.replace(/[()\s]/g, '').replace(/,$/, '');
  if (normalName(name) === 'pkg-resources' && specifier === '==0.0.0') {
    const message = `${placeOf(line)}: pkg-resources==0.0.0 is an artefact of Debian's pip freeze and is left out.`;
    return { kind: 'dropped', notice: { code: 'not-a-package', message } };
  }
  const pin = marker === '' ? /^===?([A-Za-z0-9.+!_-]+)$/.exec(specifier)?.[1] : undefined;
  const whole = name + extras.replace(/\s/g, '') + specifier + (marker === '' ? '' : ` ; ${marker}`) + hashes;
  const hashed = hashes !== '' && /^===?[^,*]+$/.test(specifier);
  return {
    kind: 'named',
    line: whole,
    name: normalName(name),
    ...(pin === undefined ? {} : { pin }),
    ...(hashed ? { hashed } : {}),
  };
}

/**
 * Parses one requirement (without `-e`).
 * @throws SlipwayError `bad_environment_file` naming file and line
 */
export function parseRequirement(text: string, line: RequirementLine): Parsed {
  const words = text.split(/ (?=--)/);
  if ((words[0] ?? '').length > LONGEST) throw fault(line, text, `It is longer than ${LONGEST} characters.`);
  const hashes = words
    .filter((word) => /^--hash[= ]sha(?:256|384|512):[0-9a-f]+$/i.test(word))
    .map((word) => ` ${word.replace(' ', '=')}`);
  const [requirement = '', ...markers] = (words[0] ?? '').split(/\s*;\s*/);
  const marker = markers.join(' ; ').trim();
  const body = requirement.trim();
  if (marker !== '' && !MARKER.test(marker)) throw fault(line, text, 'Its marker (after the semicolon) is malformed.');
  const at = AT_URL.exec(body);
  if (at !== null) {
    const [, name = '', extras = '', url = ''] = at;
    if (REMOTE.test(url)) return remote(line, url, name, extras, marker);
    if (!/^file:/i.test(url)) throw fault(line, text, 'After @ comes an http, https or git+https URL.');
    // conda's pip freeze writes the folder that a package was once built in; only its name means anything elsewhere.
    const message = `${placeOf(line)}: ${name} points at a folder of the author's machine, so the version of the day is taken.`;
    return { kind: 'named', line: name + extras, name: normalName(name), notice: { code: 'foreign-path', message } };
  }
  if (REMOTE.test(body)) return remote(line, body, undefined, '', marker);
  if (pathLike(body)) return local(body, marker);
  return named(line, text, body, marker, hashes.join(''));
}
