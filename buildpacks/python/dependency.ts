/** What manifests and locks say of one package, in one form whatever tool wrote the file. */
import { normalName } from './requirement.ts';
import type { Requirements } from './requirements.ts';
import { takeRequirement } from './take.ts';
import { badKey, type Table, textAt, textsAt } from './toml.ts';

/** Where a package comes from. Paths are as the file writes them, relative to its folder. */
export type Source =
  | { kind: 'index' }
  | { kind: 'git'; url: string; ref?: string; folder?: string }
  | { kind: 'url'; url: string; folder?: string }
  | { kind: 'path'; path: string; editable: boolean };

export interface Dependency {
  name: string;
  /** As written. */
  extras: readonly string[];
  /** PEP 440, '' for any version. */
  specifier: string;
  /** PEP 508, '' for always. */
  marker: string;
}

/** A dependency that a manifest declares. */
export interface Declared extends Dependency {
  source: Source;
  /** Where in the file, such as `packages.numpy`. */
  key: string;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Joins markers that all have to hold. */
export function allOf(...markers: readonly string[]): string {
  const given = markers.filter((marker) => marker !== '');
  return given.length < 2 ? (given[0] ?? '') : given.map((marker) => `(${marker})`).join(' and ');
}

function withMarker(text: string, marker: string): string {
  return marker === '' ? text : `${text} ; ${marker}`;
}

function fragment(parts: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parts).filter(([, value]) => value !== undefined && value !== '' && value !== '.');
  return given.length === 0 ? '' : `#${given.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

/** What stands before the URL of a direct reference, and the URL. */
function directText(named: string, source: Extract<Source, { kind: 'git' | 'url' }>, sha256?: string): string {
  const rest = fragment({ subdirectory: source.folder, sha256 });
  if (source.kind === 'url') return `${named} @ ${source.url}${rest}`;
  // Whoever locked it had a key; a public repository is had without one.
  const url = source.url.replace(/^git\+/i, '').replace(/^(?:ssh:\/\/)?git@([^:/]+)[:/]/i, 'https://$1/');
  return `${named} @ git+${url}${source.ref === undefined ? '' : `@${source.ref}`}${rest}`;
}

/**
 * Adds a dependency to the requirements, by the same strict grammar as a line of requirements.txt.
 * @param more hashes (`sha256:…`) that its files have to have
 * @throws SlipwayError `bad_environment_file` naming file and key, `unsafe_file` for a path out of the repository
 */
export function takeDependency(
  result: Requirements,
  file: string,
  dependency: Declared,
  hashes: readonly string[] = [],
): void {
  const { name, extras, specifier, marker, source, key } = dependency;
  const where = { text: name, file, number: 1, key };
  // One part must not become another: a version with a semicolon would be a marker.
  const isPlain = extras.every((extra) => NAME.test(extra)) && /^[A-Za-z0-9.*+!_<>=~,\s-]*$/.test(specifier);
  if (!isPlain || (source.kind !== 'path' && !NAME.test(name)))
    throw badKey(
      file,
      key,
      `is not a requirement: ${name}${extras.length > 0 ? `[${extras}]` : ''}${specifier}`.slice(0, 200),
    );
  const words = extras.length === 0 ? '' : `[${extras.join(',')}]`;
  if (source.kind === 'path') {
    const path = source.path.startsWith('.') || source.path.startsWith('/') ? source.path : `./${source.path}`;
    const how = { editable: source.editable, asConstraints: false };
    takeRequirement(result, where, withMarker(path + words, marker), how);
    return;
  }
  const how = { editable: false, asConstraints: false };
  if (source.kind === 'index') {
    const text = withMarker(name + words + specifier, marker);
    takeRequirement(result, where, text + hashes.map((hash) => ` --hash=${hash}`).join(''), how);
    return;
  }
  const sha256 = hashes.length === 1 ? /^sha256:([0-9a-f]{64})$/.exec(hashes[0] ?? '')?.[1] : undefined;
  takeRequirement(result, where, withMarker(directText(name + words, source, sha256), marker), how);
}

/** The source that a table of a manifest names by `git`, `url`, `file` or `path`; undefined when it names an index's package. */
export function sourceOf(file: string, key: string, table: Table): Source | undefined {
  const [git, url, path] = ['git', 'url', 'path'].map((name) => textAt(file, `${key}.${name}`, table[name]));
  const local = textAt(file, `${key}.file`, table.file);
  const folder = textAt(file, `${key}.subdirectory`, table.subdirectory);
  const inside = folder === undefined ? {} : { folder };
  if (git !== undefined) {
    const refs = ['rev', 'tag', 'branch', 'ref'].map((name) => textAt(file, `${key}.${name}`, table[name]));
    const ref = refs.find((one) => one !== undefined && one !== '');
    return { kind: 'git', url: git, ...(ref === undefined ? {} : { ref }), ...inside };
  }
  const address = url ?? (local !== undefined && /^https?:/i.test(local) ? local : undefined);
  if (address !== undefined) return { kind: 'url', url: address, ...inside };
  const place = path ?? local;
  if (place === undefined) return undefined;
  const editable = table.editable === true || table.develop === true;
  return { kind: 'path', path: place, editable };
}

export function extrasOf(file: string, key: string, table: Table): readonly string[] {
  return textsAt(file, `${key}.extras`, table.extras);
}

const PEP508 =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) ?(?:\[([A-Za-z0-9._, -]*)\])? ?([^;@]*?|@ ?[^ ]+) ?(?:;(.*))?$/;

/**
 * Splits a PEP 508 requirement into its parts; what they hold is checked where they are used.
 * @throws SlipwayError `bad_environment_file`
 */
export function parseDependency(file: string, key: string, text: string): Declared {
  const plain = text.replace(/\s+/g, ' ').trim();
  const match = plain.length > 4000 ? null : PEP508.exec(plain);
  if (match === null) throw badKey(file, key, `is not a requirement: ${plain.slice(0, 80)}`, 'Write it as name>=1.2.');
  const [, name = '', extras, rest = '', marker = ''] = match;
  const found = {
    name,
    extras: extras === undefined ? [] : extras.split(',').map((extra) => extra.trim()),
    marker: marker.trim(),
    key,
  };
  if (!rest.startsWith('@')) return { ...found, specifier: rest.replace(/[()\s]/g, ''), source: { kind: 'index' } };
  const [address = '', words = ''] = rest.slice(1).trim().split('#', 2);
  const folder = /(?:^|&)subdirectory=([^&]+)/.exec(words)?.[1];
  const inside = folder === undefined ? {} : { folder };
  if (!/^git\+/i.test(address))
    return { ...found, specifier: '', source: { kind: 'url', url: address + (words === '' ? '' : `#${words}`) } };
  const at = address.lastIndexOf('@');
  const hasRef = at > address.indexOf('/', address.indexOf('//') + 2);
  const source: Source = hasRef
    ? { kind: 'git', url: address.slice(0, at), ref: address.slice(at + 1), ...inside }
    : { kind: 'git', url: address, ...inside };
  return { ...found, specifier: '', source };
}

/** The normalised name, for look-ups. */
export function keyOf({ name }: { name: string }): string {
  return normalName(name);
}
