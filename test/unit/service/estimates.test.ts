/** What is said of how long it takes comes from earlier builds. */
import { describe, expect, it } from 'vitest';
import { newsOf, usualTime } from '../../../src/service/estimates.ts';
import type { BuildRecord } from '../../../src/service/types.ts';

function build(took: number, environment: 'cached' | 'built', more: Partial<BuildRecord> = {}): BuildRecord {
  return {
    state: 'completed',
    timings: { wait: 99_000, fetch: 100, environment: took - 100 },
    tiers: { base: 'cached', environment, content: 'built' },
    ...more,
  } as BuildRecord;
}

describe('the usual time', () => {
  it('is the middle of the latest five, without their wait', () => {
    const records = [50, 10, 40, 20, 30, 9000, 9000].map((seconds) => build(seconds * 1000, 'built'));
    expect(usualTime(records)).toBe(30_000);
    expect(usualTime(records.slice(0, 2))).toBe(10_000);
  });

  it('compares only what is alike', () => {
    const records = [build(2000, 'cached'), build(60_000, 'built'), build(3000, 'cached')];
    expect(usualTime(records, true)).toBe(2000);
    expect(usualTime(records, false)).toBe(60_000);
  });

  it('is not known from builds that failed or had nothing to do', () => {
    const nothing = build(1, 'cached', { tiers: { base: 'cached', environment: 'cached', content: 'cached' } });
    expect(usualTime([build(5000, 'built', { state: 'failed' }), nothing])).toBeUndefined();
    expect(usualTime([])).toBeUndefined();
  });
});

describe('the place in the queue', () => {
  it.each([
    [0, 2, { usual: 30_000, typical: 60_000 }, { estimate: 30_000 }],
    [1, 2, { usual: 30_000, typical: 60_000 }, { place: 1, estimate: 30_000 }],
    [2, 2, { usual: 30_000, typical: 60_000 }, { place: 2, estimate: 90_000 }],
    [5, 2, { usual: 30_000, typical: 60_000 }, { place: 5, estimate: 150_000 }],
    [1, 1, { usual: 30_000, typical: undefined }, { place: 1 }],
    [3, 2, { usual: undefined, typical: 60_000 }, { place: 3 }],
    [0, 2, { usual: undefined, typical: undefined }, {}],
  ])('%i of %i at once, knowing %j: %j', (place, atOnce, times, news) => {
    expect(newsOf(place, atOnce, times)).toEqual(news);
  });
});
