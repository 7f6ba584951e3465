import { describe, expect, it } from 'vitest';
import { lineCutter, masker, plainLine, secretsOf } from '../../../src/build/text.ts';

describe('plainLine', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]0;a title that never ends', ''],
    ['\u001b[2J\u001b[Hcleared', 'cleared'],
    ['\u001b(Bascii\u001bc', 'ascii'],
    ['a\u0000b\u0008c', 'abc'],
    ['user\u202etxt.exe', 'usertxt.exe'],
    ['\u009b31mC1', 'C1'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['tab\tstays  and trailing goes  ', 'tab\tstays  and trailing goes'],
  ])('%j → %j', (line, text) => expect(plainLine(line)).toBe(text));

  it('cuts long lines and says so', () => {
    const line = plainLine('x'.repeat(100_000));
    expect(line.length).toBe(4001);
    expect(line.endsWith('…')).toBe(true);
  });
});

describe('lineCutter', () => {
  it('joins characters and lines that come in pieces', () => {
    const cutter = lineCutter();
    const bytes = Buffer.from('größer\nhalb');
    expect(cutter.push(bytes.subarray(0, 3))).toEqual([]);
    expect(cutter.push(bytes.subarray(3))).toEqual(['größer']);
    expect(cutter.end()).toEqual(['halb']);
    expect(cutter.end()).toEqual([]);
  });

  it('keeps the last state of a progress bar', () => {
    expect(lineCutter().push(Buffer.from('1%\r50%\r100%\r\nnext\n'))).toEqual(['100%', 'next']);
  });

  it('holds an endless line in bounded memory', () => {
    const cutter = lineCutter();
    for (let i = 0; i < 2000; i++) cutter.push(Buffer.alloc(65536, 'x'));
    expect(cutter.end()[0]?.length).toBeLessThanOrEqual(4001);
  });
});

describe('secrets', () => {
  it('are the credentials of a URL in every form that a log may show', () => {
    const mask = masker(secretsOf(['https://me:p%40ss@mirror.example/simple', 'https://open.example', 'not a url']));
    for (const text of ['https://me:p%40ss@mirror.example', 'p@ss', Buffer.from('me:p@ss').toString('base64')])
      expect(mask(`x ${text} y`)).toMatch(/^x .*\*\*\*.* y$/);
    expect(mask('https://open.example me')).toBe('https://open.example me');
  });
});
