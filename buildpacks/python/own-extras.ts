/** A project that names its own extras, as `dev = ["mypkg[plot]"]`: no index has what that means. */
import type { Notice } from '../../src/types.ts';
import { allOf, type Declared, keyOf, parseDependency } from './dependency.ts';
import { normalName } from './requirement.ts';
import { badKey, type Table, tableAt, textAt, textsAt } from './toml.ts';

const KEY = 'project.optional-dependencies';
/** Dependencies that all of it leads to; nobody has more, and extras that name each other multiply. */
const MOST = 10_000;
const DEEPEST = 50;
/** What a requirement may have; each level adds its own. */
const LONGEST_MARKER = 2000;

interface Own {
  file: string;
  name: string;
  extras: ReadonlyMap<string, readonly Declared[]>;
  notices: Notice[];
  /** Extras that were met, each with its marker. */
  seen: Set<string>;
  count: number;
}

function isOwn({ name }: Own, one: Declared): boolean {
  // A folder of notebooks may be called like what it depends on.
  const isPlain = one.extras.length === 0 && one.key === 'dependencies';
  return one.source.kind === 'index' && keyOf(one) === name && !isPlain;
}

/** What one line means, `above` being the extras that led to it. */
function expand(own: Own, one: Declared, above: readonly string[] = []): Declared[] {
  if (!isOwn(own, one)) return [one];
  if (one.marker.length > LONGEST_MARKER) throw badKey(own.file, KEY, 'leads to a marker that is too long.');
  return one.extras.map(normalName).flatMap((extra) => {
    const step = `${extra} ${one.marker}`;
    if (above.includes(extra) || own.seen.has(step)) return [];
    own.seen.add(step);
    const list = own.extras.get(extra);
    if (list === undefined) {
      const message = `${own.file}: ${one.key} names the project's extra ${extra}, which [${KEY}] does not have. It is left out.`;
      own.notices.push({ code: 'unknown-extra', message, file: own.file });
      return [];
    }
    own.count += list.length;
    if (own.count > MOST || above.length > DEEPEST)
      throw badKey(own.file, KEY, 'names its own extras in too many ways.');
    const inner = list.map((other) => ({ ...other, marker: allOf(other.marker, one.marker) }));
    return inner.flatMap((other) => expand(own, other, [...above, extra]));
  });
}

/** The dependencies, with what the project's own extras consist of in their place. @throws SlipwayError `bad_environment_file` */
export function withOwnExtras(
  file: string,
  project: Table,
  declared: readonly Declared[],
  notices: Notice[],
): Declared[] {
  const name = normalName(textAt(file, 'project.name', project.name) ?? '');
  const names = declared.some((one) => keyOf(one) === name);
  if (!names) return [...declared];
  const tables = Object.entries(tableAt(file, KEY, project['optional-dependencies']));
  const extras = new Map(
    tables.map(([extra, list]) => {
      const key = `${KEY}.${extra}`;
      return [normalName(extra), textsAt(file, key, list).map((text) => parseDependency(file, key, text))];
    }),
  );
  const own: Own = { file, name, extras, notices, seen: new Set(), count: 0 };
  return declared.flatMap((one) => expand(own, one));
}
