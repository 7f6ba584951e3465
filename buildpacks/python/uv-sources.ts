/** `[tool.uv.sources]`: where the named dependencies come from instead of the index. */
import type { Notice } from '../../src/types.ts';
import { allOf, type Declared, keyOf, sourceOf } from './dependency.ts';
import { markerHolds, markerWorld } from './markers.ts';
import { toolTable } from './pyproject.ts';
import { normalName } from './requirement.ts';
import { badKey, isTable, type Table, tableAt, textAt } from './toml.ts';

/** What a marker may ask that is not known before a Python and a platform are chosen. */
const LATER = /python_(?:full_)?version|implementation_version|platform[._](?:machine|release|version)/;
/** Sources of one package; real ones have a handful. */
const MOST = 100;
const HERE = markerWorld('3.11.0', 'linux/amd64');

interface Place {
  table: Table;
  /** What has to hold besides, '' for nothing. */
  marker: string;
}

/** The sources that may count on Linux; outside their markers uv asks the index. */
function placesOf(file: string, key: string, value: unknown): Place[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every(isTable)) throw badKey(file, key, 'has to be a table or a list of tables.');
  if (list.length > MOST) throw badKey(file, key, `names more than ${MOST} sources.`);
  return list.flatMap((table) => {
    const marker = textAt(file, `${key}.marker`, table.marker) ?? '';
    const holds = markerHolds(marker, HERE, `${file}, ${key}`);
    if (LATER.test(marker)) return [{ table, marker }];
    return holds ? [{ table, marker: '' }] : [];
  });
}

function isIndex({ table }: Place): boolean {
  return table.index !== undefined;
}

function fromPlace(file: string, key: string, one: Declared, { table, marker }: Place, notices: Notice[]): Declared[] {
  if (table.workspace === true) {
    const message = `${file}: ${one.name} is a member of the workspace, and is installed only by a uv.lock that has it.`;
    notices.push({ code: 'workspace-member', message, file });
    return [];
  }
  const both = allOf(one.marker, marker);
  if (table.index !== undefined) return [{ ...one, marker: both }];
  const source = sourceOf(file, key, table);
  if (source === undefined) throw badKey(file, key, 'names no index, git, url or path.');
  return [{ ...one, specifier: '', source, marker: both }];
}

/** @throws SlipwayError `bad_environment_file` for a source that cannot be read: the index may have another's package of that name */
export function withUvSources(
  file: string,
  pyproject: Table,
  declared: readonly Declared[],
  notices: Notice[],
): Declared[] {
  const sources = tableAt(file, 'tool.uv.sources', toolTable(pyproject, 'uv').sources);
  const byName = new Map(Object.entries(sources).map(([name, value]) => [normalName(name), value]));
  return declared.flatMap((one) => {
    const value = byName.get(keyOf(one));
    if (value === undefined) return [one];
    const key = `tool.uv.sources.${one.name}`;
    const places = placesOf(file, key, value);
    const sure = places.find(({ marker }) => marker === '');
    if (sure !== undefined) return fromPlace(file, key, one, sure, notices);
    if (places.every(isIndex)) return [one];
    const message = `${file}: ${one.name} is installed where a marker of ${key} holds, and not at all elsewhere.`;
    notices.push({ code: 'source-by-python', message, file });
    return places.flatMap((place) => fromPlace(file, key, one, place, notices));
  });
}
