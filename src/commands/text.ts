/** Text of repositories, logs and settings, made safe and fit for a terminal. */
import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
// What moves the cursor, colours, or turns the writing round; \n is taken out by whoever wants one line.
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** One line without anything that a terminal would obey; a progress bar redrawn by `\r` gives its last state. */
export function plainLine(text: string): string {
  const line = stripVTControlCharacters(text).replace(/[\r\n]+$/, '');
  const last = line.slice(line.lastIndexOf('\r') + 1);
  return last.replaceAll('\t', '  ').replaceAll('\n', ' ').replace(UNSAFE, '');
}

/** The lines of a text, each safe. */
export function plainLines(text: string): string[] {
  return text.split('\n').map(plainLine);
}

/** Columns that a safe line takes on a terminal. */
export function columns(line: string): number {
  let count = 0;
  for (const char of line) count += WIDE.test(char) ? 2 : /\p{M}/u.test(char) ? 0 : 1;
  return count;
}

/** Cuts a safe line to a number of columns, with `…` where something was left out. */
export function clip(line: string, limit: number): string {
  if (columns(line) <= limit) return line;
  let kept = '';
  let count = 0;
  for (const char of line) {
    count += columns(char);
    if (count > limit - 1) break;
    kept += char;
  }
  return limit <= 0 ? '' : `${kept}…`;
}

/** A safe line filled with blanks to a number of columns. */
export function pad(line: string, width: number): string {
  return line + ' '.repeat(Math.max(0, width - columns(line)));
}

/** Breaks text at blanks into lines of at most `limit` columns; a longer word stays whole. */
export function wrap(text: string, limit: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columns(line) + 1 + columns(word) > limit) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** `0.4 s`, `12 s`, `3 min 5 s`. */
export function seconds(milliseconds: number): string {
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** `512 B`, `1.5 GB` in powers of 1024, as settings are written. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 2 ** (10 * power);
  return `${power === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[power]}`;
}

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
  cyan(text: string): string;
}

/** Colours, or none of them. */
export function painter(isColoured: boolean): Paint {
  const sgr = (on: number, off: number) => (text: string) => (isColoured ? `\x1b[${on}m${text}\x1b[${off}m` : text);
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    green: sgr(32, 39),
    yellow: sgr(33, 39),
    red: sgr(31, 39),
    cyan: sgr(36, 39),
  };
}
