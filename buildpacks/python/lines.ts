/** The lines of a requirements file: continuation, comments and options, as pip reads them. */
import { SlipwayError } from '../../src/errors.ts';
import { shown } from '../../src/paths.ts';

export interface RequirementLine {
  text: string;
  file: string;
  /** Of its first physical line, from 1. */
  number: number;
  /** Where it stands in a file whose lines say nothing, such as `packages.numpy`. */
  key?: string;
}

/** `requirements.txt, line 3`, for messages. */
export function placeOf({ file, number, key }: RequirementLine): string {
  return `${file}, ${key === undefined ? `line ${number}` : shown(key)}`;
}

export type Option =
  | { kind: 'requirements' | 'constraints' | 'editable'; value: string }
  | { kind: 'index'; value: string; arguments: string[] }
  | { kind: 'ignored'; value: string; reason: string }
  | { kind: 'prereleases' }
  | { kind: 'silent' };

/** Joins continued lines, drops comments and blank lines. */
export function* logicalLines(text: string, file: string): Generator<RequirementLine> {
  let pending = '';
  let start = 0;
  const lines = text.split(/\r\n|\r|\n/);
  for (const [index, physical] of lines.entries()) {
    const bare = physical.replace(/(^|\s)#.*$/, '');
    if (pending === '') start = index + 1;
    const continued = bare.endsWith('\\');
    pending += continued ? `${bare.slice(0, -1)} ` : bare;
    if (continued && index < lines.length - 1) continue;
    // One space for many keeps the patterns that follow linear.
    const whole = pending.replace(/\s+/g, ' ').trim();
    pending = '';
    if (whole !== '') yield { text: whole, file, number: start };
  }
}

const SHORT: Record<string, string> = {
  '-r': '--requirement',
  '-c': '--constraint',
  '-e': '--editable',
  '-i': '--index-url',
  '-f': '--find-links',
};
const INDEX = new Set(['--index-url', '--extra-index-url', '--find-links']);
const IGNORED: Record<string, string> = {
  '--trusted-host': 'certificates are always checked',
  '--no-index': 'packages come from the index',
  '--no-binary': 'wheels are taken where there are any',
  '--only-binary': 'wheels are taken where there are any',
  '--config-settings': 'packages are built as they say themselves',
  '--global-option': 'packages are built as they say themselves',
  '--install-option': 'packages are built as they say themselves',
  '--use-feature': 'it is a switch of pip itself',
  '--process-dependency-links': 'no tool knows it any more',
  '--allow-external': 'no tool knows it any more',
  '--allow-unverified': 'no tool knows it any more',
  '--allow-all-external': 'no tool knows it any more',
  '--user': 'packages go into the environment of the image',
  '--upgrade': 'versions are those of the day',
  '-U': 'versions are those of the day',
};
const OWN_WHEELS = 'packages come from the index; a file of the repository is installed when it is listed by its path';
/** Without effect here, and nothing that a reader would miss. */
const SILENT = new Set(['--prefer-binary', '--require-hashes', '--no-cache-dir', '-q', '--quiet', '-v', '--verbose']);

/** The arguments that uv is given for an index of the repository's own; only http(s) without credentials. @throws bad_environment_file */
export function indexOption(line: RequirementLine, name: string, value: string): Extract<Option, { kind: 'index' }> {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const plain =
    url !== undefined &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '';
  if (!plain || /[^\x21-\x7e]/.test(value)) {
    throw new SlipwayError(
      'bad_environment_file',
      `${placeOf(line)}: ${name} needs an http or https URL without a password.`,
      {
        hint: 'Give the address of a public package index, or remove the line.',
      },
    );
  }
  return { kind: 'index', value: url.origin + url.pathname, arguments: [name, value] };
}

/** Each option of a line with its value. */
function parts(text: string): string[] {
  const found: string[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g)) {
    if (found.length === 0 || /^--?[A-Za-z]/.test(word)) found.push(word);
    else found.push(`${found.pop()} ${word}`);
  }
  return found;
}

/**
 * Understands a line that starts with a dash.
 * @throws SlipwayError `bad_environment_file` for what pip does not know either
 */
export function readOptions(line: RequirementLine): Option[] {
  return parts(line.text).map((text) => readOption(line, text));
}

function readOption(line: RequirementLine, text: string): Option {
  const match = /^(--[a-z-]+|-[A-Za-z])(?:\s*=\s*|\s+|(?<=^-[rceif])(?=\S)|$)(.*)$/.exec(text);
  const given = match?.[1] ?? text;
  const name = SHORT[given] ?? given;
  const value = (match?.[2] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  if (Object.hasOwn(IGNORED, name)) return { kind: 'ignored', value: text, reason: IGNORED[name] ?? '' };
  if (name === '--pre') return { kind: 'prereleases' };
  if (SILENT.has(name)) return { kind: 'silent' };
  const known = name === '--requirement' || name === '--constraint' || name === '--editable' || INDEX.has(name);
  if (!known || value === '') {
    throw new SlipwayError(
      'bad_environment_file',
      `${placeOf(line)}: ${shown(text)} is not an option that requirements files have.`,
      {
        hint: 'Known are -r, -c, -e, --index-url, --extra-index-url and --find-links, each with a value.',
      },
    );
  }
  if (name === '--find-links' && /^(?:file:|(?![a-z][a-z0-9+.-]*:))/i.test(value))
    return { kind: 'ignored', value: text, reason: OWN_WHEELS };
  if (INDEX.has(name)) return indexOption(line, name, value);
  if (name === '--editable') return { kind: 'editable', value };
  return { kind: name === '--requirement' ? 'requirements' : 'constraints', value };
}
