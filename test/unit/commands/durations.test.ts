import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDurations, saveDurations, stopwatch, usualDuration } from '../../../src/commands/durations.ts';
import type { SlipwayEvent } from '../../../src/types.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-durations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('durations', () => {
  it('are kept for the last five runs of a title, cached steps left out', async () => {
    for (const time of [1000, 2000, 3000, 4000, 5000, 6000, 20]) {
      await saveDurations(
        folder,
        new Map([
          ['__proto__', 900],
          ['Installing', time],
        ]),
      );
    }
    expect(readDurations(folder).Installing).toEqual([2000, 3000, 4000, 5000, 6000]);
    expect(usualDuration(readDurations(folder), 'Installing')).toBe(4000);
    expect(readdirSync(folder)).toEqual(['durations.json']);
  });

  it.each(['', '{', '[]', 'null', '{"a":"b"}', '{"a":["x"]}'])('are none when the file holds %j', (text) => {
    writeFileSync(join(folder, 'durations.json'), text);
    expect(readDurations(folder)).toEqual({});
  });

  it('know nothing of a title never seen, nor of what every object has', () => {
    expect(usualDuration({}, 'Installing')).toBeUndefined();
    expect(usualDuration({}, 'constructor')).toBeUndefined();
  });

  it('make their folder', async () => {
    const inner = join(folder, 'not', 'yet');
    await saveDurations(inner, new Map([['a', 1000]]));
    expect(readDurations(inner)).toEqual({ a: [1000] });
  });

  it('leave no draft behind when they cannot be written', async () => {
    mkdirSync(join(folder, 'durations.json'));
    await expect(saveDurations(folder, new Map([['a', 1000]]))).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['durations.json']);
  });
});

describe('the stopwatch', () => {
  const step = (title: string): SlipwayEvent => ({
    phase: 'building',
    message: '',
    step: { title, number: 1, total: 2 },
  });

  it('times each step until the next, and the start until the session is ready', () => {
    let now = 0;
    const watch = stopwatch(() => now);
    const at = (time: number, event: SlipwayEvent) => {
      now = time;
      watch.event(event);
    };
    at(0, step('a'));
    at(300, { phase: 'building', message: 'a line' });
    at(1000, step('b'));
    at(1500, { phase: 'launching', message: '' });
    at(2500, { phase: 'ready', message: '', url: '', token: '', image: '', session: '' });
    expect(Object.fromEntries(watch.taken)).toEqual({ a: 1000, b: 500, Start: 1000 });
  });

  it('does not count a step that failed', () => {
    const watch = stopwatch();
    watch.event(step('a'));
    watch.event({ phase: 'failed', message: '', code: 'build_failed' });
    expect(watch.taken.size).toBe(0);
  });
});
