import { describe, expect, it } from 'vitest';
import { BuildTokens } from '../../../src/web/build-token.ts';

const HOUR = 3_600_000;
/** All that the tokens ask of Redis: a value that the first to come sets. */
function store() {
  const values = new Map<string, string>();
  const client = {
    set: async (key: string, value: string) => values.has(key) || values.set(key, value),
    get: async (key: string) => values.get(key) ?? null,
  };
  return { client, prefix: 'test' } as never;
}

describe('a build token', () => {
  it('is good for its spec, in every process of one Redis', async () => {
    const redis = store();
    const [one, other] = [await BuildTokens.open(redis), await BuildTokens.open(redis)];
    const token = one.issue('gh/org/repo/HEAD');
    expect(other.isValid(token, 'gh/org/repo/HEAD')).toBe(true);
    expect(other.isValid(token, 'gh/org/other/HEAD')).toBe(false);
    expect((await BuildTokens.open(store())).isValid(token, 'gh/org/repo/HEAD')).toBe(false);
  });

  it('runs out, and nobody can make it last longer', async () => {
    const tokens = await BuildTokens.open(store());
    const token = tokens.issue('gh/a/b', 0);
    expect(tokens.isValid(token, 'gh/a/b', 1.5 * HOUR)).toBe(true);
    expect(tokens.isValid(token, 'gh/a/b', 2 * HOUR)).toBe(false);
    const [expires = '', signature = ''] = token.split('.');
    const later = (Number.parseInt(expires, 36) + HOUR).toString(36);
    for (const forged of [
      `${later}.${signature}`,
      `${expires}.`,
      `.${signature}`,
      '',
      'x',
      `${later}.${signature}.x`,
      undefined,
    ])
      expect(tokens.isValid(forged, 'gh/a/b', 0)).toBe(false);
  });

  it('stays the same for a while, so that pages can be kept', async () => {
    const tokens = await BuildTokens.open(store());
    expect(tokens.issue('gh/a/b', 0)).toBe(tokens.issue('gh/a/b', 9 * 60_000));
    expect(tokens.issue('gh/a/b', 0)).not.toBe(tokens.issue('gh/a/b', 11 * 60_000));
  });
});
