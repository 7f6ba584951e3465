/**
 * Docker's ignore files. Not a library: those turn patterns into regular expressions, which a hostile pattern makes
 * take for ever. Here each pattern is walked once along the path, so time is length of pattern × length of path.
 */

import { SlipwayError } from '../errors.ts';

/** Patterns beyond these would let a repository slow down everybody's builds. */
const MAX_PATTERNS = 1000;
const MAX_LENGTH = 512;

type Token =
  | { kind: 'char'; char: string }
  | { kind: 'any' }
  | { kind: 'class'; negated: boolean; ranges: [string, string][] }
  /** `*`: anything but a slash. */
  | { kind: 'star' }
  /** `**` at the end: anything. */
  | { kind: 'rest' }
  /** `**` before more: nothing, or anything up to and with a slash, which the token after it reads. */
  | { kind: 'folders' }
  | { kind: 'inside' };

interface Rule {
  isException: boolean;
  tokens: Token[];
}

/** Go's filepath.Clean, for the relative patterns of an ignore file. */
function clean(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function tokenize(pattern: string): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    if (char === '*' && chars[at + 1] === '*') {
      while (chars[at + 1] === '*') at += 1;
      if (chars[at + 1] === '/') at += 1;
      if (at + 1 >= chars.length) tokens.push({ kind: 'rest' });
      else tokens.push({ kind: 'folders' }, { kind: 'inside' });
    } else if (char === '*') tokens.push({ kind: 'star' });
    else if (char === '?') tokens.push({ kind: 'any' });
    else if (char === '[' && chars.indexOf(']', at + 2) > 0) {
      const end = chars.indexOf(']', at + 2);
      tokens.push(charClass(chars.slice(at + 1, end)));
      at = end;
    } else {
      if (char === '\\' && at + 1 < chars.length) at += 1;
      tokens.push({ kind: 'char', char: chars[at] as string });
    }
  }
  return tokens;
}

function charClass(body: readonly string[]): Token {
  const negated = body[0] === '^';
  const ranges: [string, string][] = [];
  for (let at = negated ? 1 : 0; at < body.length; at++) {
    const from = body[at] as string;
    const isRange = body[at + 1] === '-' && at + 2 < body.length;
    ranges.push([from, isRange ? (body[at + 2] as string) : from]);
    if (isRange) at += 2;
  }
  return { kind: 'class', negated, ranges };
}

function accepts(token: Token, char: string): boolean {
  if (token.kind === 'char') return token.char === char;
  if (token.kind === 'any') return char !== '/';
  if (token.kind !== 'class' || char === '/') return false;
  return token.ranges.some(([from, to]) => from <= char && char <= to) !== token.negated;
}

/** Tokens that a walk may look at for one ignore file: beyond it the file only costs time. */
const MAX_WORK = 300_000_000;

interface Budget {
  left: number;
}

/** The set of tokens that may come next: an array without doubles. */
interface States {
  list: number[];
  marks: Uint8Array;
}

function add(states: States, tokens: readonly Token[], state: number): void {
  if (states.marks[state] === 1) return;
  states.marks[state] = 1;
  states.list.push(state);
  const kind = tokens[state]?.kind;
  if (kind === 'star' || kind === 'rest' || kind === 'folders') add(states, tokens, state + 1);
  // Past the token that reads inside of the folders.
  if (kind === 'folders') add(states, tokens, state + 2);
}

function step(tokens: readonly Token[], state: number, char: string, next: States): void {
  const token = tokens[state];
  if (token === undefined || token.kind === 'folders') return;
  if (token.kind === 'inside') {
    add(next, tokens, state);
    if (char === '/') add(next, tokens, state + 1);
  } else if (token.kind === 'rest' || (token.kind === 'star' && char !== '/')) add(next, tokens, state);
  else if (accepts(token, char)) add(next, tokens, state + 1);
}

/** Whether the path or a folder that holds it matches: all of them are looked at in one walk. */
function matches(tokens: readonly Token[], path: string, budget: Budget): boolean {
  const empty = (): States => ({ list: [], marks: new Uint8Array(tokens.length + 1) });
  let states = empty();
  let next = empty();
  add(states, tokens, 0);
  for (const char of path) {
    if (char === '/' && states.marks[tokens.length] === 1) return true;
    budget.left -= states.list.length;
    for (const state of states.list) step(tokens, state, char, next);
    for (const state of states.list) states.marks[state] = 0;
    states.list.length = 0;
    [states, next] = [next, states];
    if (states.list.length === 0) return false;
  }
  return states.marks[tokens.length] === 1;
}

/**
 * @param text of a `.dockerignore` or `.containerignore`
 * @returns whether a path of the repository is left out; the last rule that matches decides. It throws
 *   `bad_environment_file` when the patterns take for ever on this repository.
 */
export function ignoreFilter(text: string): (path: string) => boolean {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'));
  const rules = lines.flatMap((line): Rule[] => {
    const isException = line.trim().startsWith('!');
    const pattern = clean(
      line
        .trim()
        .slice(isException ? 1 : 0)
        .trim(),
    );
    return pattern === '' || pattern.length > MAX_LENGTH ? [] : [{ isException, tokens: tokenize(pattern) }];
  });
  const used = rules.slice(0, MAX_PATTERNS);
  const budget = { left: MAX_WORK };
  return (path) => {
    if (budget.left < 0) throw tooMuch();
    for (let at = used.length - 1; at >= 0; at--) {
      const rule = used[at] as Rule;
      if (matches(rule.tokens, path, budget)) return !rule.isException;
    }
    return false;
  };
}

function tooMuch(): SlipwayError {
  return new SlipwayError('bad_environment_file', 'The patterns of the ignore file take too long to match.', {
    hint: 'Use fewer patterns, and fewer `*` in each.',
  });
}
