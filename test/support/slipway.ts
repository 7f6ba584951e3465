/** Runs the command line as a user would, with settings and a data folder of the test's own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SlipwayEvent } from '../../src/types.ts';

export const BIN = fileURLToPath(new URL('../../bin/slipway', import.meta.url));

export interface Run {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** Each line of stdout that is JSON, parsed. */
  events: SlipwayEvent[];
  ms: number;
}

export interface Running {
  child: ChildProcess;
  /** Settles when the process has ended, whatever its exit code. */
  done: Promise<Run>;
  /** The first event, past or future, of which `wanted` says yes; raises when the process ends without. */
  until(wanted: (event: SlipwayEvent) => boolean): Promise<SlipwayEvent>;
}

export interface RunOptions {
  settings?: Record<string, string>;
  cwd?: string;
}

/** The caller's environment without any setting of ours, so that a developer's own do not decide a test. */
export function cleanEnvironment(settings: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SLIPWAY_'));
  return { ...Object.fromEntries(inherited), NO_COLOR: '1', ...settings };
}

/** Starts `slipway <args>`. */
export function startSlipway(args: string[], options: RunOptions = {}): Running {
  const started = performance.now();
  const child = spawn(BIN, args, {
    env: cleanEnvironment(options.settings ?? {}),
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events: SlipwayEvent[] = [];
  const waiting = new Set<() => void>();
  let [stdout, stderr, ended] = ['', '', false];
  const wake = () => {
    for (const check of waiting) check();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    stdout += `${line}\n`;
    const event = parsed(line);
    if (event) events.push(event);
    wake();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const done = new Promise<Run>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => {
      ended = true;
      resolve({ exitCode, stdout, stderr, events, ms: performance.now() - started });
      wake();
    });
  });
  const until = (wanted: (event: SlipwayEvent) => boolean) =>
    new Promise<SlipwayEvent>((resolve, reject) => {
      const check = () => {
        const event = events.find(wanted);
        if (!event && !ended) return;
        waiting.delete(check);
        if (event) resolve(event);
        else reject(new Error(`slipway ended without the event:\n${stdout}${stderr}`));
      };
      waiting.add(check);
      check();
    });
  return { child, done, until };
}

function parsed(line: string): SlipwayEvent | undefined {
  try {
    return JSON.parse(line) as SlipwayEvent;
  } catch {
    return undefined;
  }
}

type Of<P extends SlipwayEvent['phase']> = Extract<SlipwayEvent, { phase: P }>;

/** The event of one phase; raises with everything that was said when there is none, or several. */
export function eventOf<P extends 'built' | 'ready' | 'failed'>(run: Run, phase: P): Of<P> {
  const found = run.events.filter((event): event is Of<P> => event.phase === phase);
  const [event] = found;
  if (!event || found.length > 1) {
    throw new Error(`${found.length} events "${phase}", exit code ${run.exitCode}:\n${run.stdout}${run.stderr}`);
  }
  return event;
}
