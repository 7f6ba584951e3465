/** A worker as a process of its own. Says on stdout what happens to its jobs, one line each: word, key, attempt. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config.ts';
import { Jobs } from '../../src/queue/jobs.ts';
import { connectRedis } from '../../src/queue/redis.ts';

const [url = '', queue = '', place = ''] = process.argv.slice(2);
const say = (...words: unknown[]) => void process.stdout.write(`${words.join(' ')}\n`);

const link = await connectRedis(loadConfig({ REDIS_URL: url }));
const jobs = new Jobs<{ ms: number; kind?: string }>(link, queue);
const worker = jobs.work(
  place === '' ? 10 : 1,
  async ({ key, attempt, tries, data, signal, lost }) => {
    say('began', key, attempt, tries);
    lost.addEventListener('abort', () => say('lost', key, attempt));
    try {
      await sleep(data.ms, undefined, { signal });
      say('done', key, attempt);
    } catch (error) {
      say('stopped', key, attempt, (signal.reason as { code?: string }).code);
      throw error;
    }
  },
  {
    givenUp: async ({ key, reason }) => say('given-up', key, reason),
    ...(place && { locality: { place, kindOf: ({ kind = '' }) => kind } }),
  },
);
say('ready');
process.on('SIGTERM', async () => {
  await worker.close(Number(process.env.GRACE ?? 0));
  await jobs.close();
  await link.close();
  process.exit(0);
});
