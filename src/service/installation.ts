/** Processes that share a Redis are one installation, whatever their data folders: what one makes, another counts, stops and prunes. */
import type { Config } from '../config.ts';
import { joinInstance } from '../instance.ts';
import type { RedisLink } from '../queue/redis.ts';

export async function joinInstallation(config: Config, { client, prefix }: RedisLink): Promise<void> {
  await joinInstance(config, async (own) => {
    await client.set(`${prefix}:instance`, own, 'NX');
    return (await client.get(`${prefix}:instance`)) ?? own;
  });
}
