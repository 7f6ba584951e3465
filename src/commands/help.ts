/** What `--help` prints. */
import { optionsOf } from './arguments.ts';
import type { Command } from './command.ts';
import { columns, pad } from './text.ts';

const LINE = 'Slipway turns a public Git repository into a running notebook, behind one link.';

function listing(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => columns(left))) + 3;
  return rows.map(([left, right]) => `  ${pad(left, width)}${right}\n`).join('');
}

function examples(all: Command['examples']): string {
  return all.map(({ line, meaning }) => `  ${line}\n      ${meaning}\n`).join('');
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const options = optionsOf(command).map(({ name, short, value, meaning }): [string, string] => [
    `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`,
    meaning,
  ]);
  const usage = `slipway ${command.name} ${command.operands}`.trimEnd();
  const details = command.details ? `\n${command.details}\n` : '';
  return `Usage: ${usage} [options]

${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.
${details}
Options
${listing(options)}
Examples
${examples(command.examples)}`;
}

/** Help of the whole. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, operands, summary }): [string, string] => [
    `${name} ${operands}`.trimEnd(),
    summary,
  ]);
  const first = commands.flatMap((command) => command.examples.slice(0, 1));
  return `${LINE}

Usage: slipway <command> [options]

Commands
${listing(rows)}
  slipway <command> --help says more of each; slipway --version says which Slipway this is.

Examples
${examples(first)}`;
}
