/** Sessions of the service on one machine: start, find, keep, end. */
import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { type LaunchedSession, type Launcher, openLauncher } from '../pipeline.ts';
import type { Presence } from '../queue/presence.ts';
import type { RedisLink } from '../queue/redis.ts';
import type { SessionTarget } from '../session-target.ts';
import type { Emit, Plan, Resolved, Session } from '../types.ts';
import { Culler, timeLeft } from './culling.ts';
import { fits } from './policy.ts';
import { quotaOf, quotaReached } from './quotas.ts';
import { type EndedSession, type EndReason, SessionClaims } from './session-claims.ts';

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

/** What a session's countdown shows; milliseconds. */
export interface TimeLeft {
  /** Until it is ended if nothing happens. */
  left: number;
  /** Whether activity moves the end; false once only the greatest age counts. */
  extendable: boolean;
}

/** What is known of where a session answers is looked up again after this time. */
const TARGET_KEPT = 5000;

export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #launcher: Launcher;
  readonly #claims: SessionClaims;
  readonly #culler: Culler;
  readonly #targets = new Map<string, { until: number; target: Promise<SessionTarget | undefined> }>();
  /** When sessions were used, as far as Redis was not told yet. */
  #used = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #unwatch = () => {};

  /** Connects to the engine and begins to cull. @throws engine_missing, engine_not_docker */
  static async open(deps: SessionsDeps): Promise<Sessions> {
    const sessions = new Sessions(deps, await openLauncher(deps.config));
    await sessions.#begin();
    return sessions;
  }

  private constructor(deps: SessionsDeps, launcher: Launcher) {
    const { config, log, presence } = deps;
    this.#deps = deps;
    this.#launcher = launcher;
    this.#claims = new SessionClaims(deps.redis);
    const isAlive = (id: string) => presence.isAlive(id);
    this.#culler = new Culler({ launcher, claims: this.#claims, config, log, isAlive, since: Date.now() });
  }

  async #begin(): Promise<void> {
    const idle = this.#deps.config.SLIPWAY_SESSION_IDLE;
    this.#every(Math.min(5000, idle / 4), () => this.#flush());
    this.#every(Math.min(30_000, idle / 4), () => this.#culler.sweep());
    this.#unwatch = await this.#launcher.watchEnds((name) => this.#targets.delete(name));
  }

  /** Again and again, one at a time; a fault is logged and tried again. */
  #every(pause: number, step: () => Promise<void>): void {
    let runs = false;
    const tick = async () => {
      if (runs) return;
      runs = true;
      await step().catch((err: unknown) => this.#deps.log.warn({ err }, 'sessions could not be looked after'));
      runs = false;
    };
    this.#timers.push(setInterval(tick, Math.max(100, pause)).unref());
  }

  /**
   * Starts a session and waits until its server answers. A launch has one session: asked again, also by another
   * process, it is the same one.
   * @throws quota_reached, bad_urlpath, session_failed, session_out_of_memory, session_timeout
   */
  async start(wish: StartWish): Promise<Session> {
    const { name, isKnown } = await this.#claim(wish, wish.image);
    try {
      const session =
        (isKnown && (await this.#resume(name, wish))) || (await this.#launcher.start({ ...wish, name }, wish));
      if (await this.#claims.settle(name)) return session;
      // Whoever stopped it while it started did not know its container yet.
      await this.#launcher.stop(name).catch(() => undefined);
      throw new SlipwayError('session_failed', 'The session was stopped while it started.', {
        hint: 'Launch it again.',
      });
    } catch (error) {
      const release = this.#claims.release(name, this.#deps.self);
      await release.catch((err: unknown) => this.#deps.log.warn({ err, session: name }, 'claim kept'));
      throw error;
    }
  }

  async #resume(name: string, wish: SessionWish): Promise<Session | undefined> {
    const session = await this.#launcher.resume(name, wish);
    // What does not run is in the way of a container of the same name.
    if (!session) await this.#launcher.stop(name).catch(() => undefined);
    return session;
  }

  async #claim(wish: SessionWish, image: string): Promise<{ name: string; isKnown: boolean }> {
    const { resolved, launchId, client, urlpath } = wish;
    const { spec, ref, commit } = resolved;
    const { config, self } = this.#deps;
    const record = {
      name: this.#launcher.newName(spec.name),
      ...{ launchId, client, ref, commit, image, ready: false, owner: self },
      ...{ repo: spec.canonicalUrl, provider: spec.provider, spec: spec.name },
      urlpath: urlpath ?? resolved.urlpath ?? '',
      claimedAt: new Date().toISOString(),
    };
    const quotas = wish.isOperator
      ? { total: 0, ofRepo: 0 }
      : { total: config.SLIPWAY_QUOTA_TOTAL, ofRepo: quotaOf(spec, config) };
    let [how, name] = await this.#claims.take(record, quotas);
    if (how === 'total' || how === 'repo') {
      // Some may have ended since the last look.
      await this.#culler.sweep();
      [how, name] = await this.#claims.take(record, quotas);
    }
    if (how === 'total' || how === 'repo') throw quotaReached(how, how === 'total' ? quotas.total : quotas.ofRepo);
    return { name, isKnown: how === 'known' };
  }

  /**
   * Takes a server that runs already and puts the commit's files into it; undefined when there is none that fits, or
   * the repository needs the ordinary way.
   */
  async claim(_wish: ClaimWish): Promise<Session | undefined> {
    return undefined;
  }

  async findByLaunch(launchId: string): Promise<LaunchedSession | undefined> {
    const name = await this.#claims.nameOfLaunch(launchId);
    return name === undefined ? undefined : this.#launcher.find(name);
  }

  /** Sessions that run or start; servers that wait for somebody are not among them. */
  async count(): Promise<number> {
    return this.#claims.count();
  }

  async countOf(canonicalUrl: string): Promise<number> {
    return (await this.#claims.all()).filter(({ repo }) => repo === canonicalUrl).length;
  }

  async list(): Promise<LaunchedSession[]> {
    return (await this.#launcher.list()).filter(({ launchId }) => launchId !== '');
  }

  /** @throws session_not_found */
  async stop(name: string, reason: EndReason = 'stopped'): Promise<void> {
    this.#targets.delete(name);
    await this.#culler.end(name, reason);
  }

  /** Ends every session of a repository (canonical URL, `*` stands for anything) or of an address; their names. */
  async stopAll(of: { repo?: string; client?: string }): Promise<string[]> {
    const { repo, client } = of;
    const names = (await this.#claims.all())
      .filter((one) => repo === undefined || fits(repo, one.repo) || fits(repo, `${one.provider}/${one.spec}`))
      .filter((one) => client === undefined || one.client === client)
      .map(({ name }) => name);
    const ended = await Promise.allSettled(names.map((name) => this.stop(name)));
    return names.filter((_, index) => ended[index]?.status === 'fulfilled');
  }

  /** Notes activity; costs nothing, may be called for every request. */
  touch(name: string): void {
    this.#used.set(name, Date.now());
  }

  /** Where a session answers; undefined when there is none of that name that runs. */
  target(name: string): Promise<SessionTarget | undefined> {
    const kept = this.#targets.get(name);
    if (kept && kept.until > Date.now()) return kept.target;
    const target = this.#launcher.find(name).then((found) => (found?.launchId ? found.target : undefined));
    // What is not there is not remembered: anybody may ask for any name.
    const forget = () => this.#targets.delete(name);
    target.then((found) => found ?? forget(), forget);
    this.#targets.set(name, { until: Date.now() + TARGET_KEPT, target });
    return target;
  }

  /** Why a session ended, for a day after it did. */
  whyEnded(name: string): Promise<EndedSession | undefined> {
    return this.#claims.whyEnded(name);
  }

  /** @throws session_not_found */
  async timeLeft(name: string): Promise<TimeLeft> {
    const record = await this.#claims.get(name);
    if (!record) throw new SlipwayError('session_not_found', 'There is no such session any more.');
    const used = Math.max(this.#used.get(name) ?? 0, await this.#claims.activityOf(name));
    return timeLeft({ started: Date.parse(record.claimedAt), used, now: Date.now() }, this.#deps.config);
  }

  async #flush(): Promise<void> {
    const used = this.#used;
    this.#used = new Map();
    try {
      await this.#claims.noteActivity(used);
    } catch (error) {
      // Told with the next.
      for (const [name, time] of used) if (!this.#used.has(name)) this.#used.set(name, time);
      throw error;
    }
  }

  /** Stops looking after sessions in this process; sessions go on. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#unwatch();
    await this.#flush().catch(() => undefined);
  }
}
