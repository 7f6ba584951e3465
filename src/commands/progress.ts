/** What people and programs see while a command works. */
import type { Writable } from 'node:stream';
import type { Emit, SlipwayEvent } from '../types.ts';
import type { Io } from './command.ts';
import { readDurations, saveDurations, stopwatch } from './durations.ts';
import { liveView } from './live.ts';
import { advance, newProgress, type StageName, tierSummary } from './stages.ts';
import { painter, plainLine, plainLines, seconds } from './text.ts';

export interface View {
  event(event: SlipwayEvent): void;
  /** Nothing more comes; after a failure the last lines of the log stay on the screen. */
  end(failure?: Error): void;
}

/** One JSON object a line, written as soon as it happens. */
function jsonView(out: Writable): View {
  return { event: (event) => out.write(`${JSON.stringify(event)}\n`), end: () => undefined };
}

/** Lines for a log file: every stage, step and line of output once. */
function plainView(out: Writable, names: readonly StageName[]): View {
  const progress = newProgress(names);
  const started = performance.now();
  let last = '';
  const say = (line: string) => {
    if (line.trim() !== '' && line !== last) out.write(`${line}\n`);
    last = line;
  };
  return {
    event(event) {
      advance(progress, event, performance.now());
      const stage = progress.stages.find(({ state }) => state === 'current')?.name ?? '';
      if (event.phase === 'building' && event.step) {
        say(`Build: step ${event.step.number} of ${event.step.total}: ${plainLine(event.step.title)}`);
      } else if (event.phase === 'building') for (const line of plainLines(event.message)) say(`  ${line}`);
      else if (event.phase === 'built') say(`Build: done, ${tierSummary(event.tiers)}`);
      else if (event.phase === 'ready') say(`Ready after ${seconds(performance.now() - started)}`);
      else if (event.phase !== 'failed') say(`${stage}: ${plainLine(event.message)}`);
    },
    end: () => undefined,
  };
}

function chooseView(io: Io, isJson: boolean, names: readonly StageName[], dataFolder: string): View {
  if (isJson) return jsonView(io.stdout);
  const screen = io.stderr as NodeJS.WriteStream;
  if (!screen.isTTY || io.terminal.isDumb) return plainView(io.stderr, names);
  return liveView(screen, names, readDurations(dataFolder), painter(!io.terminal.noColor));
}

/**
 * Runs work that emits events and shows them: live on a terminal, as lines when piped, as JSON for programs. Times of
 * steps are kept only when the work succeeds.
 */
export async function withProgress<T>(
  io: Io,
  options: { isJson: boolean; stages: readonly StageName[]; dataFolder: string },
  work: (emit: Emit) => Promise<T>,
): Promise<T> {
  const view = chooseView(io, options.isJson, options.stages, options.dataFolder);
  const watch = stopwatch();
  const emit: Emit = (event) => {
    watch.event(event);
    view.event(event);
  };
  let result: T;
  try {
    result = await work(emit);
  } catch (error) {
    view.end(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  view.end();
  // Times are a courtesy: a full disk or a read-only data folder must not fail what has succeeded.
  await saveDurations(options.dataFolder, watch.taken).catch(() => undefined);
  return result;
}
