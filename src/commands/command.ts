/** What a command of the command line is, and what it is given. */
import type { Writable } from 'node:stream';
import type { terminalFacts } from '../config.ts';

export interface Option {
  /** Without the dashes. */
  name: string;
  short?: string;
  /** Placeholder of its value, e.g. `REF`; absent for a switch. */
  value?: string;
  meaning: string;
}

export interface Command {
  name: string;
  summary: string;
  /** What stands after the command's name, without options: `<repo>`. */
  operands: string;
  /** How many operands it takes. */
  count: { min: number; max: number };
  /** Further sentences of its help. */
  details?: string;
  options: readonly Option[];
  examples: readonly { line: string; meaning: string }[];
  /** @returns the exit code */
  run(args: Arguments, io: Io): Promise<number>;
}

export interface Arguments {
  switches: ReadonlySet<string>;
  values: Readonly<Record<string, string>>;
  operands: readonly string[];
}

export interface Io {
  stdout: Writable;
  stderr: Writable;
  /** Aborted by Ctrl-C, SIGTERM, or when nobody reads our output any more; its reason is a SlipwayError. */
  signal: AbortSignal;
  terminal: ReturnType<typeof terminalFacts>;
}

export const JSON_OPTION: Option = { name: 'json', meaning: 'print JSON only, for programs' };

export const REPO_OPTIONS: readonly Option[] = [
  { name: 'ref', value: 'REF', meaning: 'branch, tag or commit (default: HEAD)' },
  { name: 'subdir', value: 'DIR', meaning: 'folder in which environment files are looked for' },
];

/** Every repository can be written in these ways; part of the help of each command that takes one. */
export const REPO_DETAILS = `<repo> is a clone URL, a spec (gh/org/name/ref, gl/…, gist/…, git/…), the address of a page on
GitHub or GitLab (its branch is taken, its notebook opened), or a local folder.
Put -- before one that begins with a dash.`;

/** The parts of a request that are given only when they were typed. */
export function repoRequest(args: Arguments): { repo: string; ref?: string; subdir?: string } {
  const { ref, subdir } = args.values;
  const repo = args.operands[0] ?? '';
  return { repo, ...(ref !== undefined && { ref }), ...(subdir !== undefined && { subdir }) };
}
