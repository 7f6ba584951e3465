/** Clocks and counters of the bench. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Running } from '../support/slipway.ts';

/** One line of the table. Times in milliseconds, sizes in bytes, ratios as they are. */
export interface Row {
  measure: string;
  ours: string;
  against: string;
  /** Ours divided by the other, or ours alone where the aim is absolute. */
  value: string;
  aim: string;
  isMet: boolean;
}

export const ms = (value: number) => (value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`);
/** For what is a few milliseconds. */
export const exactly = (value: number) => `${value.toFixed(1)} ms`;
export const mb = (value: number) => `${Math.round(value / 2 ** 20)} MB`;
export const ratio = (value: number) => value.toFixed(value < 0.1 ? 3 : 2);

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds that something took, and what it gave. */
export async function timed<T>(what: () => Promise<T>): Promise<{ took: number; result: T }> {
  const started = performance.now();
  const result = await what();
  return { took: performance.now() - started, result };
}

/** A `git` in front of the real one that notes when each run began and ended: what is left is our own time. */
export interface GitClock {
  /** PATH that has it first. */
  path: string;
  /** Milliseconds since the last call in which at least one git ran. */
  take(): Promise<number>;
}

/** @param real absolute path of git */
export async function gitClock(folder: string, real: string): Promise<GitClock> {
  const log = join(folder, 'git.log');
  let since = 0;
  const bin = join(folder, 'git-clock');
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/bash\ns=\${EPOCHREALTIME/./}\n${real} "$@"\nc=$?\necho "$s \${EPOCHREALTIME/./}" >> ${log}\nexit $c\n`;
  await writeFile(join(bin, 'git'), script);
  await chmod(join(bin, 'git'), 0o755);
  return {
    path: `${bin}:${process.env.PATH}`,
    async take() {
      const text = await readFile(log, 'utf8').catch(() => '');
      await rm(log, { force: true });
      const spans = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ').map(Number) as [number, number]);
      const took = covered(spans, since) / 1000;
      since = (performance.timeOrigin + performance.now()) * 1000;
      return took;
    },
  };
}

/** Length of the union of intervals, as far as they lie after `since`. */
function covered(spans: [number, number][], since: number): number {
  let [total, reached] = [0, since];
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    if (end <= reached) continue;
    total += end - Math.max(start, reached);
    reached = end;
  }
  return total;
}

/** Highest resident memory of a process in bytes, once it has ended. */
export async function peakMemory(running: Running): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has just ended.
    }
  }, 20);
  await running.done;
  clearInterval(timer);
  return peak;
}
