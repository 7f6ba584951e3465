import { describe, expect, it } from 'vitest';
import { drawFrame } from '../../../src/commands/live.ts';
import { advance, newProgress, STAGES } from '../../../src/commands/stages.ts';
import { columns, painter } from '../../../src/commands/text.ts';
import type { SlipwayEvent } from '../../../src/types.ts';

const finding: SlipwayEvent = { phase: 'fetching', message: 'Looking up gh/a/b\n' };
const planning: SlipwayEvent = { phase: 'fetching', message: 'python, as of 2024-03-01\n', stage: 'plan' };
const title = 'Installing 12 Python packages';
const step: SlipwayEvent = { phase: 'building', message: title, step: { title, number: 2, total: 3 } };
const built: SlipwayEvent = {
  phase: 'built',
  message: '',
  imageName: 'i',
  digest: 'd',
  resolvedAsOf: '2024-03-01',
  notices: [],
  tiers: { base: 'cached', environment: 'built', content: 'built' },
};
const ready: SlipwayEvent = {
  phase: 'ready',
  message: '',
  url: 'http://x/',
  token: 'secret',
  image: 'i',
  session: 's',
};

/** The picture after these events, one second apart. */
function picture(events: SlipwayEvent[], width = 70, known = {}) {
  const progress = newProgress(STAGES);
  for (const [index, event] of events.entries()) advance(progress, event, index * 1000);
  return drawFrame(progress, { tick: 0, now: events.length * 1000, width, known, paint: painter(false) });
}

describe('the live view', () => {
  it('shows where the build is, how long it takes and usually took, and its last line', () => {
    const log: SlipwayEvent = { phase: 'building', message: 'Downloading numpy' };
    expect(picture([finding, planning, step, log], 70, { [title]: [9000, 20_000, 12_000] })).toEqual([
      '✔ Find    Looking up gh/a/b                                      1.0 s',
      '✔ Plan    python, as of 2024-03-01                               1.0 s',
      '⠋ Build   step 2 of 3: Installing 12 Python pack…  2.0 s of about 12 s',
      '· Start',
      '  Downloading numpy',
    ]);
  });

  it('ends with what was built and every time', () => {
    const lines = picture([finding, planning, step, built, { phase: 'launching', message: 'Starting' }, ready]);
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      '✔ Find Looking up gh/a/b 1.0 s',
      '✔ Plan python, as of 2024-03-01 1.0 s',
      '✔ Build built environment and content; base cached 1.0 s',
      '✔ Start its server answers 2.0 s',
    ]);
    expect(lines.join('')).not.toContain('secret');
  });

  it('marks the stage that failed', () => {
    const [find, , build] = picture([finding, step, { phase: 'failed', message: 'x', code: 'build_failed' }]);
    expect(find).toMatch(/^✔/);
    expect(build).toMatch(/^✘ Build/);
  });

  it.each([8, 20, 30, 79])('never takes more than %i columns', (width) => {
    const wide: SlipwayEvent = { phase: 'building', message: `${'漢字'.repeat(100)}🎉` };
    for (const line of picture([finding, planning, step, wide], width)) {
      expect(columns(line)).toBeLessThanOrEqual(width);
    }
  });

  it('hands nothing on that a terminal would obey', () => {
    const hostile = '\u001b[2J\u001b]8;;http://evil\u0007link\u001b]8;;\u0007 \u202eright\u0085\u009b31m a\rb';
    const lines = picture([
      { phase: 'fetching', message: hostile },
      { phase: 'building', message: hostile, step: { title: hostile, number: 1, total: 1 } },
      { phase: 'building', message: hostile },
    ]);
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});
