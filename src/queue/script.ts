/** Lua that Redis runs as one step. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

type Argument = string | number;

/** Runs a script. A command whose reply was lost with the connection is sent again, so it must bear being run twice. */
export type Script<R> = (client: Redis, keys: readonly string[], args: readonly Argument[]) => Promise<R>;

export function script<R>(lua: string): Script<R> {
  const sha = createHash('sha1').update(lua).digest('hex');
  return async (client, keys, args) => {
    try {
      return (await client.evalsha(sha, keys.length, ...keys, ...args)) as R;
    } catch (error) {
      // New to this Redis, or it was restarted.
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return (await client.eval(lua, keys.length, ...keys, ...args)) as R;
    }
  };
}
