/** pdm.lock → what `pdm install` installs: the default group and every development group. */
import type { Checkout } from '../../src/types.ts';
import { type Declared, type Dependency, keyOf, parseDependency, type Source } from './dependency.ts';
import type { OwnIndexes } from './indexes.ts';
import { byName, type Lock, type LockedFile, type LockedPackage, rootsOf } from './locked.ts';
import { normalName } from './requirement.ts';
import { badKey, MAX_LOCK, readToml, type Table, tableAt, tablesAt, textAt, textsAt } from './toml.ts';
import { fileName } from './uv-lock.ts';

function sourceOf(file: string, key: string, table: Table): Source {
  const [git, url, path, folder] = ['git', 'url', 'path', 'subdirectory'].map((part) =>
    textAt(file, `${key}.${part}`, table[part]),
  );
  const inside = folder === undefined ? {} : { folder };
  if (git !== undefined) {
    const ref = textAt(file, key, table.revision) ?? textAt(file, key, table.ref);
    return { kind: 'git', url: git, ...(ref === undefined ? {} : { ref }), ...inside };
  }
  if (url !== undefined) return { kind: 'url', url, ...inside };
  return path === undefined ? { kind: 'index' } : { kind: 'path', path, editable: table.editable === true };
}

function filesOf(file: string, key: string, value: unknown): LockedFile[] {
  return tablesAt(file, key, value).map((one) => {
    const [name, url, hash] = ['file', 'url', 'hash'].map((part) => textAt(file, `${key}.${part}`, one[part]));
    return { name: name ?? fileName(url ?? ''), hash: hash ?? '' };
  });
}

interface PdmPackage extends LockedPackage {
  /** The extras that this entry stands for; the package itself has an entry of its own. */
  ofExtras: readonly string[];
}

function packageOf(file: string, table: Table, number: number, old: ReadonlyMap<string, unknown>): PdmPackage {
  const name = textAt(file, `package ${number}.name`, table.name);
  if (name === undefined) throw badKey(file, `package ${number}`, 'has no name.');
  const key = `package.${name}`;
  const version = textAt(file, `${key}.version`, table.version);
  const edges = textsAt(file, `${key}.dependencies`, table.dependencies);
  const listed = old.get(normalName(`${name} ${version}`));
  const source = sourceOf(file, key, table);
  return {
    name,
    version,
    marker: textAt(file, `${key}.marker`, table.marker) ?? '',
    python: textAt(file, `${key}.requires_python`, table.requires_python) ?? '',
    dependencies: edges.map((text) => parseDependency(file, `${key}.dependencies`, text)),
    extras: new Map(),
    files: filesOf(file, `${key}.files`, table.files ?? listed),
    source,
    own: source.kind === 'path' && /^\.?\/?$/.test(source.path),
    ofExtras: textsAt(file, `${key}.extras`, table.extras),
  };
}

/** Entries for extras become extras of the entry for the package; where there is none, the package itself. */
function joined(packages: readonly PdmPackage[]): LockedPackage[] {
  const plain = packages.filter(({ ofExtras }) => ofExtras.length === 0);
  const same = (a: PdmPackage, b: PdmPackage) => keyOf(a) === keyOf(b) && a.version === b.version;
  const names = new Map<string, PdmPackage[]>();
  for (const one of packages.filter(({ ofExtras }) => ofExtras.length > 0))
    names.set(keyOf(one), [...(names.get(keyOf(one)) ?? []), one]);
  const withExtras = plain.map((one) => {
    const more = (names.get(keyOf(one)) ?? []).filter((other) => same(one, other));
    const extras = new Map<string, readonly Dependency[]>();
    for (const { ofExtras, dependencies } of more)
      for (const extra of ofExtras)
        extras.set(normalName(extra), [...(extras.get(normalName(extra)) ?? []), ...dependencies]);
    return { ...one, extras };
  });
  const known = new Set(plain.map(keyOf));
  const alone = packages.filter((one) => one.ofExtras.length > 0 && !known.has(keyOf(one)));
  return [...withExtras, ...alone];
}

/**
 * @param declared what pyproject.toml asks for; without one the whole lock is installed
 * @param own indexes of pyproject.toml: the lock names none
 * @throws SlipwayError `bad_environment_file` with file and line or key
 */
export async function readPdmLock(
  checkout: Checkout,
  file: string,
  declared: readonly Declared[] | undefined,
  own: OwnIndexes,
): Promise<Lock> {
  const lock = await readToml(checkout, file, MAX_LOCK);
  const metadata = tableAt(file, 'metadata', lock.metadata);
  const version = textAt(file, 'metadata.lock_version', metadata.lock_version) ?? '4.0';
  if (!/^[1-4](?:\.|$)/.test(version))
    throw badKey(file, 'metadata.lock_version', 'is newer than Slipway knows; it reads version 4.');
  const files = Object.entries(tableAt(file, 'metadata.files', metadata.files));
  const old = new Map(files.map(([name, list]) => [normalName(name), list]));
  const all = tablesAt(file, 'package', lock.package).map((table, at) => packageOf(file, table, at + 1, old));
  const packages = joined(all);
  const targets = tablesAt(file, 'metadata.targets', metadata.targets);
  const python = targets.map((target) => textAt(file, 'metadata.targets.requires_python', target.requires_python));
  return {
    file,
    roots: declared ?? rootsOf(packages),
    packages: byName(file, packages),
    python: python.length === 1 ? python[0] : undefined,
    ...own,
    groups: new Set(),
  };
}
