/** Git hosts that said that they were asked too often: all processes leave them alone for a while. */
import type { RedisLink } from '../queue/redis.ts';

export interface HostRests {
  /** Milliseconds that a host is still to be left alone; 0 when it may be asked. */
  left(host: string): Promise<number>;
  begin(host: string, ms: number): Promise<void>;
}

/** Those of this process alone. */
export function ownRests(now: () => number): HostRests {
  const until = new Map<string, number>();
  return {
    async left(host) {
      const left = (until.get(host) ?? 0) - now();
      if (left <= 0) until.delete(host);
      return Math.max(0, left);
    },
    async begin(host, ms) {
      until.set(host, now() + ms);
    },
  };
}

/** Those of all processes of this Redis. */
export function sharedRests({ client, prefix }: RedisLink): HostRests {
  const keyOf = (host: string) => `${prefix}:rest:${host}`;
  return {
    left: async (host) => Math.max(0, await client.pttl(keyOf(host))),
    async begin(host, ms) {
      await client.set(keyOf(host), 1, 'PX', Math.ceil(ms));
    },
  };
}
