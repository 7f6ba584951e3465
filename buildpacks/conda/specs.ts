/** conda's MatchSpec as people write it: `numpy=1.15`, `conda-forge::numpy >=1.15,<2`, `numpy[version='>=1']`. */
import type { Notice } from '../../src/types.ts';
import { channelName } from './channels.ts';
import { fault, type Place, quoted } from './faults.ts';
import type { CondaSpec } from './types.ts';

/** Longer ones are nobody's; the limit keeps every pattern below fast whatever a file holds. */
const LONGEST = 500;

const NAME = /^[a-z0-9_][a-z0-9_.-]*$/;
/** One version, with a trailing `*` for a series. */
const VERSION = /^(?:\d+!)?[A-Za-z0-9][A-Za-z0-9._+-]*\*?$/;
const CLAUSE = /^(===|==|~=|!=|<=|>=|=|<|>)?(.+)$/;
/** Builds are words; `*` stands for anything. */
const BUILD = /^[A-Za-z0-9_.*+-]+$/;
const KEYS = new Set(['version', 'build', 'build_number', 'channel', 'subdir']);

function refuse(place: Place, text: string, hint: string) {
  return fault(place, `${quoted(text)} is no conda package.`, hint);
}

/** One comparison, spelt so that every reader of it means the same. */
function clause(place: Place, whole: string, text: string): string {
  const [, operator = '==', version = ''] = CLAUSE.exec(text) ?? [];
  if (version === '*') return '*';
  if (!VERSION.test(version)) throw refuse(place, whole, 'Write its version as =1.15, ==1.15.4 or >=1.15,<2.');
  const series = version.replace(/\.?\*$/, '');
  const isSeries = series !== version;
  switch (operator) {
    case '=':
      return `${series}.*`;
    case '==':
    case '===':
      return isSeries ? `${series}.*` : `==${version}`;
    case '!=':
      return isSeries ? `!=${series}.*` : text;
    default:
      // `>=1.15.*` is what `>=1.15` means.
      return `${operator}${series}`;
  }
}

/** `>=1.15, <2|=3` → clauses of our spelling; undefined where any version will do. */
function versionOf(place: Place, whole: string, text: string): string | undefined {
  const tight = text.replace(/\s*([=<>!~,|])\s*/g, '$1').trim();
  const parts = tight.split(/([,|])/).filter((part) => part !== '');
  const clauses = parts.map((part) => (part === ',' || part === '|' ? part : clause(place, whole, part)));
  const joined = clauses.join('').replace(/,+$/, '');
  return joined === '*' || joined === '' ? undefined : joined;
}

interface Parts {
  name: string;
  version?: string;
  build?: string;
}

/** Splits `name`, version and build apart, in any of conda's three spellings. */
function split(place: Place, whole: string, text: string): Parts {
  // Spaces round an operator mean nothing; those that are left separate name, version and build.
  const [first = '', ...words] = text.replace(/\s*([=<>!~,|])\s*/g, (_, sign: string) => sign).split(/\s+/);
  const at = first.search(/[=<>!~]/);
  const name = at < 0 ? first : first.slice(0, at);
  const rest = at < 0 ? '' : first.slice(at);
  // `name=1.15.4=py37_0` is exact, for a build has one version; `name=2=cuda*` is not.
  const exact = /^(==?)((?:\d+!)?[^=<>!~,|]+)=([^=]+)$/.exec(rest);
  if (exact !== null && words.length === 0) {
    const [, , version = '', build = ''] = exact;
    return { name, version: build.includes('*') ? `=${version}` : `==${version}`, build };
  }
  if (rest !== '') {
    const [build, ...more] = words;
    if (more.length > 0) throw refuse(place, whole, 'Write it as name=version=build.');
    return { name, version: rest, ...(build === undefined ? {} : { build }) };
  }
  const [version, build, ...more] = words;
  if (more.length > 0) throw refuse(place, whole, 'Write it as name=version=build.');
  return { name, ...(version === undefined ? {} : { version }), ...(build === undefined ? {} : { build }) };
}

/** `[version='>=1', build=py37_0]`. */
function bracket(place: Place, whole: string, text: string): Map<string, string> {
  const found = new Map<string, string>();
  const pair = /([a-z_0-9]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,'"]+))/g;
  for (const [, key = '', double, single, bare] of text.matchAll(pair)) {
    if (!KEYS.has(key)) throw refuse(place, whole, `Of what stands in brackets ${[...KEYS].join(', ')} are known.`);
    found.set(key, double ?? single ?? bare ?? '');
  }
  if (found.size === 0 || /[^\s,]/.test(text.replace(pair, '')))
    throw refuse(place, whole, "Write it as name[version='>=1'].");
  return found;
}

/** `https://host/channel::numpy`, `conda-forge/linux-64::numpy`: the channel apart. */
function takeChannel(place: Place, text: string): { channel?: string; rest: string } {
  const at = text.lastIndexOf('::');
  if (at < 0) return { rest: text };
  const channel = channelName(place, text.slice(0, at).replace(/\/(?:noarch|(?:linux|osx|win)-[a-z0-9]+)$/, ''));
  return { channel, rest: text.slice(at + 2) };
}

/**
 * Parses one requirement of conda's; what comes out holds nothing that a shell or a solver could take for more.
 * @throws SlipwayError `bad_environment_file` naming file and line
 */
export function parseSpec(written: string, place: Place): CondaSpec {
  const text = written.replace(/(^|\s)#.*$/s, '').trim();
  if (text.length > LONGEST) throw refuse(place, text, `It is longer than ${LONGEST} characters.`);
  if (/^[a-z]+:\/\/\S*\.(?:conda|tar\.bz2)(?:#.*)?$/.test(text) || /^[./~]/.test(text))
    throw refuse(place, text, 'Name the package and its version instead of a file of it.');
  const [, before = '', inside, after = ''] = /^([^[\]]*)(?:\[([^[\]]*)\])?([^[\]]*)$/.exec(text) ?? [];
  const body = before + after;
  // `uvicorn[standard]`: conda has no extras, and passes over them too.
  const isExtra = inside === undefined || /^[\w, -]+$/.test(inside);
  const keys = isExtra ? new Map<string, string>() : bracket(place, text, inside);
  const { channel: prefix, rest } = takeChannel(place, body.trim());
  const parts = split(place, text, rest);
  const name = parts.name.toLowerCase();
  if (!NAME.test(name)) throw refuse(place, text, 'Write one an item as name, name=1.15 or name>=1.15,<2.');
  const version = versionOf(place, text, keys.get('version') ?? parts.version ?? '');
  const build = keys.get('build') ?? parts.build;
  if (build !== undefined && !BUILD.test(build)) throw refuse(place, text, 'Write it as name=version=build.');
  const inKeys = keys.get('channel');
  const channel = inKeys === undefined ? prefix : channelName(place, inKeys);
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(build === undefined || build === '*' ? {} : { build }),
    ...(channel === undefined ? {} : { channel }),
    file: place.file,
    line: place.line,
  };
}

/**
 * The series that an exact version belongs to, any build of it: `1.15.4` → `1.15.*`, `1.15` → `1.*`, `0.9` → `0.9.*`. Earlier
 * releases of the series count too, for a channel that lacks one often has just the one before it, and the solver takes
 * the latest of the day anyway. What is not exact stays as it is.
 */
export function loosened(spec: CondaSpec): CondaSpec {
  const exact = /^==(.+)$/.exec(spec.version ?? '')?.[1];
  const { build, version, ...rest } = spec;
  if (exact === undefined)
    return build === undefined ? spec : { ...rest, ...(version === undefined ? {} : { version }) };
  const numbers = /^\d+(?:\.\d+)*(?!!)/.exec(exact)?.[0].split('.') ?? [];
  const isWhole = numbers.join('.') === exact;
  const [major = ''] = numbers;
  const kept = numbers.length > 2 || major === '0' ? numbers.slice(0, 2) : numbers.slice(0, 1);
  // `9d`, `2021a` and what has an epoch have no series that a pattern could name.
  if (numbers.length === 0 || (!isWhole && numbers.length < 2)) return { ...rest, version: `>=${exact}` };
  return { ...rest, version: `${kept.join('.')}.*` };
}

/** Says what `loosened` did, undefined when it did nothing. */
export function loosenedNotice(from: CondaSpec, to: CondaSpec): Notice | undefined {
  if (from.version === to.version && from.build === to.build) return undefined;
  const was = `${from.name} ${from.version ?? ''}${from.build === undefined ? '' : ` ${from.build}`}`;
  const message = `${from.file}, line ${from.line}: ${was} cannot be had together with the rest, so ${to.version ?? 'any version'} of any build is taken.`;
  return { code: 'version-loosened', message, file: from.file };
}
