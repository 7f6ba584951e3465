/** A project that names its own extras, as `dev = ["mypkg[plot]"]`: no index has what that means. */
import type { Notice } from '../../src/types.ts';
import { allOf, type Declared, keyOf, parseDependency } from './dependency.ts';
import { normalName } from './requirement.ts';
import { badKey, type Table, tableAt, textAt, textsAt } from './toml.ts';

const KEY = 'project.optional-dependencies';
/** Extras that one line leads to; nobody has more, and extras that name each other multiply. */
const MOST = 1000;

interface Own {
  file: string;
  name: string;
  extras: ReadonlyMap<string, readonly Declared[]>;
  notices: Notice[];
}

function isOwn({ name }: Own, one: Declared): boolean {
  // A folder of notebooks may be called like what it depends on.
  const isPlain = one.extras.length === 0 && one.key === 'dependencies';
  return one.source.kind === 'index' && keyOf(one) === name && !isPlain;
}

/** What one line means, `above` being the extras that led to it and `seen` all that were met on the way. */
function expand(own: Own, one: Declared, above: readonly string[], seen: Set<string>): Declared[] {
  if (!isOwn(own, one)) return [one];
  return one.extras.map(normalName).flatMap((extra) => {
    const step = `${extra} ${one.marker}`;
    if (above.includes(extra) || seen.has(step)) return [];
    seen.add(step);
    if (seen.size > MOST) throw badKey(own.file, KEY, 'names its own extras in too many ways.');
    const list = own.extras.get(extra);
    if (list === undefined) {
      const message = `${own.file}: ${one.key} names the project's extra ${extra}, which [${KEY}] does not have. It is left out.`;
      own.notices.push({ code: 'unknown-extra', message, file: own.file });
      return [];
    }
    const inner = list.map((other) => ({ ...other, marker: allOf(other.marker, one.marker) }));
    return inner.flatMap((other) => expand(own, other, [...above, extra], seen));
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
  return declared.flatMap((one) => expand({ file, name, extras, notices }, one, [], new Set()));
}
