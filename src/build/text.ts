/** Turns what a build prints, which may be hostile, into plain lines of bounded length. */
import { StringDecoder } from 'node:string_decoder';

const LINE_LIMIT = 4000;

// OSC, DCS, SOS, PM and APC take text with them up to their end, or to the line's end when they have none.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const STRINGS = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const SEQUENCES = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
// Controls but tab, line separators, zero-width and bidi controls: a log must not hide or reorder text.
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One line as text: no terminal escapes, no control or bidi characters, at most 4,000 characters. */
export function plainLine(line: string): string {
  const start = line.slice(0, 4 * LINE_LIMIT);
  const text = start.replace(STRINGS, '').replace(SEQUENCES, '').replace(CONTROLS, '').trimEnd();
  return text.length > LINE_LIMIT || start.length < line.length ? `${text.slice(0, LINE_LIMIT)}…` : text;
}

/**
 * Cuts bytes into lines as they come; a progress bar's carriage return ends a line as well, and of lines written over
 * one another only the last is kept.
 */
export function lineCutter(): { push(bytes: Uint8Array): string[]; end(): string[] } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const cut = (text: string): string[] => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    // What is beyond the limit is never shown, so an endless line takes no memory.
    if (rest.length > 8 * LINE_LIMIT) rest = rest.slice(rest.lastIndexOf('\r') + 1).slice(0, 5 * LINE_LIMIT);
    return lines.map(overwritten);
  };
  return {
    push: (bytes) => cut(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))),
    end: () => {
      const lines = cut(decoder.end());
      const last = overwritten(rest);
      rest = '';
      return last === '' ? lines : [...lines, last];
    },
  };
}

function overwritten(line: string): string {
  const text = line.replace(/\r+$/, '');
  return plainLine(text.slice(text.lastIndexOf('\r') + 1));
}

/** Replaces every secret by `***`: credentials of mirrors and proxies must not reach a log. */
export function masker(secrets: readonly string[]): (text: string) => string {
  const worth = [...new Set(secrets)].filter((secret) => secret.length >= 3).sort((a, b) => b.length - a.length);
  return (text) => worth.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
}

/** What of these URLs is secret: user and password, as written and decoded. */
export function secretsOf(urls: readonly string[]): string[] {
  return urls.flatMap((address) => {
    if (!URL.canParse(address)) return [];
    const { username, password } = new URL(address);
    if (!username && !password) return [];
    const decoded = (part: string) => decodeURIComponent(part);
    const pair = password ? [`${username}:${password}`, password, decoded(password)] : [username, decoded(username)];
    return [...pair, Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')];
  });
}
