/** `[tool.uv.sources]`: where the named dependencies come from instead of the index. */
import { shown } from '../../src/paths.ts';
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
/** Dependencies that all sources lead to: a package that is declared often multiplies with its sources. */
const MOST_IN_ALL = 10_000;
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
  const names = new Set(declared.map(keyOf));
  const named = Object.entries(sources).filter(([name]) => names.has(normalName(name)));
  const byName = new Map(
    named.map(([name, value]) => {
      const places = countingPlaces(file, name, placesOf(file, `tool.uv.sources.${name}`, value), notices);
      return [normalName(name), { key: `tool.uv.sources.${name}`, places }];
    }),
  );
  const all = declared.reduce((sum, one) => sum + (byName.get(keyOf(one))?.places.length ?? 1), 0);
  if (all > MOST_IN_ALL) throw badKey(file, 'tool.uv.sources', 'names sources in too many ways.');
  return declared.flatMap((one) => {
    const found = byName.get(keyOf(one));
    if (found === undefined || found.places.length === 0) return [one];
    return found.places.flatMap((place) => fromPlace(file, found.key, one, place, notices));
  });
}

/** The one that holds in any case, else those that a Python decides about; none where the index is asked anyway. */
function countingPlaces(file: string, name: string, places: readonly Place[], notices: Notice[]): readonly Place[] {
  const sure = places.find(({ marker }) => marker === '');
  if (sure !== undefined) return [sure];
  if (places.every(isIndex)) return [];
  const message = `${file}: ${shown(name)} is installed where a marker of tool.uv.sources.${shown(name)} holds, and not at all elsewhere.`;
  notices.push({ code: 'source-by-python', message, file });
  return places;
}
