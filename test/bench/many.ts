/** What a worker gets done when it is one of four: the queue's own part, for what is built only takes time here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Jobs } from '../../src/queue/jobs.ts';
import { startRedis } from '../support/redis.ts';
import { ms, type Row, ratio, timed } from './measure.ts';

const ENVIRONMENTS = 40;
const BUILD_TIME = 400;
const WORKERS = ['a', 'b', 'c', 'd'];
const SMALLEST_SHARE = 0.8;

interface Built {
  repo: string;
}

/**
 * First one worker builds an environment for each of forty repositories, then four build one more for each. The worst there
 * is for locality: every repository belongs to the first worker, which can do but a quarter of them.
 */
export async function manyRow(): Promise<Row> {
  const redis = await startRedis();
  const jobs = new Jobs<Built>(await redis.link(), 'bench');
  const open: { close(): Promise<unknown> }[] = [jobs];
  let done = 0;
  const work = async (place: string) => {
    const own = new Jobs<Built>(await redis.link(), 'bench');
    const build = async () => {
      await sleep(BUILD_TIME);
      done += 1;
    };
    const worker = own.work(1, build, { locality: { place, kindOf: ({ repo }) => repo } });
    open.push({ close: () => worker.close(1000).then(() => own.close()) });
  };
  const all = async (name: string) => {
    const before = done;
    const { took } = await timed(async () => {
      const add = (n: number) => {
        const repo = `https://example.org/${n}`;
        return jobs.add(`${name}-${n}`, { repo }, { client: `192.0.2.${n}`, repo });
      };
      await Promise.all(Array.from({ length: ENVIRONMENTS }, (_, n) => add(n)));
      for (let tries = 0; done - before < ENVIRONMENTS; tries += 1) {
        if (tries > 10 * BUILD_TIME) throw new Error(`${done - before} environments were built`);
        await sleep(10);
      }
    });
    return took;
  };
  try {
    await work('a');
    const alone = await all('one');
    for (const place of WORKERS.slice(1)) await work(place);
    // Until each is known to the others.
    await sleep(500);
    const together = await all('four');
    const share = alone / (WORKERS.length * together);
    return {
      measure: `${ENVIRONMENTS} environments of ${BUILD_TIME} ms, ${WORKERS.length} workers for 1: work per worker-second`,
      ours: ms(together),
      against: ms(alone),
      value: ratio(share),
      aim: `≥ ${SMALLEST_SHARE} of linear`,
      isMet: share >= SMALLEST_SHARE,
    };
  } finally {
    for (const one of open.reverse()) await one.close();
    await redis.close();
  }
}
