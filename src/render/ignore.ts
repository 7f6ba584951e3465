/**
 * Docker's ignore files. Not a library: those turn patterns into regular expressions, which a hostile pattern makes
 * take for ever. Here each pattern is walked once along the path, so time is length of pattern × length of path.
 */

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
  /** `**` before more: nothing, or anything up to and with a slash. */
  | { kind: 'folders' };

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
      tokens.push(at + 1 >= chars.length ? { kind: 'rest' } : { kind: 'folders' });
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

/** States reachable without reading: past a `*`, a `**` or the folders of one. */
function close(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const kind = tokens[state]?.kind;
    if (kind === 'star' || kind === 'rest' || kind === 'folders') states.add(state + 1);
  }
  return states;
}

/**
 * Whether the path or a folder that holds it matches: all of them are looked at in one walk.
 * A state is the number of tokens that are done; for `folders` a second, negative state reads inside of a folder's name.
 */
function matches(tokens: readonly Token[], path: string): boolean {
  let states = close(tokens, new Set([0]));
  for (const char of path) {
    if (char === '/' && states.has(tokens.length)) return true;
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state < 0 ? -state - 1 : state];
      if (!token) continue;
      if (token.kind === 'rest' || (token.kind === 'star' && char !== '/')) next.add(state);
      else if (token.kind === 'folders') {
        const index = state < 0 ? -state - 1 : state;
        next.add(-index - 1);
        if (char === '/') next.add(index + 1);
      } else if (accepts(token, char)) next.add(state + 1);
    }
    states = close(tokens, next);
    if (states.size === 0) return false;
  }
  return states.has(tokens.length);
}

/**
 * @param text of a `.dockerignore` or `.containerignore`
 * @returns whether a path of the repository is left out; the last rule that matches decides
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
  return (path) => {
    for (let at = used.length - 1; at >= 0; at--) {
      const rule = used[at] as Rule;
      if (matches(rule.tokens, path)) return !rule.isException;
    }
    return false;
  };
}
