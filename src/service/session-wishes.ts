/** What is asked of sessions, and what is told of them. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Presence } from '../queue/presence.ts';
import type { RedisLink } from '../queue/redis.ts';
import type { Emit, Plan, Resolved } from '../types.ts';
import type { SessionRecord } from './session-claims.ts';

export interface SessionsDeps {
  config: Config;
  redis: RedisLink;
  presence: Presence;
  /** Id of this process, under which its heartbeat is. */
  self: string;
  log: Logger;
}

/** A launch that wants a session. */
export interface SessionWish {
  resolved: Resolved;
  launchId: string;
  /** Address of who asked. */
  client: string;
  /** Path inside the session; absent: what the pasted page asked for. */
  urlpath?: string;
  /** Where environment files were looked for: whoever launches it again wants the same. */
  subdir?: string;
  /** Not held to any quota. */
  isOperator?: boolean;
  /** Gets `launching`, at last `ready`. */
  emit: Emit;
  signal: AbortSignal;
  /** Told what its start waits for from now on. */
  enter?(stage: string): void;
}

export interface StartWish extends SessionWish {
  /** Content image. */
  image: string;
  /** What it was made of, for those that are to be ready before the next one asks. */
  plan?: Plan;
}

/** What Redis is to know of a session that is about to be started by this process. */
export function recordOfWish(name: string, image: string, wish: SessionWish, owner: string): SessionRecord {
  const { resolved, launchId, client, urlpath, subdir } = wish;
  const { spec, ref, commit } = resolved;
  return {
    ...{ name, launchId, client, ref, commit, image, ready: false, owner },
    ...{ repo: spec.canonicalUrl, provider: spec.provider, spec: spec.name },
    urlpath: urlpath ?? resolved.urlpath ?? '',
    ...(subdir && { subdir }),
    claimedAt: new Date().toISOString(),
  };
}

/** What a session's countdown shows; milliseconds. */
export interface TimeLeft {
  /** Until it is ended if nothing happens. */
  left: number;
  /** Whether activity moves the end; false once only the greatest age counts. */
  extendable: boolean;
}
