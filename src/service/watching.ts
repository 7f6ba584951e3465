/** Who is still being watched: a time of day for each, in one sorted set that all processes share. */
import type { RedisLink } from '../queue/redis.ts';

/** Nobody asks for longer. */
const FORGOTTEN_AFTER = 24 * 3_600_000;

export class Watching {
  private readonly redis: RedisLink;
  private readonly key: string;
  private readonly here = new Map<string, number>();

  constructor(redis: RedisLink) {
    this.redis = redis;
    this.key = `${redis.prefix}:watched`;
  }

  /** Somebody watches from now on, until the returned function is called. */
  enter(id: string): () => void {
    this.here.set(id, (this.here.get(id) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const others = (this.here.get(id) ?? 1) - 1;
      if (others > 0) this.here.set(id, others);
      else this.here.delete(id);
      // The time of leaving counts, whatever the last sweep said.
      this.note([id]).catch(() => undefined);
    };
  }

  /** Somebody looked once. */
  glance(id: string): void {
    this.note([id]).catch(() => undefined);
  }

  /** To be called now and then: those who watch here are still there. */
  async sweep(): Promise<void> {
    await this.note([...this.here.keys()]);
    await this.redis.client.zremrangebyscore(this.key, 0, Date.now() - FORGOTTEN_AFTER);
  }

  /** When each was last watched; undefined when never. */
  async lastWatched(ids: readonly string[]): Promise<(number | undefined)[]> {
    if (ids.length === 0) return [];
    const scores = (await this.redis.client.zmscore(this.key, ...ids)) as (string | null)[];
    return ids.map((id, index) => {
      if (this.here.has(id)) return Date.now();
      const score = scores[index];
      return score === null || score === undefined ? undefined : Number(score);
    });
  }

  private async note(ids: readonly string[]): Promise<void> {
    const now = Date.now();
    // In pieces: ten thousand watchers are one command too long.
    for (let at = 0; at < ids.length; at += 1000) {
      await this.redis.client.zadd(this.key, ...ids.slice(at, at + 1000).flatMap((id) => [now, id]));
    }
  }
}
