/** The words of a command line → switches, values and operands of one command. */
import { parseArgs } from 'node:util';
import { SlipwayError } from '../errors.ts';
import type { Arguments, Command, Option } from './command.ts';
import { plainLine } from './text.ts';

const HELP: Option = { name: 'help', short: 'h', meaning: 'show this help' };

/** The options of a command with those that every command has. */
export function optionsOf(command: Command): readonly Option[] {
  return [...command.options, HELP];
}

/** Number of single-letter edits that lead from one word to another. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The candidate that is most like a mistyped word, unless none is like it at all. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.slice(0, 64);
  const ranked = candidates.map((name) => ({ name, far: name.startsWith(typed) ? 0 : distance(typed, name) }));
  const best = ranked.sort((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.max(2, Math.floor(typed.length / 3)) ? best.name : undefined;
}

function badUsage(message: string, hint: string): SlipwayError {
  return new SlipwayError('bad_usage', message, { hint });
}

function unknownOption(typed: string, command: Command): SlipwayError {
  const names = optionsOf(command).map((option) => `--${option.name}`);
  const near = nearest(typed, names);
  const meant = near ? `Did you mean ${near}?` : `Its options are ${names.join(', ')}.`;
  const dash = command.operands.includes('<repo>') ? ` If it is a repository, put -- before it.` : '';
  return badUsage(`slipway ${command.name} has no option ${plainLine(typed)}.`, `${meant}${dash}`);
}

interface Token {
  /** As typed, with its dashes. */
  rawName: string;
  name: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function checkOption(token: Token, command: Command): void {
  const option = optionsOf(command).find((one) => one.name === token.name);
  if (!option) throw unknownOption(token.rawName, command);
  if (!option.value && token.value !== undefined) {
    throw badUsage(`${token.rawName} takes no value.`, `Write ${token.rawName} alone.`);
  }
  if (!option.value) return;
  const isMissing = token.value === undefined || (!token.inlineValue && token.value.startsWith('-'));
  if (isMissing || token.value === '') {
    const shape = `--${option.name}=${option.value}`;
    throw badUsage(`${token.rawName} needs a value.`, `Write ${shape}; with "=" the value may also begin with a dash.`);
  }
}

/**
 * Parses what stands after the command's name; `--` ends the options.
 * @throws bad_usage with the nearest option when one is unknown
 */
export function parseArguments(command: Command, argv: readonly string[]): Arguments {
  const options = Object.fromEntries(
    optionsOf(command).map(({ name, short, value }) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short && { short }) },
    ]),
  );
  const parsed = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of parsed.tokens) {
    // Of letters run together, `-weird`, the whole word is what was typed.
    if (token.kind === 'option') checkOption({ ...token, rawName: wordOf(token, argv) }, command);
  }
  const entries = Object.entries(parsed.values);
  const values = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const switches = new Set(entries.filter(([, value]) => value === true).map(([name]) => name));
  const args = { switches, values: Object.fromEntries(values), operands: parsed.positionals };
  if (!switches.has('help')) checkCount(command, args.operands);
  return args;
}

function wordOf(token: { rawName: string; index: number }, argv: readonly string[]): string {
  const word = argv[token.index] ?? token.rawName;
  return word.startsWith('--') || !word.startsWith('-') ? token.rawName : word;
}

function checkCount(command: Command, operands: readonly string[]): void {
  const { min, max } = command.count;
  const usage = `Usage: slipway ${command.name} ${command.operands}`.trimEnd();
  if (operands.length < min)
    throw badUsage(`slipway ${command.name} needs ${command.operands}.`, `${usage} (--help says more)`);
  const extra = operands[max];
  if (extra !== undefined) throw badUsage(`"${plainLine(extra)}" is one word too many.`, `${usage} (--help says more)`);
}
