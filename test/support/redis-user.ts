/** A process that uses the Redis of a data folder until it is ended: on SIGTERM in good order. */
import { loadConfig } from '../../src/config.ts';
import { connectRedis } from '../../src/queue/redis.ts';

const link = await connectRedis(loadConfig());
await link.client.incr('users');
process.on('SIGTERM', async () => {
  await link.close();
  process.exit(0);
});
// Last: whoever reads it may send the signal at once.
process.stdout.write('ready\n');
setInterval(() => undefined, 1000);
