import { describe, expect, it } from 'vitest';
import { bytes, clip, columns, plainLine, seconds, wrap } from '../../../src/commands/text.ts';

describe('text for a terminal', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['10%\r20%\r\n', '20%'],
    ['a\tb', 'a  b'],
    ['a\u0000\u0007\u009b\u202eb', 'ab'],
    ['one\ntwo', 'one two'],
  ])('%j is shown as %j', (text, expected) => {
    expect(plainLine(text)).toBe(expected);
  });

  it('is cut by columns, not by characters', () => {
    expect(clip('漢字漢字', 5)).toBe('漢字…');
    expect(columns(clip('漢字漢字', 4))).toBeLessThanOrEqual(4);
    expect(clip('short', 5)).toBe('short');
    expect(clip('e\u0301e\u0301', 2)).toBe('e\u0301e\u0301');
    expect(clip('long', 0)).toBe('');
  });

  it('breaks at blanks', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrap('https://example.org/long x', 5)).toEqual(['https://example.org/long', 'x']);
  });

  it('has units that people read', () => {
    expect([0.4, 9.94, 59.4, 185].map((time) => seconds(time * 1000))).toEqual(['0.4 s', '9.9 s', '59 s', '3 min 5 s']);
    expect([0, 512, 1536, 2 ** 31, 250 * 2 ** 30].map(bytes)).toEqual(['0 B', '512 B', '1.5 KB', '2 GB', '250 GB']);
  });
});
