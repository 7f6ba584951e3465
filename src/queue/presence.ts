/** Which processes of ours are alive. */
import type { RedisLink } from './redis.ts';

const SAID_EVERY = 2000;
/** A process that said nothing for so long is taken for dead. */
const BELIEVED = 6000;

export class Presence {
  readonly #redis: RedisLink;

  constructor(redis: RedisLink) {
    this.#redis = redis;
  }

  /** Says from now on that this process lives, until the returned function is called. */
  async heartbeat(id: string): Promise<() => Promise<void>> {
    const say = () => this.#redis.client.set(this.#key(id), 1, 'PX', BELIEVED);
    await say();
    // While the connection is away one that waits to be sent is enough.
    let waits = false;
    const timer = setInterval(async () => {
      if (waits) return;
      waits = true;
      await say().catch(() => undefined);
      waits = false;
    }, SAID_EVERY).unref();
    return async () => {
      clearInterval(timer);
      // Else it goes by itself.
      if (this.#redis.client.status === 'ready') await this.#redis.client.del(this.#key(id));
    };
  }

  async isAlive(id: string): Promise<boolean> {
    return (await this.#redis.client.exists(this.#key(id))) === 1;
  }

  #key(id: string): string {
    return `${this.#redis.prefix}:alive:${id}`;
  }
}
