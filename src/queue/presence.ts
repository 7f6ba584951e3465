/** Which processes of ours are alive. */
import type { RedisLink } from './redis.ts';

export class Presence {
  constructor(_redis: RedisLink) {}

  /** Says every 2 s that this process lives, until the returned function is called. */
  async heartbeat(_id: string): Promise<() => Promise<void>> {
    throw new Error('to come');
  }

  /** Whether a process said so within the last 6 s. */
  async isAlive(_id: string): Promise<boolean> {
    throw new Error('to come');
  }

  /** Ids of all that live. */
  async alive(): Promise<string[]> {
    throw new Error('to come');
  }
}
