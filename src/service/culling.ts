/** Ends sessions that are over: idle, too old, dead, or left behind by a process that is gone. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { toSlipwayError } from '../errors.ts';
import type { LaunchedSession, Launcher } from '../sessions.ts';
import type { EndReason, SessionClaims, SessionRecord } from './session-claims.ts';

export interface CullDeps {
  launcher: Launcher;
  claims: SessionClaims;
  config: Pick<Config, 'SLIPWAY_SESSION_IDLE' | 'SLIPWAY_SESSION_AGE' | 'SLIPWAY_SESSION_START'>;
  log: Logger;
  isAlive(process: string): Promise<boolean>;
  /** When this process began to look after sessions. */
  since: number;
}

/** Whoever takes over the launches of a process that died, or removes a session, gets this long. */
const TAKE_OVER = 15_000;

/** What Redis would have said of a session that it has forgotten. */
export function recordOf(session: LaunchedSession, owner: string): SessionRecord {
  const { id, launchId, client, repo, provider, spec, ref, commit, image, urlpath, startedAt } = session;
  const facts = { launchId, client, repo, provider, spec, ref, commit, image, urlpath };
  return { name: id, ...facts, owner, claimedAt: startedAt, ready: true };
}

/** Milliseconds until a session ends if nothing happens, and whether use moves that. */
export function timeLeft(
  times: { started: number; used: number; now: number },
  config: CullDeps['config'],
): { left: number; extendable: boolean } {
  const oldest = times.started + config.SLIPWAY_SESSION_AGE;
  const idlest = Math.max(times.used, times.started) + config.SLIPWAY_SESSION_IDLE;
  return { left: Math.max(0, Math.min(oldest, idlest) - times.now), extendable: idlest < oldest };
}

export class Culler {
  readonly #deps: CullDeps;
  /** Since when the owner of a session that is not ready is missing. */
  readonly #orphans = new Map<string, number>();

  constructor(deps: CullDeps) {
    this.#deps = deps;
  }

  /** One look at all sessions. Never fails as a whole: one that cannot be looked at is looked at again next time. */
  async sweep(): Promise<void> {
    const { launcher, claims } = this.#deps;
    // Containers first: a claim is older than its container.
    const sessions = (await launcher.list()).filter(({ launchId }) => launchId !== '');
    const records = new Map((await claims.all()).map((record) => [record.name, record]));
    for (const session of sessions) {
      await this.#attempt(session.id, () => this.#judge(session, records.get(session.id)));
      records.delete(session.id);
    }
    for (const record of records.values()) await this.#attempt(record.name, () => this.#dropVanished(record));
    for (const name of this.#orphans.keys()) if (!sessions.some(({ id }) => id === name)) this.#orphans.delete(name);
  }

  async #attempt(session: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (toSlipwayError(error).code !== 'session_not_found')
        this.#deps.log.warn({ session, err: error }, 'not culled');
    }
  }

  async #judge(session: LaunchedSession, record: SessionRecord | undefined): Promise<void> {
    // Until it is ready it is its owner's to say what becomes of it.
    if (record && !record.ready) return this.#judgeOwner(record);
    if (session.state === 'ended') return this.end(session.id, session.outOfMemory ? 'out_of_memory' : 'ended');
    if (!record && !(await this.#adopt(session))) return;
    const reason = await this.#reasonToEnd(session);
    if (reason) await this.end(session.id, reason);
  }

  async #judgeOwner({ name, owner }: SessionRecord): Promise<void> {
    if (await this.#deps.isAlive(owner)) {
      this.#orphans.delete(name);
      return;
    }
    const since = this.#orphans.get(name) ?? Date.now();
    this.#orphans.set(name, since);
    if (Date.now() - since > TAKE_OVER) await this.end(name, 'abandoned');
  }

  /** A session that Redis has forgotten is one again when it answers, and goes when it never did. */
  async #adopt(session: LaunchedSession): Promise<boolean> {
    const { launcher, claims, config } = this.#deps;
    const ended = await claims.whyEnded(session.id);
    if (ended) {
      // Whoever gave it up could not remove it, as when a hub is away.
      if (Date.now() - Date.parse(ended.endedAt) > TAKE_OVER) await this.end(session.id, 'abandoned');
      return false;
    }
    const used = await launcher.lastActivity(session, AbortSignal.timeout(2000));
    if (used) {
      await claims.restore(recordOf(session, ''));
      await claims.noteActivity(new Map([[session.id, used.getTime()]]));
      return true;
    }
    if (Date.now() - Date.parse(session.startedAt) > config.SLIPWAY_SESSION_START * 1.5) {
      await this.end(session.id, 'abandoned');
    }
    return false;
  }

  async #reasonToEnd(session: LaunchedSession): Promise<EndReason | undefined> {
    const { launcher, claims, config, since } = this.#deps;
    // A hub has a culler of its own.
    if (launcher.kind === 'jupyterhub') return undefined;
    const started = Date.parse(session.startedAt);
    const now = Date.now();
    if (now - started > config.SLIPWAY_SESSION_AGE) return 'age';
    // Nobody could use a session while the service was away, so there is a while after it came back.
    const grace = since - config.SLIPWAY_SESSION_IDLE + Math.min(60_000, config.SLIPWAY_SESSION_IDLE / 2);
    const seen = Math.max(started, grace, await claims.activityOf(session.id));
    if (now - seen <= config.SLIPWAY_SESSION_IDLE) return undefined;
    // A kernel that computes is used though nobody looks.
    const used = (await launcher.lastActivity(session, AbortSignal.timeout(2000)))?.getTime() ?? 0;
    // The server's word counts for as much as its clock may: that is this machine's.
    if (used <= now && now - used <= config.SLIPWAY_SESSION_IDLE) {
      await claims.noteActivity(new Map([[session.id, used]]));
      return undefined;
    }
    return 'idle';
  }

  async #dropVanished(record: SessionRecord): Promise<void> {
    const { launcher, claims, isAlive } = this.#deps;
    if (await launcher.find(record.name)) return;
    // One that starts has no container yet.
    if (!record.ready && (await isAlive(record.owner))) return;
    await claims.end(record.name, record.ready ? 'stopped' : 'abandoned');
    // At a hub a user may be left without a server.
    if (launcher.kind === 'jupyterhub') await launcher.stop(record.name);
  }

  /** Ends a session, and remembers why. @throws session_not_found */
  async end(name: string, reason: EndReason): Promise<void> {
    await this.#deps.claims.end(name, reason);
    await this.#deps.launcher.stop(name);
    this.#deps.log.info({ session: name, reason }, 'session ended');
  }
}
