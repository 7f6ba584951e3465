import { describe, expect, it } from 'vitest';
import { badgeSvg } from '../../../src/web/pages/index.ts';

describe('a badge', () => {
  it.each(['static', 'ready', 'unknown', 'failed'] as const)('looks as it did: %s', async (state) => {
    await expect(`${badgeSvg(state)}\n`).toMatchFileSnapshot(`badges/${state}.svg`);
  });

  it('says in words what its colour says', () => {
    expect(badgeSvg('ready')).toContain('aria-label="launch: ready in seconds"');
    expect(badgeSvg('unknown')).toContain('<title>launch: will build</title>');
    expect(badgeSvg('failed')).toContain('last build failed');
  });

  it('runs nothing and loads nothing', () => {
    expect(badgeSvg('static')).not.toMatch(/<script|href|style=|on\w+=/);
  });
});
