import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../src/root.ts';
import { ONLY_FULL, runsNow } from '../../support/full.ts';

/** A fixture is a folder; of a title at least what follows its last "of" stands there, as tables make the rest. */
function stands(place: string, title: string): boolean {
  const path = join(PACKAGE_ROOT, place);
  if (statSync(path).isDirectory()) return existsSync(join(path, title.replace('/', '/fixtures/')));
  const text = readFileSync(path, 'utf8').replaceAll("\\'", "'");
  return text.includes(title) || text.includes(`'${title.split(' of ').at(-1)}'`);
}

describe('what CI leaves out', () => {
  it.each(Object.entries(ONLY_FULL))('stands in %s', (place, titles) => {
    expect(titles.filter((title) => !stands(place, title))).toEqual([]);
  });

  it('is what is named, each once', () => {
    const titles = Object.values(ONLY_FULL).flat();
    expect(titles).toEqual([...new Set(titles)]);
    expect(runsNow('conda/pixi-older')).toBe(process.env.SLIPWAY_TEST_FULL === '1');
    expect(runsNow('conda/pixi')).toBe(true);
  });
});
