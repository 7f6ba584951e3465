/** Who of us is alive, and who goes on with the launches of those that are not. */
import type { Context } from './context.ts';

/** Named in Redis as long as it may have launches that others would have to take over. */
export class RollCall {
  private readonly context: Context;
  private readonly key: string;
  private endHeartbeat: (() => Promise<void>) | undefined;

  constructor(context: Context) {
    this.context = context;
    this.key = `${context.redis.prefix}:owners`;
  }

  async enter(): Promise<void> {
    const { presence, redis, self } = this.context;
    this.endHeartbeat = await presence.heartbeat(self);
    await redis.client.sadd(this.key, self);
  }

  /** Has `takeOver` go on with what each process left that is gone. */
  async look(takeOver: (gone: string) => Promise<unknown>): Promise<void> {
    const { presence, redis, self } = this.context;
    for (const owner of await redis.client.smembers(this.key)) {
      if (owner === self || (await presence.isAlive(owner))) continue;
      await takeOver(owner);
      // Only now: were we to die before, another finds it still named.
      await redis.client.srem(this.key, owner);
    }
  }

  /** From now on others take over what is left. */
  async leave(): Promise<void> {
    await this.endHeartbeat?.();
  }
}
