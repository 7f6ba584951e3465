/** Who may launch what. */
import { describe, expect, it } from 'vitest';
import { checkPolicy, fits, isInside } from '../../../src/service/policy.ts';
import type { RepoSpec } from '../../../src/types.ts';

const SPEC: RepoSpec = {
  provider: 'gl',
  name: 'group%2Fproject',
  cloneUrl: 'https://gitlab.com/group/project.git',
  canonicalUrl: 'https://gitlab.com/group/project',
  ref: 'main',
};
const CLIENT = { address: '192.0.2.7', isOperator: false };
const OPEN = { SLIPWAY_ALLOWED: [], SLIPWAY_BANNED: [], SLIPWAY_BANNED_NETWORKS: [] };

function outcome(settings: Partial<Record<keyof typeof OPEN, string[]>>, client = CLIENT): string {
  try {
    checkPolicy(SPEC, client, { ...OPEN, ...settings });
    return 'allowed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a pattern', () => {
  it.each([
    ['gh/org/*', 'gh/org/name', true],
    ['gh/org/*', 'gh/organisation/name', false],
    ['gh/ORG/Name', 'gh/org/name', true],
    ['gh/org', 'gh/org/name', false],
    ['*', '', true],
    ['*mine*', 'gh/org/minecraft/main', true],
    ['a*b*a', 'aba', true],
    ['ab*ba', 'aba', false],
    ['a*b*b', 'ab', false],
    ['*ab*ab', 'ab', false],
    ['gh/org/name.', 'gh/org/namex', false],
    ['(a+)+$', '(a+)+$', true],
  ])('%s fits %s: %s', (pattern, text, expected) => {
    expect(fits(pattern, text)).toBe(expected);
  });

  it('is never slow', () => {
    const started = performance.now();
    expect(fits(`${'a*'.repeat(2000)}b`, 'a'.repeat(4000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('a repository', () => {
  it.each([
    [{}, 'allowed'],
    [{ SLIPWAY_BANNED: ['gl/group/project'] }, 'repo_banned'],
    [{ SLIPWAY_BANNED: ['gl/group%2fPROJECT'] }, 'repo_banned'],
    [{ SLIPWAY_BANNED: ['https://gitlab.com/group/*'] }, 'repo_banned'],
    [{ SLIPWAY_BANNED: ['gl/group/project/main'] }, 'repo_banned'],
    [{ SLIPWAY_BANNED: ['gl/group/project/other'] }, 'allowed'],
    [{ SLIPWAY_ALLOWED: ['gh/*'] }, 'repo_banned'],
    [{ SLIPWAY_ALLOWED: ['gh/*', 'gl/group/*'] }, 'allowed'],
    [{ SLIPWAY_ALLOWED: ['gl/*'], SLIPWAY_BANNED: ['gl/group/*'] }, 'repo_banned'],
  ])('under %j is %s', (settings, expected) => {
    expect(outcome(settings)).toBe(expected);
  });
});

describe('an address', () => {
  it.each([
    ['192.0.2.7', ['192.0.2.0/24'], true],
    ['192.0.3.7', ['192.0.2.0/24'], false],
    ['::ffff:192.0.2.7', ['192.0.2.0/24'], true],
    ['192.0.2.7', ['192.0.2.7'], true],
    ['2001:db8::1', ['2001:db8::/32', '10.0.0.0/8'], true],
    ['2001:db8::1', ['0.0.0.0/0'], false],
    ['not an address', ['0.0.0.0/0', '::/0'], false],
    ['192.0.2.7', ['nonsense'], false],
  ])('%s is in %j: %s', (address, networks, expected) => {
    expect(isInside(address, networks)).toBe(expected);
  });

  it('that is banned launches nothing, unless it is the operator', () => {
    const settings = { SLIPWAY_BANNED_NETWORKS: ['192.0.2.0/24'] };
    expect(outcome(settings)).toBe('client_banned');
    expect(outcome(settings, { ...CLIENT, isOperator: true })).toBe('allowed');
  });
});

describe('a DOI', () => {
  const doi: RepoSpec = {
    ...SPEC,
    provider: 'zenodo',
    name: '10.5281/zenodo.1',
    canonicalUrl: 'https://doi.org/10.5281/zenodo.1',
  };
  const check = (spec: RepoSpec, settings: Partial<Record<keyof typeof OPEN, string[]>>) => () =>
    checkPolicy(spec, CLIENT, { ...OPEN, ...settings });

  it('may be banned itself, and is allowed by what it leads to', () => {
    expect(check(doi, { SLIPWAY_BANNED: ['zenodo/*'] })).toThrow('may not be launched');
    expect(check(doi, { SLIPWAY_ALLOWED: ['gh/*'] })).not.toThrow();
  });

  it('counts as a name of what it leads to', () => {
    const led: RepoSpec = { ...SPEC, doi: doi.name };
    expect(check(led, { SLIPWAY_ALLOWED: ['zenodo/10.5281/*'] })).not.toThrow();
    expect(check(led, { SLIPWAY_ALLOWED: ['gh/*'] })).toThrow('may not be launched');
    expect(check(led, { SLIPWAY_BANNED: ['https://doi.org/*'] })).toThrow('may not be launched');
    expect(check(led, { SLIPWAY_BANNED: ['gl/group/*'] })).toThrow('may not be launched');
  });
});
