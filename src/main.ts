/** argv → command; nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest, parseArguments } from './commands/arguments.ts';
import type { Command, Io } from './commands/command.ts';
import { report, translate } from './commands/failure.ts';
import { commandHelp, overview } from './commands/help.ts';
import { flush, watchProcess } from './commands/process.ts';
import { plainLine } from './commands/text.ts';
import { terminalFacts } from './config.ts';
import { SlipwayError } from './errors.ts';
import { PACKAGE_ROOT } from './root.ts';

/** In the order of the help. Each is loaded when it is called. */
const COMMANDS: Record<string, () => Promise<{ command: Command }>> = {
  plan: () => import('./commands/plan.ts'),
  build: () => import('./commands/build.ts'),
  launch: () => import('./commands/launch.ts'),
  lock: () => import('./commands/lock.ts'),
  inspect: () => import('./commands/inspect.ts'),
  serve: () => import('./commands/serve.ts'),
  worker: () => import('./commands/worker.ts'),
  sessions: () => import('./commands/sessions.ts'),
  stop: () => import('./commands/stop.ts'),
  prune: () => import('./commands/prune.ts'),
  config: () => import('./commands/config.ts'),
  doctor: () => import('./commands/doctor.ts'),
};

async function allCommands(): Promise<Command[]> {
  const loaded = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return loaded.map(({ command }) => command);
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };
  return `${version}\n`;
}

async function loadCommand(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load) return (await load()).command;
  const near = nearest(name, Object.keys(COMMANDS));
  throw new SlipwayError('bad_usage', `There is no command "${plainLine(name)}".`, {
    hint: near ? `Did you mean slipway ${near}?` : 'slipway --help lists the commands.',
  });
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = argv;
  if (first === '--version' || first === '-V') return write(io, version());
  if (first === undefined) {
    io.stderr.write(overview(await allCommands()));
    return 2;
  }
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    return write(io, overview(await allCommands()));
  }
  const command = await loadCommand(first === 'help' ? (rest[0] ?? '') : first);
  if (first === 'help') return write(io, commandHelp(command));
  const args = parseArguments(command, rest);
  return args.switches.has('help') ? write(io, commandHelp(command)) : command.run(args, io);
}

function write(io: Io, text: string): number {
  io.stdout.write(text);
  return 0;
}

/** Whether a program reads us, as far as can be told when the arguments could not even be parsed. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/**
 * Runs the command line.
 * @param argv without node and script
 * @returns the exit code, once all output is written
 */
export async function main(argv: readonly string[]): Promise<number> {
  const watched = watchProcess();
  const io: Io = { stdout: process.stdout, stderr: process.stderr, signal: watched.signal, terminal: terminalFacts() };
  try {
    return await dispatch(argv, io);
  } catch (thrown) {
    return report(translate(thrown, io.signal), wantsJson(argv), io);
  } finally {
    await flush(process.stdout);
    await flush(process.stderr);
    watched.end();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(process.argv.slice(2)).then((code) => process.exit(code));
}
