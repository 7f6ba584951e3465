/**
 * YAML of a repository, with the place of everything. Scalars stay the text that was written (`3.10` is no number; null is
 * empty), keys are those of a Map (`__proto__` is one like any other), and an alias is the very value that it names, never a copy.
 */
import type { Alias, Document, Node } from 'yaml';
import { shown } from '../../src/paths.ts';
import type { Checkout } from '../../src/types.ts';
import { fault, type Place } from './faults.ts';

export type YamlValue = Place &
  ({ kind: 'text'; text: string } | { kind: 'list'; items: YamlValue[] } | { kind: 'map'; entries: YamlMap });
/** In the order of the file. */
export type YamlMap = Map<string, YamlValue>;

/** Looking one up walks the document, so many would take time that grows with their square. */
const MOST_ALIASES = 100;
const HINT = 'Mend the YAML there.';
/** YAML's words for nothing, which is what they are read as. */
const NULL = /^(?:~|null|Null|NULL)$/;

interface Reading {
  yaml: typeof import('yaml');
  document: Document.Parsed;
  place: (node: Node | null | undefined) => Place;
  known: Map<Node, YamlValue>;
  aliases: number;
}

function followed(reading: Reading, alias: Alias): YamlValue {
  const place = reading.place(alias);
  if (++reading.aliases > MOST_ALIASES) throw fault(place, `it has more than ${MOST_ALIASES} aliases.`, HINT);
  const target = alias.resolve(reading.document);
  if (target === undefined) throw fault(place, `*${shown(alias.source)} names no anchor before it.`, HINT);
  return converted(reading, target);
}

function converted(reading: Reading, node: Node | null): YamlValue {
  const ready = node === null ? undefined : reading.known.get(node);
  return ready ?? convert(reading, node);
}

function convert(reading: Reading, node: Node | null): YamlValue {
  const { isAlias, isMap, isScalar, isSeq } = reading.yaml;
  const place = reading.place(node);
  if (node === null) return { ...place, kind: 'text', text: '' };
  if (isAlias(node)) return followed(reading, node);
  if (isScalar(node)) {
    // The text of a block begins below its sign.
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    const text = String(node.value ?? '');
    const isNull = node.type === 'PLAIN' && NULL.test(text);
    return { ...place, line: place.line + (isBlock ? 1 : 0), kind: 'text', text: isNull ? '' : text };
  }
  if (isSeq(node)) {
    const items: YamlValue[] = [];
    const list: YamlValue = { ...place, kind: 'list', items };
    // Known before its items are, for one of them may be an alias of it.
    reading.known.set(node, list);
    for (const item of node.items) items.push(converted(reading, item as Node | null));
    return list;
  }
  const entries: YamlMap = new Map();
  const map: YamlValue = { ...place, kind: 'map', entries };
  reading.known.set(node, map);
  if (!isMap(node)) return map;
  for (const { key, value } of node.items) {
    const name = converted(reading, key as Node | null);
    if (name.kind !== 'text') throw fault(name, 'a key has to be a word.', HINT);
    if (entries.has(name.text)) throw fault(name, `${shown(name.text)} is there twice.`, 'Keep one of the two.');
    const entry = converted(reading, value as Node | null);
    // What is empty has no place of its own.
    entries.set(name.text, value === null ? { ...entry, line: name.line } : entry);
  }
  return map;
}

/**
 * Reads a file that holds one YAML document.
 * @throws SlipwayError `bad_environment_file` with line and column, and what reading a file throws
 */
export async function readYaml(checkout: Checkout, file: string, most?: number): Promise<YamlValue> {
  const text = await checkout.read(file, most);
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    // Strings only: nothing is a number, a date or a tag that makes an object.
    schema: 'failsafe',
    // Compared with all before it by the library; here by a Map.
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw fault(at(problem.pos[0]), described(problem), HINT, problem);
  const place = (node: Node | null | undefined) => at(node?.range?.[0] ?? 0);
  return converted({ yaml, document, place, known: new Map(), aliases: 0 }, document.contents);
}

function described(problem: { code: string; message: string }): string {
  if (problem.code === 'RESOURCE_EXHAUSTION') return 'it nests too deeply.';
  if (problem.code === 'MULTIPLE_DOCS') return 'a second document begins there; only one is read.';
  if (problem.code === 'TAG_RESOLVE_FAILED') return 'tags (!) are not read.';
  return `${shown(problem.message.split('\n')[0] ?? '')}.`.replace(/\.\.$/, '.');
}

const SHAPES = { text: 'plain text', list: 'a list', map: 'a map of names and values' } as const;
type Shaped<K extends YamlValue['kind']> = Extract<YamlValue, { kind: K }>;

/** The value as what it has to be. @throws SlipwayError `bad_environment_file` naming `what` */
function shaped<K extends YamlValue['kind']>(value: YamlValue, kind: K, what: string): Shaped<K> {
  if (value.kind === kind) return value as Shaped<K>;
  throw fault(value, `${what} has to be ${SHAPES[kind]}.`, HINT);
}

export function textOf(value: YamlValue, what: string): string {
  return shaped(value, 'text', what).text;
}

/** A list; none where the value is missing or empty. */
export function itemsOf(value: YamlValue | undefined, what: string): YamlValue[] {
  return isNothing(value) ? [] : shaped(value, 'list', what).items;
}

/** Names and values; none where the value is missing or empty. */
export function entriesOf(value: YamlValue | undefined, what: string): YamlMap {
  return isNothing(value) ? new Map() : shaped(value, 'map', what).entries;
}

/** Missing, or a key with nothing after it. */
function isNothing(value: YamlValue | undefined): value is undefined {
  return value === undefined || (value.kind === 'text' && value.text === '');
}
