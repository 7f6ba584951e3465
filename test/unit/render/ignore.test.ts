import { describe, expect, it } from 'vitest';
import { ignoreFilter } from '../../../src/render/ignore.ts';

/** Pattern, path, whether Docker leaves the path out. */
const CASES: [string, string, boolean][] = [
  ['data', 'data', true],
  ['data', 'data/a/b.csv', true],
  ['data', 'database', false],
  ['data', 'x/data', false],
  ['/data/', 'data/a', true],
  ['./data/../big', 'big/x', true],
  ['*.csv', 'a.csv', true],
  ['*.csv', 'x/a.csv', false],
  ['*/*.csv', 'x/a.csv', true],
  ['**/*.csv', 'a.csv', true],
  ['**/*.csv', 'x/y/a.csv', true],
  ['**/cache', 'x/cache/y/z', true],
  ['docs/**', 'docs/a/b', true],
  ['docs/**', 'docs', false],
  ['docs/**/x', 'docs/x', true],
  ['docs/**/x', 'docs/a/b/x', true],
  ['docs/**/x', 'docs/a/b/xy', false],
  ['file?.txt', 'file1.txt', true],
  ['file?.txt', 'file/.txt', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['a.b', 'aXb', false],
  ['\\*.md', '*.md', true],
  ['\\*.md', 'x.md', false],
  ['# comment', '# comment', false],
  ['*\n!keep.csv', 'keep.csv', false],
  ['*\n!keep', 'keep/x', false],
  ['!keep\n*', 'keep', true],
  ['*', '.hidden', true],
  ['', 'anything', false],
  ['DATA', 'data', false],
];

describe('ignoreFilter', () => {
  it.each(CASES)('%j and %j: %j', (pattern, path, out) => expect(ignoreFilter(pattern)(path)).toBe(out));

  it('takes linear time for a pattern that is slow as a regular expression', () => {
    const ignored = ignoreFilter(`${'*a'.repeat(80)}b\n${'**/'.repeat(80)}x${'*'.repeat(50)}y`);
    const started = performance.now();
    expect(ignored('a'.repeat(4000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
