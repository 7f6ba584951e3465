/** Sessions of the service on one machine: start, find, keep, end; quotas and culling. */
import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { RedisLink } from '../queue/redis.ts';
import type { Emit, Plan, Resolved, Session } from '../types.ts';

export interface SessionsDeps {
  config: Config;
  redis: RedisLink;
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
  /** Not held to any quota. */
  isOperator?: boolean;
  /** Gets `launching`, at last `ready`. */
  emit: Emit;
  signal: AbortSignal;
}

export interface StartWish extends SessionWish {
  /** Content image. */
  image: string;
}

export interface ClaimWish extends SessionWish {
  plan: Plan;
  /** Writes the commit's content layer, an uncompressed tar, and ends the stream. */
  writeContent(sink: Writable): Promise<unknown>;
}

/** A session as operators and the session's origin see it; `id` is its name in `/user/<name>/`. */
export interface ServiceSession extends Session {
  state: 'starting' | 'running' | 'ended';
  launchId: string;
  client: string;
}

/** Where the session's server answers: a port of loopback, or a unix socket where sessions have no network. */
export type SessionTarget = { port: number } | { socket: string };

/** What a session's countdown shows; milliseconds. */
export interface TimeLeft {
  /** Until it is ended if nothing happens. */
  left: number;
  /** Whether activity moves the end; false once only the greatest age counts. */
  extendable: boolean;
}

export class Sessions {
  /** Connects to the engine and begins to cull. */
  static async open(deps: SessionsDeps): Promise<Sessions> {
    return new Sessions(deps);
  }

  private readonly deps: SessionsDeps;

  private constructor(deps: SessionsDeps) {
    this.deps = deps;
  }

  /**
   * Starts a session and waits until its server answers. A launch has one session: asked again, it is the same one.
   * @throws quota_reached, bad_urlpath, session_failed, session_out_of_memory, session_timeout
   */
  async start(_wish: StartWish): Promise<Session> {
    throw new Error('to come');
  }

  /**
   * Takes a server that runs already and puts the commit's files into it; undefined when there is none that fits, or
   * the repository needs the ordinary way.
   */
  async claim(_wish: ClaimWish): Promise<Session | undefined> {
    return undefined;
  }

  async findByLaunch(_launchId: string): Promise<ServiceSession | undefined> {
    return undefined;
  }

  /** Sessions that run or start, warm ones that nobody has not among them. */
  async count(): Promise<number> {
    return 0;
  }

  async countOf(_canonicalUrl: string): Promise<number> {
    return 0;
  }

  async list(): Promise<ServiceSession[]> {
    return [];
  }

  /** @throws session_not_found */
  async stop(_name: string): Promise<void> {}

  /** Ends every session of a repository (canonical URL or pattern) or of an address; their names. */
  async stopAll(_of: { repo?: string; client?: string }): Promise<string[]> {
    return [];
  }

  /** Notes activity; costs nothing, may be called for every request. */
  touch(_name: string): void {}

  /** Where a session answers; undefined when there is none of that name that runs. */
  async target(_name: string): Promise<SessionTarget | undefined> {
    return undefined;
  }

  /** @throws session_not_found */
  async timeLeft(_name: string): Promise<TimeLeft> {
    throw new Error('to come');
  }

  /** Stops culling in this process; sessions go on. */
  async close(): Promise<void> {}
}
