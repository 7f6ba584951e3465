/** uv.lock → what `uv sync` installs: the project's dependencies and its default groups. */
import type { Checkout } from '../../src/types.ts';
import { type Dependency, keyOf, type Source } from './dependency.ts';
import { byName, type Lock, type LockedFile, type LockedPackage } from './locked.ts';
import { normalName } from './requirement.ts';
import { badKey, isTable, MAX_LOCK, readToml, type Table, tableAt, tablesAt, textAt, textsAt } from './toml.ts';

/** The last part of an address or path: a file's name. */
export function fileName(place: string): string {
  return (place.split(/[?#]/)[0] ?? '').split('/').at(-1) ?? '';
}

function dependenciesOf(file: string, key: string, value: unknown, extras: 'extra' | 'extras'): Dependency[] {
  return tablesAt(file, key, value).map((table) => {
    const version = textAt(file, `${key}.version`, table.version);
    return {
      name: textAt(file, `${key}.name`, table.name) ?? '',
      extras: textsAt(file, `${key}.${extras}`, table[extras]),
      specifier: version === undefined ? '' : `==${version}`,
      marker: textAt(file, `${key}.marker`, table.marker) ?? '',
    };
  });
}

function gitSource(address: string): Source {
  const [place = '', commit] = address.split('#', 2);
  const [url = '', query = ''] = place.split('?', 2);
  const parameters = new URLSearchParams(query);
  const folder = parameters.get('subdirectory') ?? undefined;
  const ref = commit ?? parameters.get('rev') ?? parameters.get('tag') ?? parameters.get('branch') ?? undefined;
  return { kind: 'git', url, ...(ref === undefined ? {} : { ref }), ...(folder === undefined ? {} : { folder }) };
}

interface Place {
  source: Source;
  own: boolean;
  index?: string;
}

function placeIn(file: string, key: string, table: Table): Place {
  const [registry, git, url] = ['registry', 'git', 'url'].map((name) => textAt(file, key, table[name]));
  if (registry !== undefined) {
    if (!/^https?:\/\//i.test(registry)) throw badKey(file, key, 'is an index in a folder, which a build cannot see.');
    return { source: { kind: 'index' }, own: false, index: registry };
  }
  if (git !== undefined) return { source: gitSource(git), own: false };
  if (url !== undefined) {
    const folder = textAt(file, key, table.subdirectory);
    return { source: { kind: 'url', url, ...(folder === undefined ? {} : { folder }) }, own: false };
  }
  const virtual = textAt(file, key, table.virtual);
  const editable = textAt(file, key, table.editable);
  const path = virtual ?? editable ?? textAt(file, key, table.directory) ?? textAt(file, key, table.path);
  if (path === undefined) throw badKey(file, key, 'names no registry, git, url or path.');
  const own = virtual !== undefined || path === '.' || path === '';
  return { source: { kind: 'path', path, editable: editable !== undefined }, own };
}

function filesOf(file: string, key: string, table: Table): LockedFile[] {
  const sdist = table.sdist === undefined ? [] : [tableAt(file, `${key}.sdist`, table.sdist)];
  return [...tablesAt(file, `${key}.wheels`, table.wheels), ...sdist].map((one) => {
    const [url, path, name] = ['url', 'path', 'filename'].map((part) => textAt(file, `${key}.${part}`, one[part]));
    return { name: name ?? fileName(url ?? path ?? ''), hash: textAt(file, `${key}.hash`, one.hash) ?? '' };
  });
}

function groupsOf(file: string, key: string, value: unknown): Map<string, readonly Dependency[]> {
  const groups = Object.entries(tableAt(file, key, value));
  return new Map(
    groups.map(([name, list]) => [normalName(name), dependenciesOf(file, `${key}.${name}`, list, 'extra')]),
  );
}

interface UvPackage extends LockedPackage {
  groups: ReadonlyMap<string, readonly Dependency[]>;
  index: string | undefined;
}

function packageOf(file: string, table: Table, number: number): UvPackage {
  const name = textAt(file, `package ${number}.name`, table.name);
  if (name === undefined) throw badKey(file, `package ${number}`, 'has no name.');
  const key = `package.${name}`;
  const { source, own, index } = placeIn(file, `${key}.source`, tableAt(file, `${key}.source`, table.source));
  const markers = textsAt(file, `${key}.resolution-markers`, table['resolution-markers']);
  return {
    name,
    version: textAt(file, `${key}.version`, table.version),
    marker: markers.map((marker) => `(${marker})`).join(' or '),
    python: '',
    dependencies: dependenciesOf(file, `${key}.dependencies`, table.dependencies, 'extra'),
    extras: groupsOf(file, `${key}.optional-dependencies`, table['optional-dependencies']),
    files: filesOf(file, key, table),
    source,
    own,
    groups: groupsOf(file, `${key}.dev-dependencies`, table['dev-dependencies']),
    index,
  };
}

/** `[tool.uv] default-groups` of pyproject.toml: a list, or all. */
function wantsGroup(settings: Table): (name: string) => boolean {
  const given = settings['default-groups'];
  if (given === 'all') return () => true;
  const names = Array.isArray(given) ? given.filter((name) => typeof name === 'string') : ['dev'];
  const wanted = new Set(names.map(normalName));
  return (name) => wanted.has(name);
}

/** What is installed: of the project at the lock's own folder, or of every member where there is none. */
function rootsIn(file: string, lock: Table, packages: readonly UvPackage[], settings: Table): Dependency[] {
  const wants = wantsGroup(settings);
  const grouped = (groups: ReadonlyMap<string, readonly Dependency[]>) =>
    [...groups].flatMap(([name, list]) => (wants(name) ? list : []));
  const project = packages.find(({ source, own }) => own && source.kind === 'path' && /^\.?$/.test(source.path));
  if (project !== undefined) return [...project.dependencies, ...grouped(project.groups)];
  const manifest = tableAt(file, 'manifest', lock.manifest);
  const members = new Set(textsAt(file, 'manifest.members', manifest.members).map(normalName));
  const all = packages.filter((one) => members.has(keyOf(one)));
  const groups = tableAt(file, 'manifest.dependency-groups', manifest['dependency-groups']);
  return [
    ...all.flatMap(({ name, groups: own }) => [{ name, extras: [], specifier: '', marker: '' }, ...grouped(own)]),
    ...Object.entries(groups).flatMap(([name, list]) =>
      wants(normalName(name)) ? dependenciesOf(file, `manifest.dependency-groups.${name}`, list, 'extras') : [],
    ),
  ];
}

/**
 * @param pyproject of the project, for its default groups
 * @throws SlipwayError `bad_environment_file` with file and line or key
 */
export async function readUvLock(checkout: Checkout, file: string, pyproject: Table): Promise<Lock> {
  const lock = await readToml(checkout, file, MAX_LOCK);
  if (lock.version !== 1) throw badKey(file, 'version', 'is none that Slipway knows; it reads version 1.');
  const packages = tablesAt(file, 'package', lock.package).map((table, index) => packageOf(file, table, index + 1));
  const tool = isTable(pyproject.tool) ? pyproject.tool : {};
  return {
    file,
    roots: rootsIn(file, lock, packages, isTable(tool.uv) ? tool.uv : {}),
    packages: byName(file, packages),
    python: textAt(file, 'requires-python', lock['requires-python']),
    indexes: [...new Set(packages.flatMap(({ index }) => (index === undefined ? [] : [index])))],
    groups: new Set(),
  };
}
