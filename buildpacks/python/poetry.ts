/** Poetry's tables in pyproject.toml: what `poetry install` takes when nothing else is said. */
import type { Notice } from '../../src/types.ts';
import { toPythonMarker, toSpecifier } from './constraints.ts';
import { allOf, type Declared, extrasOf, sourceOf } from './dependency.ts';
import { normalName } from './requirement.ts';
import { notApplied } from './settings.ts';
import { badKey, isTable, type Table, tableAt, tablesAt, textAt } from './toml.ts';

export interface PoetryProject {
  name: string | undefined;
  declared: Declared[];
  /** PEP 440 bounds. */
  python: string | undefined;
  indexes: string[];
  /** Whether Poetry would install the project itself. */
  isPackage: boolean;
  notices: Notice[];
  /** What counts only in a lock. */
  unapplied: Notice[];
}

const KNOWN = new Set(
  'version python platform markers extras optional source git branch tag rev subdirectory url path file develop allow-prereleases allows-prereleases'.split(
    ' ',
  ),
);

/** A constraint as a specifier, with a notice when alternatives became one range. @throws bad_environment_file */
function specifierOf(file: string, key: string, constraint: string, notices: Notice[]): string {
  const found = toSpecifier(constraint);
  if (found === undefined)
    throw badKey(
      file,
      key,
      `has no version constraint: "${constraint.slice(0, 80)}".`,
      'Write ^1.2, ~1.2 or >=1.2,<2.',
    );
  if (found.widened) {
    const message = `${file}: ${key} allows ${constraint.slice(0, 80)}, which is taken as ${found.specifier || 'any version'}, with what lies between.`;
    notices.push({ code: 'constraint-widened', message, file });
  }
  return found.specifier;
}

function markerOf(file: string, key: string, table: Table): string {
  const [markers, python, platform] = ['markers', 'python', 'platform'].map((name) =>
    textAt(file, `${key}.${name}`, table[name]),
  );
  const ofPython = python === undefined ? '' : toPythonMarker(python);
  if (ofPython === undefined) throw badKey(file, `${key}.python`, 'is no version constraint.');
  if (platform !== undefined && !/^[a-z0-9_]+$/i.test(platform))
    throw badKey(file, `${key}.platform`, 'is no platform.');
  return allOf(markers ?? '', ofPython, platform === undefined ? '' : `sys_platform == "${platform}"`);
}

/** One value of a dependency table: a constraint, a table, or a list of tables told apart by markers. */
export function declaredIn(file: string, key: string, name: string, value: unknown, notices: Notice[]): Declared[] {
  if (typeof value === 'string') {
    const specifier = specifierOf(file, key, value, notices);
    return [{ name, extras: [], specifier, marker: '', source: { kind: 'index' }, key }];
  }
  if (Array.isArray(value)) return value.flatMap((one) => declaredIn(file, key, name, one, notices));
  if (!isTable(value)) throw badKey(file, key, 'has to be a version, a table or a list of tables.');
  for (const unknown of Object.keys(value)
    .filter((one) => !KNOWN.has(one))
    .slice(0, 5)) {
    const message = `${file}: ${key}.${unknown.slice(0, 40)} is no key that Slipway knows, and is ignored.`;
    notices.push({ code: 'unknown-key', message, file });
  }
  const version = textAt(file, `${key}.version`, value.version) ?? '*';
  return [
    {
      name,
      extras: extrasOf(file, key, value),
      specifier: specifierOf(file, key, version, notices),
      marker: markerOf(file, key, value),
      source: sourceOf(file, key, value) ?? { kind: 'index' },
      key,
    },
  ];
}

function isOptional(value: unknown): boolean {
  return isTable(value) && value.optional === true;
}

/** The dependency tables that are installed by default, by key. */
function tablesOf(file: string, poetry: Table): [string, Table][] {
  const main: [string, Table][] = [
    ['tool.poetry.dependencies', tableAt(file, 'tool.poetry.dependencies', poetry.dependencies)],
    ['tool.poetry.dev-dependencies', tableAt(file, 'tool.poetry.dev-dependencies', poetry['dev-dependencies'])],
  ];
  const groups = Object.entries(tableAt(file, 'tool.poetry.group', poetry.group)).flatMap(([name, value]) => {
    const key = `tool.poetry.group.${name}`;
    const group = tableAt(file, key, value);
    if (group.optional === true) return [];
    return [[`${key}.dependencies`, tableAt(file, `${key}.dependencies`, group.dependencies)] as [string, Table]];
  });
  return [...main, ...groups];
}

/**
 * Reads `[tool.poetry]`.
 * @throws SlipwayError `bad_environment_file` naming file and key
 */
export function readPoetry(file: string, poetry: Table): PoetryProject {
  const notices: Notice[] = [];
  const declared: Declared[] = [];
  const unapplied: Notice[] = [];
  let python: string | undefined;
  for (const [key, table] of tablesOf(file, poetry)) {
    for (const [name, value] of Object.entries(table)) {
      if (name.toLowerCase() === 'python') {
        if (key === 'tool.poetry.dependencies') python = pythonIn(file, `${key}.${name}`, value);
        continue;
      }
      const wanted = Array.isArray(value) ? value.filter((one) => !isOptional(one)) : isOptional(value) ? [] : value;
      declared.push(...declaredIn(file, `${key}.${name}`, name, wanted, notices));
      if (wantsPrereleases(wanted)) unapplied.push(notApplied(file, `${key}.${name}.allow-prereleases`));
    }
  }
  const sources = tablesAt(file, 'tool.poetry.source', poetry.source);
  return {
    name: textAt(file, 'tool.poetry.name', poetry.name),
    declared,
    python: python === '' ? undefined : python,
    indexes: sources.flatMap(({ url }) => textAt(file, 'tool.poetry.source.url', url) ?? []),
    isPackage: poetry['package-mode'] !== false,
    notices,
    unapplied,
  };
}

function wantsPrereleases(value: unknown): boolean {
  const tables = (Array.isArray(value) ? value : [value]).filter(isTable);
  // A version that is one itself lets in others of the package without being asked.
  return tables.some(
    (table) =>
      (table['allow-prereleases'] ?? table['allows-prereleases']) === true &&
      !/\d[.-]?(?:a|b|c|rc|dev)/i.test(String(table.version)),
  );
}

function pythonIn(file: string, key: string, value: unknown): string {
  return specifierOf(file, key, textAt(file, key, isTable(value) ? value.version : value) ?? '*', []);
}

/** The folder in which a pattern starts. */
function beforeGlob(path: string): string {
  const parts = path.split('/');
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  return (first < 0 ? parts : parts.slice(0, first)).join('/');
}

/** Folders and files in which Poetry finds the package; without any of them it has nothing to install. */
export function packagePlaces(name: string | undefined, poetry: Table): string[] {
  const packages = Array.isArray(poetry.packages) ? poetry.packages.filter(isTable) : [];
  const named = packages.map(({ include, from }) =>
    beforeGlob([from, include].filter((part) => typeof part === 'string').join('/')),
  );
  const module = normalName((name ?? '').replaceAll(' ', '_')).replaceAll('-', '_');
  return [...named, ...(packages.length > 0 ? [] : [module, `${module}.py`, `src/${module}`, `src/${module}.py`])];
}
