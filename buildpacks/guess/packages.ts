/** What tables.ts says, asked. */
import { BRINGS, ELSEWHERE, HEAVY, INSTEAD, TABLE } from './tables.ts';

/** `a:b,c  d` → each with those after its colon; a name that is there twice has both. */
function read(table: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const word of table.split('\n').flatMap((line) => (line.startsWith('#') ? [] : line.split(' ')))) {
    const [name = '', more] = word.split(':');
    if (name !== '') found.set(name, [...(found.get(name) ?? []), ...(more?.split(',') ?? [])]);
  }
  return found;
}

const instead = read(INSTEAD);
const brings = read(BRINGS);
const heavy = read(HEAVY);
const imports = new Map(
  [...read(TABLE)].map(([name, own]) => [name, own.length > 0 ? own : [name.replaceAll('-', '_')]]),
);
const providers = new Map<string, string>();
for (const [name, modules] of imports) for (const module of modules) providers.set(module, name);

/** As PyPI compares names. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Every prefix of a dotted path, the longest first. */
function prefixes(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('.'));
}

/** The package that provides a dotted path, if it is one that we know. */
export function providerOf(path: string): string | undefined {
  for (const prefix of prefixes(path)) {
    const name = providers.get(prefix);
    if (name !== undefined) return name;
  }
  return undefined;
}

/**
 * A package of the table with what it is imported as and the packages that bring the same: `name:import,…:package,…`.
 * One that is in the table, too, has imports of its own.
 */
export function withProvisions(name: string): string {
  const same = (instead.get(name) ?? []).map(normalName).filter((one) => !imports.has(one));
  return [name, (imports.get(name) ?? []).join(','), same.join(',')].join(':');
}

/** A module that no package brings, and where it is; undefined for others. */
export function elsewhere(path: string): { module: string; where: string } | undefined {
  for (const module of prefixes(path)) {
    const where = ELSEWHERE.get(module);
    if (where !== undefined) return { module, where };
  }
  return undefined;
}

/** Packages, normalised, and all that they are known to bring along. */
export function withDependencies(names: Iterable<string>): Set<string> {
  const all = new Set<string>();
  const queue = [...names].map(normalName);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    // A conda package or a variant brings what the one that we know does.
    const known = [...instead].filter(([, others]) => others.includes(name as string)).map(([one]) => one);
    queue.push(...(brings.get(name) ?? []), ...known);
  }
  return all;
}

/** What makes a package too much for a guess; undefined when it is not, or when that is there. */
export function tooHeavy(name: string, there: ReadonlySet<string>): boolean {
  const [because = name] = heavy.get(name) ?? [];
  return heavy.has(name) && !there.has(because);
}

/** Whether packages that are there provide a dotted path, by what we know and else by their names. */
export function isProvided(path: string, there: ReadonlySet<string>): boolean {
  const known = providerOf(path);
  if (known !== undefined && there.has(known)) return true;
  if (prefixes(path).some((prefix) => there.has(normalName(prefix)))) return true;
  // A package that nobody looked at may well be called like this; it is only about a notice.
  const top = normalName(path.split('.')[0] ?? '');
  return (
    known === undefined && [`py${top}`, `python-${top}`, `${top}-python`, `py-${top}`].some((name) => there.has(name))
  );
}
