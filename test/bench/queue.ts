/** From a job's being added to its being begun, by a worker that waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Jobs } from '../../src/queue/jobs.ts';
import { startRedis } from '../support/redis.ts';
import { percentile } from './http.ts';
import { exactly, type Row } from './measure.ts';

const JOBS = 1000;
const PAUSE = 5;
const UNCOUNTED = 50;

/** One job after the other, each of another client; the worker has connections of its own, as in another process. */
export async function pickUpRow(): Promise<Row> {
  const redis = await startRedis();
  const [asking, doing] = await Promise.all([redis.link(), redis.link()]);
  const [jobs, others] = [new Jobs<{ at: number }>(asking, 'bench'), new Jobs<{ at: number }>(doing, 'bench')];
  const times: number[] = [];
  const worker = others.work(8, async ({ data }) => {
    times.push(performance.now() - data.at);
  });
  try {
    for (let count = 0; count < UNCOUNTED + JOBS; count += 1) {
      const by = { client: `192.0.2.${count % 250}`, repo: `https://example.org/${count}` };
      await jobs.add(`job-${count}`, { at: performance.now() }, by);
      await sleep(PAUSE);
    }
    for (let tries = 0; times.length < UNCOUNTED + JOBS; tries += 1) {
      if (tries === 100) throw new Error(`${times.length} jobs were begun`);
      await sleep(100);
    }
  } finally {
    await worker.close(1000);
    await Promise.all([jobs.close(), others.close()]);
    await redis.close();
  }
  const counted = times.slice(UNCOUNTED);
  const p99 = percentile(counted, 0.99);
  return {
    measure: 'job pick-up, p99',
    ours: exactly(p99),
    against: `p50 ${exactly(percentile(counted, 0.5))}`,
    value: exactly(p99),
    aim: '≤ 50 ms',
    isMet: p99 <= 50,
  };
}
