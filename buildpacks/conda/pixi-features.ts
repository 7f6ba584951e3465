/** What pixi's default environment is made of: its features, and of pyproject.toml the groups that count as features. */
import { normalName } from '../python/requirement.ts';
import { badKey, isTable, type Table, tableAt, textAt, textsAt } from '../python/toml.ts';
import { channelName } from './channels.ts';

const DEEPEST = 50;

/** A requirement for pip, and the group that has it. */
interface GroupLine {
  /** Normalised. */
  group: string;
  text: string;
}

export interface Chosen {
  /** The manifest and its features, each with what it has for our platform alone; a later one wins. */
  layers: Table[];
  /** Of all of them, the highest priority first. */
  channels: string[];
  lines: GroupLine[];
}

const GROUPS = 'dependency-groups';
const EXTRAS = 'project.optional-dependencies';

/** What of pyproject.toml counts as features. */
interface Groups {
  file: string;
  /** Of the project itself, whose extras a group may name. */
  project: string | undefined;
  /** By table and name: `dependency-groups.test`. */
  lists: ReadonlyMap<string, unknown>;
}

const keyOf = (table: string, name: string) => `${table}.${normalName(name)}`;

function groupsOf(file: string, pyproject: Table): Groups {
  const metadata = tableAt(file, 'project', pyproject.project);
  const tables = [
    [EXTRAS, metadata['optional-dependencies']],
    [GROUPS, pyproject[GROUPS]],
  ] as const;
  const lists = tables.flatMap(([table, value]) =>
    Object.entries(tableAt(file, table, value)).map(([name, list]) => [keyOf(table, name), list] as const),
  );
  const project = textAt(file, 'project.name', metadata.name);
  return { file, project: project && normalName(project), lists: new Map(lists) };
}

/** The keys of a feature's groups. */
function keysOf({ lists }: Groups, feature: string): string[] {
  return [EXTRAS, GROUPS].map((table) => keyOf(table, feature)).filter((key) => lists.has(key));
}

/** The groups that an item of one stands for: `{include-group = "test"}`, or the project's own extras. */
function includedBy({ file, project, lists }: Groups, key: string, item: unknown): string[] | undefined {
  if (isTable(item) && typeof item['include-group'] === 'string') return [keyOf(GROUPS, item['include-group'])];
  if (typeof item !== 'string') throw badKey(file, key, 'holds something that is neither a string nor include-group.');
  const [, name = '', extras = ''] = /^\s*([A-Za-z0-9._-]+)\s*\[([^\]]*)\]\s*$/.exec(item) ?? [];
  if (name === '' || normalName(name) !== project) return undefined;
  return extras
    .split(',')
    .map((extra) => keyOf(EXTRAS, extra.trim()))
    .filter((extra) => lists.has(extra));
}

/** The lines of a group and of those that it includes, each group once; `above` are those that led here. */
function groupLines(groups: Groups, key: string, done: Set<string>, above: readonly string[] = []): GroupLine[] {
  const { file, lists } = groups;
  const list = lists.get(key);
  if (!Array.isArray(list)) throw badKey(file, key, 'has to be a list.');
  if (above.includes(key)) throw badKey(file, key, 'includes itself.');
  if (above.length > DEEPEST) throw badKey(file, key, `is included by more than ${DEEPEST} others in a row.`);
  if (done.has(key)) return [];
  const lines = list.flatMap((item: unknown) => {
    const others = includedBy(groups, key, item);
    if (others === undefined) return [{ group: key.slice(key.lastIndexOf('.') + 1), text: String(item) }];
    return others.flatMap((other) => groupLines(groups, other, done, [...above, key]));
  });
  done.add(key);
  return lines;
}

/** Channels of a feature and features of an environment, which multiply; real ones have a handful. */
const MOST_CHANNELS = 100;
const MOST_FEATURES = 1000;

interface Channel {
  name: string;
  priority: number;
}

function channelsOf(file: string, listed: unknown): Channel[] {
  if (!Array.isArray(listed)) throw badKey(file, 'channels', 'has to be a list.');
  if (listed.length > MOST_CHANNELS) throw badKey(file, 'channels', `has more than ${MOST_CHANNELS} entries.`);
  return listed.map((item: unknown) => {
    const [name, priority = 0] = isTable(item) ? [item.channel, item.priority] : [item];
    if (typeof name !== 'string') throw badKey(file, 'channels', 'has to be a list of names.');
    if (typeof priority !== 'number') throw badKey(file, 'channels', 'has a priority that is no number.');
    return { name: channelName({ file, line: 1 }, name), priority };
  });
}

/** A feature without channels of its own has the workspace's; the default feature comes last. */
function mergedChannels(file: string, features: readonly Table[], workspace: Table): string[] {
  const usual = channelsOf(file, workspace.channels ?? []);
  const all = features.flatMap(({ channels }) => (channels === undefined ? usual : channelsOf(file, channels)));
  const names = all.toSorted((one, other) => other.priority - one.priority).map(({ name }) => name);
  return names.length === 0 ? ['conda-forge'] : [...new Set(names)];
}

function withPlatform(file: string, table: Table, subdir: string): Table[] {
  const targets = tableAt(file, 'target', table.target);
  return [table, ...['unix', 'linux', subdir].map((name) => tableAt(file, `target.${name}`, targets[name]))];
}

/**
 * The default feature and those that the default environment names.
 * @param pyproject the whole file, where the manifest is a part of it
 * @throws SlipwayError `bad_environment_file` with the key
 */
export function chosenFeatures(
  file: string,
  manifest: Table,
  workspace: Table,
  pyproject: Table,
  subdir: string,
): Chosen {
  const tables = tableAt(file, 'feature', manifest.feature);
  const groups = groupsOf(file, pyproject);
  const chosen = tableAt(file, 'environments', manifest.environments).default;
  const names = [...new Set(textsAt(file, 'environments.default', isTable(chosen) ? chosen.features : chosen))];
  if (names.length > MOST_FEATURES)
    throw badKey(file, 'environments.default', `names more than ${MOST_FEATURES} features.`);
  const isAlone = isTable(chosen) && chosen['no-default-feature'] === true;
  const done = new Set<string>();
  const lines = names.flatMap((name) => keysOf(groups, name)).flatMap((key) => groupLines(groups, key, done));
  const named = names.map((name) => {
    const isOwn = Object.hasOwn(tables, name);
    if (!isOwn && keysOf(groups, name).length === 0)
      throw badKey(file, `feature.${name}`, 'is part of the default environment and missing.');
    return isOwn ? tableAt(file, `feature.${name}`, tables[name]) : {};
  });
  const features = [...named, ...(isAlone ? [] : [{}])];
  // Names that come first win in pixi.
  const layers = [...(isAlone ? [] : [manifest]), ...named.toReversed()];
  return {
    layers: layers.flatMap((layer) => withPlatform(file, layer, subdir)),
    channels: mergedChannels(file, features, workspace),
    lines,
  };
}
