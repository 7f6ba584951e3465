/** Whether the service could use the Redis that the settings name. */
import type { Config } from '../config.ts';
import { connectRedis } from '../queue/redis.ts';

/**
 * @returns what an operator should know about it
 * @throws SlipwayError `redis_unreachable`, `redis_unsafe`
 */
export async function probeRedis(config: Config): Promise<readonly string[]> {
  const link = await connectRedis(config);
  await link.close();
  return link.warnings;
}
