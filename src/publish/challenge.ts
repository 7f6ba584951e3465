/** What a registry asks for when it answers 401, as RFC 9110 writes it. */

export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  scheme: string;
  parameters: Record<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(`^\\s*,?\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))`);
const SCHEME = new RegExp(`^\\s*,?\\s*(${TOKEN})(?:\\s+|(?=,)|$)`);

/** Every challenge of a `WWW-Authenticate`; what cannot be read ends it. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header.slice(0, 8192);
  for (let found = SCHEME.exec(rest); found; found = SCHEME.exec(rest)) {
    const challenge: Challenge = { scheme: (found[1] ?? '').toLowerCase(), parameters: {} };
    rest = rest.slice(found[0].length);
    for (let one = PARAMETER.exec(rest); one; one = PARAMETER.exec(rest)) {
      const value = one[2]?.replace(/\\(.)/g, '$1') ?? one[3] ?? '';
      challenge.parameters[(one[1] ?? '').toLowerCase()] = value;
      rest = rest.slice(one[0].length);
    }
    challenges.push(challenge);
  }
  return challenges;
}
