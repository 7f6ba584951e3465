/** A lock, whatever tool wrote it: its packages, and which of them one Python on one platform gets. */
import { satisfies, valid } from '@renovatebot/pep440';
import { SlipwayError } from '../../src/errors.ts';
import { shown } from '../../src/paths.ts';
import { type WheelTarget, wheelFits } from '../../src/wheel-tags.ts';
import { type Declared, type Dependency, keyOf, type Source, takeDependency } from './dependency.ts';
import { takeIndexes } from './indexes.ts';
import { type MarkerWorld, markerHolds } from './markers.ts';
import { normalName } from './requirement.ts';
import { noRequirements, type Requirements } from './requirements.ts';
import { badKey } from './toml.ts';

/** One file of a package; `name` is '' where the lock gives hashes alone. */
export interface LockedFile {
  name: string;
  /** `sha256:…` */
  hash: string;
  /** Its address, where it is in no index that the lock names. */
  url?: string;
}

export interface LockedPackage {
  name: string;
  /** What is not from an index may have none. */
  version: string | undefined;
  marker: string;
  /** Its Requires-Python, '' for any. */
  python: string;
  dependencies: readonly Dependency[];
  /** What each of its extras adds, by normalised name. */
  extras: ReadonlyMap<string, readonly Dependency[]>;
  files: readonly LockedFile[];
  source: Source;
  /** The repository's own package: installed with the content, if at all. */
  own: boolean;
}

export interface Lock {
  file: string;
  /** What was asked for; the rest follows from it. */
  roots: readonly Dependency[];
  /** By normalised name; several versions of one package are told apart by their markers. */
  packages: ReadonlyMap<string, readonly LockedPackage[]>;
  /** PEP 440 bounds of the Python that it was made for. */
  python: string | undefined;
  /** Package indexes that it names. */
  indexes: readonly string[];
  /** Pages of files, which are no indexes. */
  findLinks?: readonly string[];
  /** Groups that are installed, for markers that ask. */
  groups: ReadonlySet<string>;
  /** Markers of which one has to hold, when there are any: what it was made for. */
  environments?: readonly string[];
}

/** A lock has at most some thousand packages; more steps than that are a tangle made on purpose. */
const MOST_STEPS = 200_000;
/** Versions of one package, each for other platforms or Pythons; real locks have a handful. */
const MOST_VERSIONS = 100;

/** Groups packages by their normalised names. @throws SlipwayError `bad_environment_file` */
export function byName(file: string, packages: readonly LockedPackage[]): Map<string, LockedPackage[]> {
  const found = new Map<string, LockedPackage[]>();
  for (const one of packages) {
    const key = keyOf(one);
    const same = found.get(key);
    if (same === undefined) found.set(key, [one]);
    else same.push(one);
    if (same !== undefined && same.length > MOST_VERSIONS)
      throw badKey(file, one.name, `has more than ${MOST_VERSIONS} versions.`);
  }
  return found;
}

/** Why a lock cannot be installed with that Python on that platform; undefined when nothing speaks against it. */
export function misfit(lock: Lock, world: MarkerWorld): string | undefined {
  const python = world.variables.get('python_full_version') ?? '';
  if (!versionFits(python, lock.python ?? '')) return `it is for Python ${lock.python}, and this is ${python}`;
  const old = [...lock.packages.values()].flat().find((one) => isUnknownVersion(one) && isFor(lock, one, world));
  if (old !== undefined)
    return `it has version "${shown(old.version ?? '', 40)}" of ${old.name}, which no installer takes`;
  const { environments = [] } = lock;
  if (environments.length === 0 || environments.some((one) => markerHolds(one, world, `${lock.file}, environments`)))
    return undefined;
  return 'it is for other platforms or Pythons';
}

/** Indexes once had versions such as `2011k`, which PEP 440 does not know. */
function isUnknownVersion({ version, source }: LockedPackage): boolean {
  return source.kind === 'index' && version !== undefined && /^[\w.+!-]+$/.test(version) && valid(version) === null;
}

/** Every package as something asked for, for locks that are lists. */
export function rootsOf(packages: readonly LockedPackage[]): Dependency[] {
  const names = new Map(packages.map((one) => [keyOf(one), one.name]));
  return [...names.values()].map((name) => ({ name, extras: [], specifier: '', marker: '' }));
}

export function versionFits(version: string | undefined, specifier: string): boolean {
  if (version === undefined || specifier === '') return true;
  if (valid(version) === null) return false;
  return satisfies(version, specifier, { prereleases: true });
}

function isFor(lock: Lock, one: LockedPackage, world: MarkerWorld): boolean {
  const python = world.variables.get('python_full_version') ?? '';
  return versionFits(python, one.python) && markerHolds(one.marker, world, `${lock.file}, ${one.name}`);
}

/** The version of a package that a dependency means here; what the lock has counts more than what is asked of it. */
function find(lock: Lock, dependency: Dependency, world: MarkerWorld): LockedPackage | undefined {
  const candidates = (lock.packages.get(keyOf(dependency)) ?? []).filter((one) => isFor(lock, one, world));
  return candidates.find(({ version }) => versionFits(version, dependency.specifier)) ?? candidates[0];
}

/** The packages that are installed, from the roots along their dependencies, each once. */
function walk(lock: Lock, world: MarkerWorld): LockedPackage[] {
  const chosen = new Map<string, LockedPackage>();
  const seen = new Set<string>();
  const queue = lock.roots.map((dependency) => ({ dependency, active: world.extras }));
  for (const { dependency, active } of queue) {
    if (queue.length > MOST_STEPS) throw tangled(lock);
    const here = { ...world, extras: active };
    if (!markerHolds(dependency.marker, here, `${lock.file}, ${dependency.name}`)) continue;
    const found = find(lock, dependency, world);
    if (found === undefined) continue;
    const wanted = new Set(dependency.extras.map(normalName));
    const step = `${keyOf(found)} ${found.version ?? ''} ${[...wanted].sort().join()}`;
    chosen.set(`${keyOf(found)} ${found.version ?? ''}`, found);
    if (seen.has(step)) continue;
    seen.add(step);
    const next = [...found.dependencies, ...[...wanted].flatMap((extra) => found.extras.get(extra) ?? [])];
    queue.push(...next.map((one) => ({ dependency: one, active: wanted })));
  }
  return [...chosen.values()];
}

function tangled(lock: Lock): SlipwayError {
  return new SlipwayError('bad_environment_file', `${lock.file}: its packages depend on each other in too many ways.`, {
    hint: 'Have its tool write it anew.',
  });
}

/** The files that can be used here: wheels that fit, and source archives. Undefined when there are only others. */
function usableFiles(one: LockedPackage, target: WheelTarget): readonly LockedFile[] | undefined {
  if (one.files.length === 0) return [];
  const wheels = one.files.filter(({ name }) => name.endsWith('.whl') && wheelFits(name, target));
  const usable = [...wheels, ...one.files.filter(({ name }) => !name.endsWith('.whl'))];
  return usable.length === 0 ? undefined : usable;
}

/**
 * Exact requirements for one Python on one platform, with the hashes that the lock has.
 * @returns also `unfit`: packages that have no file for this platform
 * @throws SlipwayError `bad_environment_file` naming file and package
 */
export function exportLock(
  lock: Lock,
  world: MarkerWorld,
  target: WheelTarget,
): { requirements: Requirements; unfit: string[] } {
  const requirements = noRequirements();
  requirements.files.push(lock.file);
  takeIndexes(requirements, lock.file, { indexes: lock.indexes, findLinks: lock.findLinks ?? [] });
  const unfit: string[] = [];
  const packages = walk(lock, { ...world, groups: lock.groups });
  for (const one of packages.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    if (one.own) continue;
    const files = usableFiles(one, target);
    if (files === undefined) unfit.push(`${one.name} ${one.version ?? ''}`.trim());
    else if (one.source.kind === 'url' && /^file:/i.test(one.source.url))
      throw badKey(lock.file, one.name, 'is a file of the machine that it was locked on.');
    else takeDependency(requirements, lock.file, exact(one, files[0]), hashesOf(files));
  }
  return { requirements, unfit };
}

/** Those of the first file alone when it is taken from its own address. */
function hashesOf(files: readonly LockedFile[]): string[] {
  const taken = files[0]?.url === undefined ? files : files.slice(0, 1);
  return [...new Set(taken.map(({ hash }) => hash))].filter((hash) => hash !== '').sort();
}

function exact({ name, version, source }: LockedPackage, file: LockedFile | undefined): Declared {
  const specifier = source.kind === 'index' && version !== undefined ? `==${version}` : '';
  const bare = { name, extras: [], marker: '', key: name };
  if (file?.url !== undefined) return { ...bare, specifier: '', source: { kind: 'url', url: file.url } };
  return { ...bare, specifier, source };
}

/** Pins of packages that are made for one Python: the others have no say in which it is. */
export function lockPins(lock: Lock): { name: string; version: string; file: string }[] {
  const pins: { name: string; version: string; file: string }[] = [];
  for (const [name, [only, ...others]] of lock.packages) {
    if (only?.version === undefined || others.length > 0 || only.source.kind !== 'index') continue;
    if (/platform|os_name|extra/.test(only.marker)) continue;
    const made = only.files.some((file) => file.name === '' || /-cp3\d+-cp3\d+m?-[^-]*linux/.test(file.name));
    if (made) pins.push({ name, version: only.version, file: lock.file });
  }
  return pins;
}

/**
 * What a manifest declares and the lock does not have, or has in a version that is not allowed. What is declared for
 * some Pythons or platforms only has no say: tools leave out of a lock what none of its own would need.
 */
export function notLocked(lock: Lock, declared: readonly Declared[]): string[] {
  const lacking = declared.filter((one) => {
    if (one.marker !== '') return false;
    const candidates = lock.packages.get(keyOf(one)) ?? [];
    if (one.source.kind !== 'index') return candidates.length === 0;
    return !candidates.some(({ version }) => versionFits(version, one.specifier));
  });
  return [...new Set(lacking.map(({ name, specifier }) => name + specifier))];
}
