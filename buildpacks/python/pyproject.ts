/** The tables of pyproject.toml that say what is installed: [project], groups (PEP 735), and what uv, PDM and Poetry add. */
import { type Declared, parseDependency, type Source } from './dependency.ts';
import { normalName } from './requirement.ts';
import { badKey, isTable, type Table, tableAt, textsAt } from './toml.ts';

/** Whose project it is: it decides which groups are installed when nothing else is said. */
export type Tool = 'uv' | 'poetry' | 'pdm';

const DEEPEST = 50;

/** `[tool.<name>]`, empty when there is none. */
export function toolTable(pyproject: Table, name: string): Table {
  const tool = isTable(pyproject.tool) ? pyproject.tool : {};
  const own = Object.hasOwn(tool, name) ? tool[name] : undefined;
  return isTable(own) ? own : {};
}

/** A line of a group; PDM's own tables may also hold `-e file:///${PROJECT_ROOT}/folder`. */
function lineOf(file: string, key: string, text: string): Declared {
  const local =
    /^(?:-e )?(?:([A-Za-z0-9._-]+) ?@ ?)?file:\/\/\/\$\{PROJECT_ROOT\}\/?([^#]*)(?:#egg=([A-Za-z0-9._-]+))?/.exec(text);
  if (local === null) return parseDependency(file, key, text);
  const source: Source = { kind: 'path', path: local[2] || '.', editable: text.startsWith('-e ') };
  return { name: local[1] ?? local[3] ?? key, extras: [], specifier: '', marker: '', source, key };
}

/** The lines of a group and of those that it includes, each group once; `above` are those that led here. */
function groupLines(
  file: string,
  groups: ReadonlyMap<string, unknown>,
  name: string,
  done: Set<string>,
  above: readonly string[] = [],
): Declared[] {
  const key = `dependency-groups.${name}`;
  const normal = normalName(name);
  if (above.includes(normal)) throw badKey(file, key, 'includes itself.');
  if (above.length > DEEPEST) throw badKey(file, key, `is included by more than ${DEEPEST} others in a row.`);
  if (done.has(normal)) return [];
  const list = groups.get(normal);
  if (!Array.isArray(list)) throw badKey(file, key, 'has to be a list.');
  const lines = list.flatMap((item: unknown) => {
    if (typeof item === 'string') return [lineOf(file, key, item)];
    const other = isTable(item) ? item['include-group'] : undefined;
    if (typeof other !== 'string')
      throw badKey(file, key, 'holds something that is neither a string nor include-group.');
    return groupLines(file, groups, other, done, [...above, normal]);
  });
  done.add(normal);
  return lines;
}

/** The names of the groups that a tool installs unasked. */
function defaultGroups(groups: Table, tool: Tool, pyproject: Table): string[] {
  const all = Object.keys(groups);
  if (tool === 'pdm') return all;
  if (tool === 'poetry') {
    const own = toolTable(pyproject, 'poetry').group;
    const isOptional = (name: string) => {
      const group = isTable(own) && Object.hasOwn(own, name) ? own[name] : undefined;
      return isTable(group) && group.optional === true;
    };
    return all.filter((name) => !isOptional(name));
  }
  const given = toolTable(pyproject, 'uv')['default-groups'];
  if (given === 'all') return all;
  const wanted = new Set((Array.isArray(given) ? given : ['dev']).map((name) => normalName(String(name))));
  return all.filter((name) => wanted.has(normalName(name)));
}

/** What a tool installs for development when nothing else is said. */
export function groupDependencies(file: string, pyproject: Table, tool: Tool): Declared[] {
  const groups = tableAt(file, 'dependency-groups', pyproject['dependency-groups']);
  const byName = new Map(Object.entries(groups).map(([name, list]) => [normalName(name), list]));
  const done = new Set<string>();
  const standard = defaultGroups(groups, tool, pyproject).flatMap((name) => groupLines(file, byName, name, done));
  if (tool === 'poetry') return standard;
  const key = `tool.${tool}.dev-dependencies`;
  const own = toolTable(pyproject, tool)['dev-dependencies'];
  const lists = tool === 'pdm' ? Object.values(tableAt(file, key, own)) : [own];
  return [...standard, ...lists.flatMap((list) => textsAt(file, key, list).map((text) => lineOf(file, key, text)))];
}

/** Whose project a pyproject.toml says that it is. */
export function toolOf(pyproject: Table): Tool | undefined {
  const has = (name: string) => isTable(pyproject.tool) && Object.hasOwn(pyproject.tool, name);
  return (['poetry', 'pdm', 'uv'] as const).find(has);
}
