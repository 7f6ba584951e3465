/** What tests of the queue have in common: handlers that are told when to end, and workers that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Handler, type Job, Jobs, type Worker } from '../../src/queue/jobs.ts';
import { startRedis, type TestRedis } from './redis.ts';

export interface Data {
  ms: number;
  /** For workers that have a place. */
  kind?: string;
}

export const by = { client: '192.0.2.1', repo: 'https://example.org/a' };

/** A handler that keeps what it was given, and ends each job when it is told to. */
export function held() {
  const begun: Job<Data>[] = [];
  const ends: (() => void)[] = [];
  const handler: Handler<Data> = (job) => {
    begun.push(job);
    return new Promise((resolve, reject) => {
      ends.push(resolve);
      job.signal.addEventListener('abort', () => reject(job.signal.reason));
      if (job.signal.aborted) reject(job.signal.reason);
    });
  };
  const until = (count: number, timeout = 5000) =>
    expect.poll(() => begun.length, { timeout, interval: 5 }).toBe(count);
  return { begun, ends, handler, until };
}

export interface WorkerProcess {
  child: ChildProcess;
  /** What it said, see queue-worker.ts. */
  lines: string[][];
  /** The first line with this word, past or future. */
  said(word: string, timeout?: number): Promise<string[]>;
}

export interface TestQueue {
  redis: TestRedis;
  jobs: Jobs<Data>;
  /** The queue as another process has it. */
  other(): Promise<Jobs<Data>>;
  work(concurrency: number, handler: Handler<Data>, source?: Jobs<Data>): Worker;
  /** @param place where it is, for jobs that have a kind */
  startWorker(place?: string): Promise<WorkerProcess>;
  /** Settles when nothing waits and nothing is being done. */
  idle(): Promise<unknown>;
  close(): Promise<void>;
}

export async function openQueue(): Promise<TestQueue> {
  const redis = await startRedis();
  const open: { close(grace: number): Promise<unknown> }[] = [];
  const other = async () => {
    const made = new Jobs<Data>(await redis.link(), 'builds');
    open.push(made);
    return made;
  };
  const jobs = await other();
  return {
    redis,
    jobs,
    other,
    work(concurrency, handler, source = jobs) {
      const worker = source.work(concurrency, handler);
      open.push(worker);
      return worker;
    },
    async startWorker(place = '') {
      const worker = startProcess(redis.url, place);
      open.push({ close: () => kill(worker.child) });
      await worker.said('ready');
      return worker;
    },
    idle: () => expect.poll(async () => Object.values(await jobs.counts()), { timeout: 5000 }).toEqual([0, 0]),
    async close() {
      for (const one of open.reverse()) await one.close(0);
      await redis.close();
    },
  };
}

function startProcess(url: string, place: string): WorkerProcess {
  const file = fileURLToPath(new URL('queue-worker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, url, 'builds', place], {
    env: { ...process.env, GRACE: '1000' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[][] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line.split(' ')));
  const find = (word: string) => lines.find(([first]) => first === word);
  const said = async (word: string, timeout = 60_000) => {
    await expect.poll(() => find(word), { timeout, interval: 10 }).toBeDefined();
    return find(word) ?? [];
  };
  return { child, lines, said };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
