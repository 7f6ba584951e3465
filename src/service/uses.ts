/** When images were last used and how often, as Redis remembers it for all processes. */
import type { RedisLink } from '../queue/redis.ts';
import { script } from '../queue/script.ts';
import type { Use } from './prune-order.ts';

/** Keys: last uses, numbers of uses. Arguments: image, time, number. The latest time stays, whoever says it. */
const add = script<number>(`
  local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
  if tonumber(ARGV[2]) > known then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
  redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[3])
  return 1
`);

export class Uses {
  readonly #redis: RedisLink;
  readonly #keys: [string, string];

  constructor(redis: RedisLink) {
    this.#redis = redis;
    this.#keys = [`${redis.prefix}:images:used`, `${redis.prefix}:images:uses`];
  }

  /** @param image its name */
  async note(image: string, { last, count }: Use = { last: Date.now(), count: 1 }): Promise<void> {
    await add(this.#redis.client, this.#keys, [image, last, count]);
  }

  async all(): Promise<Map<string, Use>> {
    const [used, uses] = await Promise.all(this.#keys.map((key) => this.#redis.client.hgetall(key)));
    return new Map(
      Object.entries(used ?? {}).map(([image, last]) => [
        image,
        { last: Number(last), count: Number(uses?.[image] ?? 0) },
      ]),
    );
  }

  async forget(images: readonly string[]): Promise<void> {
    if (images.length === 0) return;
    await Promise.all(this.#keys.map((key) => this.#redis.client.hdel(key, ...images)));
  }
}
