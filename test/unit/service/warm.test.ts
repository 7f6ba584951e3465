import { describe, expect, it } from 'vitest';
import { divide, readWarm, restAfter } from '../../../src/service/warm.ts';

describe('the rest of an environment whose servers end early', () => {
  it('comes with the second, grows, and is an hour at most', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((ends) => restAfter(ends) / 1000)).toEqual([0, 15, 60, 240, 960, 3600, 3600]);
  });
});

describe('SLIPWAY_WARM', () => {
  it('is a number of servers and their memory', () => {
    expect(readWarm('2')).toEqual({ servers: 2, memory: 2 ** 30 });
    expect(readWarm('3, 512M')).toEqual({ servers: 3, memory: 512 * 2 ** 20 });
  });

  it.each(['two', '1,2,3', '1,much'])('refuses %s by name', (value) => {
    expect(() => readWarm(value)).toThrow(/^SLIPWAY_WARM: /);
  });
});

describe('places', () => {
  it('go to what is asked for most, and a second one only where that is worth more than the first of another', () => {
    const demands = [
      { key: 'much', score: 10 },
      { key: 'some', score: 6 },
      { key: 'little', score: 1 },
    ];
    expect(Object.fromEntries(divide(demands, 2))).toEqual({ much: 1, some: 1 });
    expect(Object.fromEntries(divide(demands, 3))).toEqual({ much: 2, some: 1 });
    expect(Object.fromEntries(divide([], 2))).toEqual({});
  });
});
