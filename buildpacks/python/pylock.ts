/** pylock.toml (PEP 751) → the packages of its default groups. */
import type { Checkout } from '../../src/types.ts';
import type { Source } from './dependency.ts';
import { byName, type Lock, type LockedFile, type LockedPackage, rootsOf } from './locked.ts';
import { normalName } from './requirement.ts';
import { badKey, MAX_LOCK, readToml, type Table, tableAt, tablesAt, textAt, textsAt } from './toml.ts';
import { fileName } from './uv-lock.ts';

/** Files of the public index are found through it; others by their address alone. */
const PUBLIC = /^https:\/\/files\.pythonhosted\.org\//;

function filesOf(file: string, key: string, table: Table, hasIndex: boolean): LockedFile[] {
  const sdist = table.sdist === undefined ? [] : [tableAt(file, `${key}.sdist`, table.sdist)];
  return [...tablesAt(file, `${key}.wheels`, table.wheels), ...sdist].map((one) => {
    const [name, url, path] = ['name', 'url', 'path'].map((part) => textAt(file, `${key}.${part}`, one[part]));
    const sha256 = hashIn(file, key, one);
    const direct = url !== undefined && !hasIndex && !PUBLIC.test(url) ? { url } : {};
    return { name: name ?? fileName(url ?? path ?? ''), hash: sha256, ...direct };
  });
}

/** The strongest that an index knows as well, '' when there is none. */
function hashIn(file: string, key: string, table: Table): string {
  const hashes = tableAt(file, `${key}.hashes`, table.hashes);
  for (const kind of ['sha256', 'sha512', 'sha384']) {
    const value = textAt(file, `${key}.hashes.${kind}`, hashes[kind]);
    if (value !== undefined) return `${kind}:${value.toLowerCase()}`;
  }
  return '';
}

function directSource(file: string, key: string, table: Table): { source: Source; files?: LockedFile[] } | undefined {
  const [vcs, directory, archive] = ['vcs', 'directory', 'archive'].map((kind) =>
    table[kind] === undefined ? undefined : tableAt(file, `${key}.${kind}`, table[kind]),
  );
  const text = (from: Table, part: string) => textAt(file, `${key}.${part}`, from[part]);
  if (vcs !== undefined) {
    const [url, commit] = [text(vcs, 'url'), text(vcs, 'commit-id') ?? text(vcs, 'requested-revision')];
    if (text(vcs, 'type') !== 'git' || url === undefined) throw badKey(file, `${key}.vcs`, 'is no git repository.');
    const folder = text(vcs, 'subdirectory');
    const rest = { ...(commit === undefined ? {} : { ref: commit }), ...(folder === undefined ? {} : { folder }) };
    return { source: { kind: 'git', url, ...rest } };
  }
  if (directory !== undefined) {
    const path = text(directory, 'path');
    if (path === undefined) throw badKey(file, `${key}.directory`, 'has no path.');
    return { source: { kind: 'path', path, editable: directory.editable === true } };
  }
  if (archive === undefined) return undefined;
  const [url, path, folder] = [text(archive, 'url'), text(archive, 'path'), text(archive, 'subdirectory')];
  if (path !== undefined && url === undefined) return { source: { kind: 'path', path, editable: false } };
  if (url === undefined) throw badKey(file, `${key}.archive`, 'has neither url nor path.');
  const source: Source = { kind: 'url', url, ...(folder === undefined ? {} : { folder }) };
  return { source, files: [{ name: fileName(url), hash: hashIn(file, `${key}.archive`, archive) }] };
}

function packageOf(file: string, table: Table, number: number): LockedPackage & { index: string | undefined } {
  const name = textAt(file, `packages ${number}.name`, table.name);
  if (name === undefined) throw badKey(file, `packages ${number}`, 'has no name.');
  const key = `packages.${name}`;
  const index = textAt(file, `${key}.index`, table.index);
  const direct = directSource(file, key, table);
  const source = direct?.source ?? { kind: 'index' };
  return {
    name,
    version: textAt(file, `${key}.version`, table.version),
    marker: textAt(file, `${key}.marker`, table.marker) ?? '',
    python: textAt(file, `${key}.requires-python`, table['requires-python']) ?? '',
    dependencies: [],
    extras: new Map(),
    files: direct === undefined ? filesOf(file, key, table, index !== undefined) : (direct.files ?? []),
    source,
    own: source.kind === 'path' && /^\.?\/?$/.test(source.path),
    index,
  };
}

/** @throws SlipwayError `bad_environment_file` with file and line or key */
export async function readPylock(checkout: Checkout, file: string): Promise<Lock> {
  const lock = await readToml(checkout, file, MAX_LOCK);
  const version = textAt(file, 'lock-version', lock['lock-version']);
  if (version?.split('.')[0] !== '1') throw badKey(file, 'lock-version', 'is none that Slipway knows; it reads "1.0".');
  const packages = tablesAt(file, 'packages', lock.packages).map((table, at) => packageOf(file, table, at + 1));
  return {
    file,
    roots: rootsOf(packages),
    packages: byName(file, packages),
    python: textAt(file, 'requires-python', lock['requires-python']),
    indexes: [...new Set(packages.flatMap(({ index }) => (index === undefined ? [] : [index])))],
    groups: new Set(textsAt(file, 'default-groups', lock['default-groups']).map(normalName)),
    environments: textsAt(file, 'environments', lock.environments),
  };
}
