/** Refs are asked for once for all who want to know. */
import { beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type ErrorCode, SlipwayError } from '../../../src/errors.ts';
import { createLookups, type Lookups } from '../../../src/service/lookups.ts';
import type { RepoSpec, Resolved } from '../../../src/types.ts';

const SHA = 'a'.repeat(40);

function specOf(name: string, ref?: string): RepoSpec {
  const canonicalUrl = `https://git.example.org/${name}`;
  return { provider: 'git', name, cloneUrl: `${canonicalUrl}.git`, canonicalUrl, ...(ref !== undefined && { ref }) };
}

let asked: string[];
let answer: (spec: RepoSpec) => Promise<Resolved>;
let find: (spec: RepoSpec) => Promise<RepoSpec>;
let now: number;
let lookups: Lookups;

beforeEach(() => {
  asked = [];
  now = 0;
  answer = async (spec) => ({ spec, ref: spec.ref ?? 'HEAD', commit: SHA });
  const ask = (spec: RepoSpec) => {
    asked.push(`${spec.name} ${spec.ref ?? 'HEAD'}`);
    return answer(spec);
  };
  find = async () => ({ ...specOf('a', 'v1'), doi: '10.1234/x' });
  const settings = { SLIPWAY_ALLOWED: 'git/*,zenodo/10.1234/*', SLIPWAY_BANNED: '*/banned' };
  lookups = createLookups(
    loadConfig(settings),
    ask,
    () => now,
    undefined,
    (spec) => {
      asked.push(spec.name);
      return find(spec);
    },
  );
});

const failing = (code: ErrorCode) => async () => {
  throw new SlipwayError(code, code);
};

describe('a look-up', () => {
  it('is shared by all who ask at once, and kept for a minute', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => lookups.resolve(specOf('a', 'main'))));
    expect(new Set(all.map(({ commit }) => commit))).toEqual(new Set([SHA]));
    now = 59_000;
    await lookups.resolve(specOf('a', 'main'));
    expect(asked).toEqual(['a main']);
    now = 61_000;
    await lookups.resolve(specOf('a', 'main'));
    expect(asked).toEqual(['a main', 'a main']);
  });

  it('of another ref is another', async () => {
    await Promise.all([lookups.resolve(specOf('a')), lookups.resolve(specOf('a', 'b')), lookups.resolve(specOf('b'))]);
    expect(asked).toEqual(['a HEAD', 'a b', 'b HEAD']);
  });

  it('of what is missing is kept for five minutes', async () => {
    answer = failing('repo_not_found');
    for (now of [0, 299_000]) await expect(lookups.resolve(specOf('a'))).rejects.toThrow('repo_not_found');
    expect(asked).toHaveLength(1);
    now = 301_000;
    await expect(lookups.resolve(specOf('a'))).rejects.toThrow('repo_not_found');
    expect(asked).toHaveLength(2);
  });

  it('that failed for another reason is not kept', async () => {
    answer = failing('host_unreachable');
    for (const _ of [1, 2]) await expect(lookups.resolve(specOf('a'))).rejects.toThrow('host_unreachable');
    expect(asked).toHaveLength(2);
  });

  it('leaves a host alone that says that it is asked too often, and only that one', async () => {
    answer = failing('host_rate_limited');
    await expect(lookups.resolve(specOf('a'))).rejects.toThrow('host_rate_limited');
    await expect(lookups.resolve(specOf('b'))).rejects.toMatchObject({ code: 'host_rate_limited' });
    expect(asked).toEqual(['a HEAD']);
    answer = async (spec) => ({ spec, ref: 'HEAD', commit: SHA });
    const other = { ...specOf('c'), cloneUrl: 'https://other.example.org/c.git' };
    await lookups.resolve(other);
    now = 61_000;
    await lookups.resolve(specOf('b'));
    expect(asked).toEqual(['a HEAD', 'c HEAD', 'b HEAD']);
  });

  it('leaves a host alone for as long as it says', async () => {
    answer = async () => {
      throw new SlipwayError('host_rate_limited', 'too often', { retryAfter: 600_000 });
    };
    await expect(lookups.resolve(specOf('a'))).rejects.toThrow('too often');
    now = 599_000;
    await expect(lookups.resolve(specOf('b'))).rejects.toMatchObject({ hint: expect.stringContaining('in 1 s') });
    now = 601_000;
    await expect(lookups.resolve(specOf('b'))).rejects.toThrow('too often');
    expect(asked).toEqual(['a HEAD', 'b HEAD']);
  });

  it('is known without asking only when it was answered, and still is', async () => {
    expect(await lookups.known(specOf('a'))).toBeUndefined();
    await lookups.resolve(specOf('a'));
    expect(await lookups.known(specOf('a'))).toMatchObject({ commit: SHA });
    now = 61_000;
    expect(await lookups.known(specOf('a'))).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it('gives each the spec that it asked with', async () => {
    const resolved = await lookups.resolve(specOf('a'));
    const named = { ...specOf('a'), name: 'http%3A%2F%2Fa' };
    expect(await lookups.resolve(named)).toEqual({ ...resolved, spec: named });
  });
});

describe('a look-up of a DOI', () => {
  const doi: RepoSpec = {
    provider: 'zenodo',
    name: '10.1234/x',
    cloneUrl: 'https://doi.org/10.1234/x',
    canonicalUrl: 'https://doi.org/10.1234/x',
  };

  it('is that of the repository that it leads to, shared and kept like any', async () => {
    const [one, other] = await Promise.all([lookups.resolve(doi), lookups.resolve(doi)]);
    expect(one).toEqual({ spec: { ...specOf('a', 'v1'), doi: '10.1234/x' }, ref: 'v1', commit: SHA });
    expect(other).toEqual(one);
    expect(await lookups.known(doi)).toEqual(one);
    expect((await lookups.resolve(specOf('a', 'v1'))).spec).toEqual(specOf('a', 'v1'));
    expect(asked).toEqual(['10.1234/x', 'a v1']);
    now = 61_000;
    await lookups.resolve(doi);
    expect(asked).toEqual(['10.1234/x', 'a v1', '10.1234/x', 'a v1']);
  });

  it.each(['repo_not_found', 'doi_without_repo'] as const)('that ends in %s is kept for five minutes', async (code) => {
    find = failing(code);
    for (now of [0, 299_000]) await expect(lookups.resolve(doi)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
    now = 301_000;
    await expect(lookups.resolve(doi)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(2);
  });

  it('asks nobody for a repository that is banned or not allowed', async () => {
    for (const repo of [specOf('banned'), { ...specOf('b'), provider: 'gh' as const }]) {
      find = async () => repo;
      await expect(lookups.resolve(doi)).rejects.toMatchObject({ code: 'repo_banned' });
    }
    find = async () => ({ ...specOf('b'), provider: 'gh', doi: '10.1234/x' });
    await lookups.resolve(doi);
    expect(asked).toEqual(['10.1234/x', '10.1234/x', '10.1234/x', 'b HEAD']);
  });

  it('leaves alone the host that says that it is asked too often, and only that one', async () => {
    answer = failing('host_rate_limited');
    await expect(lookups.resolve(doi)).rejects.toMatchObject({ code: 'host_rate_limited' });
    answer = async (spec) => ({ spec, ref: 'HEAD', commit: SHA });
    const elsewhere = { ...specOf('c'), cloneUrl: 'https://other.example.org/c.git' };
    find = async () => elsewhere;
    expect((await lookups.resolve({ ...doi, cloneUrl: 'https://doi.org/10.1234/y' })).spec).toEqual(elsewhere);
    await expect(lookups.resolve(specOf('a'))).rejects.toMatchObject({ code: 'host_rate_limited' });
  });
});
