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
  matches: (path: string) => boolean;
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

/** Tokens that may be looked at for one ignore file: beyond it the file only costs time. */
const MAX_WORK = 20_000_000;
/** States that a pattern's automaton remembers. */
const MAX_STATES = 2000;

interface Budget {
  left: number;
}

/** A set of tokens that may come next, and where each character leads from it, found out when it is first read. */
interface State {
  tokens: number[];
  matches: boolean;
  next: Map<string, State>;
}

/** The token, and those reachable without reading. */
function reach(tokens: readonly Token[], at: number, found: Set<number>): void {
  if (found.has(at)) return;
  found.add(at);
  const kind = tokens[at]?.kind;
  if (kind === 'star' || kind === 'rest' || kind === 'folders') reach(tokens, at + 1, found);
  // Past the token that reads inside of the folders.
  if (kind === 'folders') reach(tokens, at + 2, found);
}

function read(tokens: readonly Token[], at: number, char: string, found: Set<number>): void {
  const token = tokens[at];
  if (token === undefined || token.kind === 'folders') return;
  if (token.kind === 'inside') {
    found.add(at);
    if (char === '/') reach(tokens, at + 1, found);
  } else if (token.kind === 'rest' || (token.kind === 'star' && char !== '/')) reach(tokens, at, found);
  else if (accepts(token, char)) reach(tokens, at + 1, found);
}

/** Whether a path, or a folder that holds it, matches: all of them are looked at in one walk. */
function automaton(tokens: readonly Token[], budget: Budget): (path: string) => boolean {
  const states = new Map<string, State>();
  const stateOf = (found: Set<number>): State => {
    const sorted = [...found].sort((a, b) => a - b);
    const key = sorted.join();
    const state = states.get(key) ?? { tokens: sorted, matches: found.has(tokens.length), next: new Map() };
    states.set(key, state);
    return state;
  };
  const follow = (state: State, char: string): State => {
    budget.left -= state.tokens.length + 1;
    if (budget.left < 0) throw tooMuch();
    if (states.size > MAX_STATES) states.clear();
    const found = new Set<number>();
    for (const at of state.tokens) read(tokens, at, char, found);
    const next = stateOf(found);
    state.next.set(char, next);
    return next;
  };
  const first = new Set<number>();
  reach(tokens, 0, first);
  const start = { tokens: [...first], matches: first.has(tokens.length), next: new Map<string, State>() };
  return (path) => {
    if (states.size > MAX_STATES) start.next.clear();
    let state: State = start;
    budget.left -= path.length >> 5;
    for (const char of path) {
      if (char === '/' && state.matches) return true;
      state = state.next.get(char) ?? follow(state, char);
      if (state.tokens.length === 0) return false;
    }
    return state.matches;
  };
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
  const budget = { left: MAX_WORK };
  const rules = lines.flatMap((line): Rule[] => {
    const isException = line.trim().startsWith('!');
    const pattern = clean(
      line
        .trim()
        .slice(isException ? 1 : 0)
        .trim(),
    );
    return pattern === '' || pattern.length > MAX_LENGTH
      ? []
      : [{ isException, matches: automaton(tokenize(pattern), budget) }];
  });
  const used = rules.slice(0, MAX_PATTERNS);
  return (path) => {
    for (let at = used.length - 1; at >= 0; at--) {
      const rule = used[at] as Rule;
      if (rule.matches(path)) return !rule.isException;
    }
    return false;
  };
}

function tooMuch(): SlipwayError {
  return new SlipwayError('bad_environment_file', 'The patterns of the ignore file take too long to match.', {
    hint: 'Use fewer patterns, and fewer `*` in each.',
  });
}
