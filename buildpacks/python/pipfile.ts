/** Pipfile and Pipfile.lock, as `pipenv install --dev` reads them. */
import { joinPath } from '../../src/paths.ts';
import type { Checkout, Notice, PythonWish } from '../../src/types.ts';
import { pipfileHash } from './content-hash.ts';
import { allOf, type Declared, extrasOf, sourceOf } from './dependency.ts';
import { byName, type Lock, type LockedPackage, notLocked, rootsOf } from './locked.ts';
import { notApplied } from './settings.ts';
import {
  badKey,
  isTable,
  MAX_LOCK,
  readJson,
  readToml,
  type Table,
  tableAt,
  tablesAt,
  textAt,
  textsAt,
} from './toml.ts';

export interface Pipfile {
  declared: Declared[];
  indexes: string[];
  lock: Lock | undefined;
  version?: NonNullable<PythonWish['version']>;
  /** Files read; the lock first where there is one. */
  files: string[];
  notices: Notice[];
}

/** Keys that are markers by themselves: `sys_platform = "== 'win32'"`. */
const MARKERS = new Set(
  'os_name sys_platform platform_machine platform_python_implementation platform_release platform_system platform_version python_version python_full_version implementation_name implementation_version'.split(
    ' ',
  ),
);
const KNOWN = new Set(
  'version extras markers index hashes git ref subdirectory editable path file hg svn bzr skip_resolver no_binary allow_prereleases'.split(
    ' ',
  ),
);
const HASH = /^sha(?:256|384|512):[0-9a-f]+$/;

function specifierOf(version: string): string {
  if (version.trim() === '*' || version.trim() === '') return '';
  return /^\d/.test(version.trim()) ? `==${version.trim()}` : version;
}

function markerOf(file: string, key: string, table: Table): string {
  const named = Object.keys(table).filter((name) => MARKERS.has(name));
  const given = named.map((name) => `${name} ${textAt(file, `${key}.${name}`, table[name])}`);
  return allOf(textAt(file, `${key}.markers`, table.markers) ?? '', ...given);
}

function declaredIn(file: string, key: string, name: string, value: unknown, notices: Notice[]): Declared {
  if (typeof value === 'string')
    return { name, extras: [], specifier: specifierOf(value), marker: '', source: { kind: 'index' }, key };
  if (!isTable(value)) throw badKey(file, key, 'has to be a version or a table.');
  for (const unknown of Object.keys(value)
    .filter((one) => !KNOWN.has(one) && !MARKERS.has(one))
    .slice(0, 5)) {
    const message = `${file}: ${key}.${unknown.slice(0, 40)} is no key that Slipway knows, and is ignored.`;
    notices.push({ code: 'unknown-key', message, file });
  }
  const other = ['hg', 'svn', 'bzr'].find((kind) => value[kind] !== undefined);
  if (other !== undefined)
    throw badKey(file, `${key}.${other}`, 'cannot be fetched; of repositories only git is known.');
  const version = textAt(file, `${key}.version`, value.version) ?? '*';
  return {
    name,
    extras: extrasOf(file, key, value),
    specifier: specifierOf(version),
    marker: markerOf(file, key, value),
    source: sourceOf(file, key, value) ?? { kind: 'index' },
    key,
  };
}

function indexesIn(file: string, key: string, value: unknown): string[] {
  return tablesAt(file, key, value).flatMap(({ url }) => textAt(file, `${key}.url`, url) ?? []);
}

/** `python_full_version` or `python_version` where it names one; `3` or `*` say nothing. */
function versionIn(file: string, key: string, requires: Table): PythonWish['version'] {
  for (const name of ['python_full_version', 'python_version']) {
    const text = textAt(file, `${key}.${name}`, requires[name]) ?? '';
    const version = /^(?:==)?\s*(\d\.\d{1,2}(?:\.\d{1,2})?)(?:\.\*)?$/.exec(text.trim())?.[1];
    if (version !== undefined) return { value: version, file };
  }
  return undefined;
}

async function readLock(
  checkout: Checkout,
  file: string,
): Promise<{ lock: Lock; hash: string | undefined; version: PythonWish['version'] }> {
  const json = await readJson(checkout, file, MAX_LOCK);
  const meta = tableAt(file, '_meta', json._meta);
  const packages = ['default', 'develop'].flatMap((category) =>
    Object.entries(tableAt(file, category, json[category])).map(([name, value]): LockedPackage => {
      const key = `${category}.${name}`;
      const one = declaredIn(file, key, name, value, []);
      const hashes = isTable(value) ? textsAt(file, `${key}.hashes`, value.hashes) : [];
      if (!hashes.every((hash) => HASH.test(hash)))
        throw badKey(file, `${key}.hashes`, 'hold something that is no hash.');
      return {
        name,
        version: /^===?([^,*]+)$/.exec(one.specifier)?.[1],
        marker: one.marker,
        python: '',
        dependencies: [],
        extras: new Map(),
        files: hashes.map((hash) => ({ name: '', hash })),
        source: one.source,
        own: false,
      };
    }),
  );
  return {
    lock: {
      file,
      roots: rootsOf(packages),
      packages: byName(file, packages),
      python: undefined,
      indexes: indexesIn(file, '_meta.sources', meta.sources),
      groups: new Set(),
    },
    hash: textAt(file, '_meta.hash.sha256', tableAt(file, '_meta.hash', meta.hash).sha256),
    version: versionIn(file, '_meta.requires', tableAt(file, '_meta.requires', meta.requires)),
  };
}

/** Pipenv installs a lock that is older than its Pipfile, so that is what happens; but it is said. */
function fitNotices(lock: Lock, hash: string | undefined, pipfile: Table, declared: readonly Declared[]): Notice[] {
  if (hash === undefined || hash === pipfileHash(pipfile)) return [];
  const lacking = notLocked(lock, declared);
  const what = lacking.length === 0 ? '' : ` It lacks ${lacking.slice(0, 10).join(', ')}.`;
  const message = `${lock.file} was made for another Pipfile, and is used as it is, as pipenv does.${what} Run pipenv lock to renew it.`;
  return [{ code: 'lock-outdated', message, file: lock.file }];
}

/** Whoever wants pre-releases has them in the lock alone. */
function prereleases(file: string, pipfile: Table): Notice[] {
  const wants = (table: unknown) => isTable(table) && table.allow_prereleases === true;
  const keys = ['packages', 'dev-packages'].flatMap((section) =>
    Object.entries(tableAt(file, section, pipfile[section])).flatMap(([name, value]) =>
      wants(value) ? [`${section}.${name}`] : [],
    ),
  );
  const all = wants(pipfile.pipenv) ? ['pipenv'] : keys;
  return all.map((key) => notApplied(file, `${key}.allow_prereleases`));
}

/**
 * Reads Pipfile and Pipfile.lock of a folder.
 * @returns undefined when there is neither
 * @throws SlipwayError `bad_environment_file` with file and line or key
 */
export async function readPipfile(checkout: Checkout, folder: string): Promise<Pipfile | undefined> {
  const [file, lockFile] = [joinPath(folder, 'Pipfile'), joinPath(folder, 'Pipfile.lock')];
  const isThere = async (path: string) => (await checkout.kind(path)) !== undefined;
  const locked = (await isThere(lockFile)) ? await readLock(checkout, lockFile) : undefined;
  if (!(await isThere(file))) {
    if (locked === undefined) return undefined;
    const version = locked.version === undefined ? {} : { version: locked.version };
    return { declared: [], indexes: [], lock: locked.lock, ...version, files: [lockFile], notices: [] };
  }
  const toml = await readToml(checkout, file);
  const notices: Notice[] = [];
  const declared = ['packages', 'dev-packages'].flatMap((section) =>
    Object.entries(tableAt(file, section, toml[section])).map(([name, value]) =>
      declaredIn(file, `${section}.${name}`, name, value, notices),
    ),
  );
  if (locked === undefined) notices.push(...prereleases(file, toml));
  else notices.push(...fitNotices(locked.lock, locked.hash, toml, declared));
  const version = locked?.version ?? versionIn(file, 'requires', tableAt(file, 'requires', toml.requires));
  return {
    declared,
    indexes: indexesIn(file, 'source', toml.source),
    lock: locked?.lock,
    ...(version === undefined ? {} : { version }),
    files: locked === undefined ? [file] : [lockFile, file],
    notices,
  };
}
