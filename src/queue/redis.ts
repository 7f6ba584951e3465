/** The link to Redis: `REDIS_URL`, else a `redis-server` of our own in the data folder. */
import type { Redis } from 'ioredis';
import type { Config } from '../config.ts';

/** One process's way to Redis; rooms share it. */
export interface RedisLink {
  /** For ordinary commands; they wait while the connection is away and are sent again. */
  client: Redis;
  /** For `subscribe` only; see src/queue/news.ts, which shares it. */
  subscriber: Redis;
  /** A further connection, for commands that block; whoever asks closes it. */
  blocking(): Redis;
  /** Prefix of every key of ours. */
  prefix: string;
  /** What an operator should know, e.g. that this Redis forgets when it restarts. */
  warnings: string[];
  /** Ends the connections; a server of our own keeps running, see `stopRedis`. */
  close(): Promise<void>;
}

/**
 * Connects, starting our own server where none is named and none runs.
 * @throws SlipwayError `redis_unreachable`, `redis_unsafe`
 */
export async function connectRedis(_config: Config): Promise<RedisLink> {
  throw new Error('to come');
}

/** Stops our own server of this data folder, after it has written everything; nothing happens when none runs. */
export async function stopRedis(_config: Pick<Config, 'SLIPWAY_DATA'>): Promise<void> {
  throw new Error('to come');
}
