import { describe, expect, it } from 'vitest';
import { Kept } from '../../../src/web/kept.ts';

describe('answers that are kept', () => {
  it('are made once for all who ask, until their time is over', async () => {
    const kept = new Kept<number>(1000, 10);
    let made = 0;
    const make = async () => ++made;
    expect(await Promise.all([kept.get('a', make, 0), kept.get('a', make, 0), kept.get('b', make, 0)])).toEqual([
      1, 1, 2,
    ]);
    expect(await kept.get('a', make, 999)).toBe(1);
    expect(await kept.get('a', make, 1000)).toBe(3);
  });

  it('do not keep a failure', async () => {
    const kept = new Kept<string>(1000, 10);
    const failing = () => Promise.reject(new Error('away'));
    await expect(kept.get('a', failing, 0)).rejects.toThrow('away');
    expect(await kept.get('a', () => 'back', 1)).toBe('back');
  });

  it('go, oldest first, when there are too many', async () => {
    const kept = new Kept<string>(1000, 2);
    for (const key of ['a', 'b', 'c']) await kept.get(key, () => `old ${key}`, 0);
    expect(await kept.get('c', () => 'new', 1)).toBe('old c');
    expect(await kept.get('a', () => 'new', 1)).toBe('new');
  });
});
