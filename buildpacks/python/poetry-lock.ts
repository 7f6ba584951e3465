/** poetry.lock, of every version of Poetry → what `poetry install` installs. */
import type { Checkout } from '../../src/types.ts';
import { toSpecifier } from './constraints.ts';
import { type Declared, type Dependency, keyOf, type Source } from './dependency.ts';
import { byName, type Lock, type LockedFile, type LockedPackage, rootsOf } from './locked.ts';
import { declaredIn } from './poetry.ts';
import { normalName } from './requirement.ts';
import { badKey, isTable, MAX_LOCK, readToml, type Table, tableAt, tablesAt, textAt, textsAt } from './toml.ts';

export interface PoetryLock extends Lock {
  contentHash: string | undefined;
}

function sourceOf(file: string, key: string, table: Table): { source: Source; index?: string } {
  const [type, url, commit, folder] = ['type', 'url', 'resolved_reference', 'subdirectory'].map((part) =>
    textAt(file, `${key}.${part}`, table[part]),
  );
  const inside = folder === undefined ? {} : { folder };
  if (url === undefined) return { source: { kind: 'index' } };
  switch (type) {
    case 'git': {
      const ref = commit ?? textAt(file, `${key}.reference`, table.reference);
      return { source: { kind: 'git', url, ...(ref === undefined ? {} : { ref }), ...inside } };
    }
    case 'url':
      return { source: { kind: 'url', url, ...inside } };
    case 'directory':
    case 'file':
      return { source: { kind: 'path', path: url, editable: false } };
    default:
      return { source: { kind: 'index' }, index: url };
  }
}

/** Poetry 2 has one marker for all groups, or one for each. */
function markerOf(file: string, key: string, value: unknown): string {
  if (!isTable(value)) return textAt(file, key, value) ?? '';
  const markers = Object.values(value).map((marker) => textAt(file, key, marker) ?? '');
  return markers.includes('') ? '' : markers.map((marker) => `(${marker})`).join(' or ');
}

function filesOf(file: string, key: string, value: unknown): LockedFile[] {
  return tablesAt(file, key, value).map((one) => ({
    name: textAt(file, `${key}.file`, one.file) ?? '',
    hash: textAt(file, `${key}.hash`, one.hash) ?? '',
  }));
}

/** Before Poetry 1.3 files stood together at the end, and in the beginning their hashes alone. */
function oldFiles(file: string, metadata: Table): Map<string, LockedFile[]> {
  const files = Object.entries(tableAt(file, 'metadata.files', metadata.files));
  const found = files.map(([name, list]) => [normalName(name), filesOf(file, `metadata.files.${name}`, list)] as const);
  const hashes = Object.entries(tableAt(file, 'metadata.hashes', metadata.hashes)).map(([name, list]) => {
    const bare = textsAt(file, `metadata.hashes.${name}`, list);
    return [normalName(name), bare.map((hash) => ({ name: '', hash: `sha256:${hash}` }))] as const;
  });
  return new Map([...hashes, ...found]);
}

function dependenciesOf(file: string, key: string, table: Table, optional: boolean): Dependency[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    const wanted = values.filter((one) => (isTable(one) && one.optional === true) === optional);
    return wanted.flatMap((one) => declaredIn(file, `${key}.${name}`, name, one, []));
  });
}

/** What each extra adds: `["wcwidth (>=0.2)"]` names dependencies that are optional otherwise. */
function extrasIn(file: string, key: string, table: Table, optional: readonly Dependency[]): Map<string, Dependency[]> {
  return new Map(
    Object.entries(tableAt(file, key, table.extras)).map(([name, list]) => {
      const names = textsAt(file, `${key}.${name}`, list).map((text) =>
        normalName(/^[A-Za-z0-9._-]+/.exec(text)?.[0] ?? ''),
      );
      return [normalName(name), optional.filter((one) => names.includes(keyOf(one)))];
    }),
  );
}

interface PoetryPackage extends LockedPackage {
  index: string | undefined;
  /** Of the groups that are installed by default. */
  byDefault: boolean;
}

function packageOf(file: string, table: Table, number: number, old: ReadonlyMap<string, LockedFile[]>): PoetryPackage {
  const name = textAt(file, `package ${number}.name`, table.name);
  if (name === undefined) throw badKey(file, `package ${number}`, 'has no name.');
  const key = `package.${name}`;
  const { source, index } = sourceOf(file, `${key}.source`, tableAt(file, `${key}.source`, table.source));
  const edges = tableAt(file, `${key}.dependencies`, table.dependencies);
  const python = textAt(file, `${key}.python-versions`, table['python-versions']) ?? '*';
  const groups = textsAt(file, `${key}.groups`, table.groups);
  const files = table.files === undefined ? old.get(normalName(name)) : filesOf(file, `${key}.files`, table.files);
  return {
    name,
    version: textAt(file, `${key}.version`, table.version),
    marker: markerOf(file, `${key}.markers`, table.markers),
    python: toSpecifier(python)?.specifier ?? '',
    dependencies: dependenciesOf(file, `${key}.dependencies`, edges, false),
    extras: extrasIn(file, `${key}.extras`, table, dependenciesOf(file, `${key}.dependencies`, edges, true)),
    files: files ?? [],
    source: source.kind === 'path' ? { ...source, editable: table.develop === true } : source,
    own: false,
    index,
    byDefault: table.optional !== true && (groups.length === 0 || groups.some((group) => /^(?:main|dev)$/.test(group))),
  };
}

/**
 * @param declared what pyproject.toml asks for; without one the lock's own groups say what is installed
 * @throws SlipwayError `bad_environment_file` with file and line or key
 */
export async function readPoetryLock(
  checkout: Checkout,
  file: string,
  declared: readonly Declared[] | undefined,
): Promise<PoetryLock> {
  const lock = await readToml(checkout, file, MAX_LOCK);
  const metadata = tableAt(file, 'metadata', lock.metadata);
  const version = textAt(file, 'metadata.lock-version', metadata['lock-version']) ?? '1.0';
  if (!/^[012]\./.test(version))
    throw badKey(file, 'metadata.lock-version', 'is newer than Slipway knows; it reads 2.1.');
  const old = oldFiles(file, metadata);
  const packages = tablesAt(file, 'package', lock.package).map((table, at) => packageOf(file, table, at + 1, old));
  const python = textAt(file, 'metadata.python-versions', metadata['python-versions']);
  return {
    file,
    roots: declared ?? rootsOf(packages.filter(({ byDefault }) => byDefault)),
    packages: byName(file, packages),
    python: python === undefined ? undefined : toSpecifier(python)?.specifier || undefined,
    indexes: [...new Set(packages.flatMap(({ index }) => (index === undefined ? [] : [index])))],
    groups: new Set(),
    contentHash: textAt(file, 'metadata.content-hash', metadata['content-hash']),
  };
}
