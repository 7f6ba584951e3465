/** TOML and JSON of a repository: parsed within limits, and read key by key with errors that name file and key. */
import { SlipwayError } from '../../src/errors.ts';
import { shown } from '../../src/paths.ts';
import type { Checkout } from '../../src/types.ts';

export type Table = Readonly<Record<string, unknown>>;

/** Locks hold a hash for every file of every package: the largest known have some megabytes. */
export const MAX_LOCK = 2 ** 23;
/** Levels of tables and lists; what tools write has five or six. */
const DEEPEST = 100;

/** The error for a value that the format does not have. `key` is where, as `dependencies.numpy`. */
export function badKey(file: string, key: string, problem: string, hint?: string): SlipwayError {
  return new SlipwayError('bad_environment_file', `${file}: ${shown(key)} ${problem}`, {
    hint: hint ?? 'Mend the file, or have its tool write it anew.',
  });
}

function unparsable(file: string, line: number, column: number, problem: string, cause: unknown): SlipwayError {
  return new SlipwayError('bad_environment_file', `${file}, line ${line}, column ${column}: ${shown(problem)}`, {
    hint: `Mend it there, or have its tool write ${file} anew.`,
    cause,
  });
}

/** Parses a TOML file; a fault names line and column. */
export async function readToml(checkout: Checkout, file: string, most?: number): Promise<Table> {
  const text = await checkout.read(file, most);
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text, { maxDepth: DEEPEST });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw unparsable(file, error.line, error.column, error.message.split('\n')[0] ?? '', error);
  }
}

/** Whether text goes wrong before its end; what only stops too early may still become JSON. */
function goesWrong(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    const words = (error as Error).message;
    const position = /at position (\d+)/.exec(words)?.[1];
    return position === undefined ? !/end of JSON input|Unterminated/.test(words) : Number(position) < text.length;
  }
}

/** Where JSON goes wrong, which the engine's own messages mostly leave out: all shorter beginnings are fine. */
function firstFault(text: string): number {
  if (!goesWrong(text)) return text.length;
  let [fine, wrong] = [0, text.length];
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (goesWrong(text.slice(0, middle))) wrong = middle;
    else fine = middle;
  }
  return fine;
}

/** Parses a JSON file whose top is an object; a fault names line and column. */
export async function readJson(checkout: Checkout, file: string, most?: number): Promise<Table> {
  const text = await checkout.read(file, most);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const before = text.slice(0, firstFault(text)).split('\n');
    const problem = (error as Error).message.replace(/ in JSON.*| \(line .*|, (?:\.\.\.)?".*/s, '');
    throw unparsable(file, before.length, (before.at(-1) ?? '').length + 1, problem, error);
  }
  if (!isTable(value)) throw badKey(file, 'the file', 'has to be an object.');
  return value;
}

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A table that may be missing: then it is empty. */
export function tableAt(file: string, key: string, value: unknown): Table {
  if (value === undefined) return {};
  if (isTable(value)) return value;
  throw badKey(file, key, 'has to be a table.');
}

export function tablesAt(file: string, key: string, value: unknown): readonly Table[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isTable)) return value;
  throw badKey(file, key, 'has to be a list of tables.');
}

export function textAt(file: string, key: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw badKey(file, key, 'has to be a string.');
}

export function textsAt(file: string, key: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw badKey(file, key, 'has to be a list of strings.');
}
