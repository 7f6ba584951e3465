/** How long steps took in earlier runs on this machine, so that a wait can be told from a hang. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SlipwayEvent } from '../types.ts';
import { writeWhole } from '../whole-file.ts';

/** Title of a step → milliseconds of its last runs, newest last. */
export type Durations = Record<string, number[]>;

/** Steps that took less came from a cache, and say nothing of the next real run. */
const SHORTEST = 500;
const RUNS_KEPT = 5;
const TITLES_KEPT = 300;
/** The session's start, beside the titles of build steps. */
export const START = 'Start';

function fileIn(dataFolder: string): string {
  return join(dataFolder, 'durations.json');
}

function isDurations(value: unknown): value is Durations {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((runs) => Array.isArray(runs) && runs.every((run) => Number.isFinite(run)));
}

/** What is known; nothing when the file is missing or spoilt, because no launch may fail for it. */
export function readDurations(dataFolder: string): Durations {
  try {
    const value: unknown = JSON.parse(readFileSync(fileIn(dataFolder), 'utf8'));
    return isDurations(value) ? value : {};
  } catch {
    return {};
  }
}

/** The median of earlier runs in milliseconds, if there were any. */
export function usualDuration(durations: Durations, title: string): number | undefined {
  const runs = Object.hasOwn(durations, title) ? (durations[title] ?? []) : [];
  return [...runs].sort((a, b) => a - b)[Math.floor((runs.length - 1) / 2)];
}

/** Adds the runs to the file in one rename; a concurrent command may win, but never spoils it. */
export async function saveDurations(dataFolder: string, taken: ReadonlyMap<string, number>): Promise<void> {
  const real = [...taken].filter(([, time]) => time >= SHORTEST);
  if (real.length === 0) return;
  const all = new Map(Object.entries(readDurations(dataFolder)));
  for (const [title, time] of real) {
    const runs = [...(all.get(title) ?? []), Math.round(time)].slice(-RUNS_KEPT);
    all.delete(title);
    all.set(title, runs);
  }
  const kept = Object.fromEntries([...all].slice(-TITLES_KEPT));
  await writeWhole(fileIn(dataFolder), JSON.stringify(kept, undefined, 1));
}

/** Times the steps of one run from its events. */
export function stopwatch(now: () => number = () => performance.now()) {
  const taken = new Map<string, number>();
  let current: { title: string; since: number } | undefined;
  const begin = (title: string | undefined) => {
    const time = now();
    if (current) taken.set(current.title, time - current.since);
    current = title === undefined ? undefined : { title, since: time };
  };
  return {
    event(event: SlipwayEvent): void {
      if (event.phase === 'building' && event.step) begin(event.step.title);
      else if (event.phase === 'launching' && current?.title !== START) begin(START);
      else if (['pushing', 'built', 'ready'].includes(event.phase)) begin(undefined);
      else if (event.phase === 'failed') current = undefined;
    },
    /** What ended so far, by title in milliseconds. */
    taken: taken as ReadonlyMap<string, number>,
  };
}
