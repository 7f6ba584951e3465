/** Sessions of the service on one machine: start, find, keep, end. */
import type { Writable } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import { type Prepared, workingFolder, writeContent } from '../making.ts';
import { DiskWatch, LOOK_EVERY } from '../session-disk.ts';
import type { SessionTarget } from '../session-target.ts';
import { type DockerLauncher, isReadAtStart, type LaunchedSession, type Launcher, openLauncher } from '../sessions.ts';
import { contentParent } from '../tiers.ts';
import type { Plan, Session } from '../types.ts';
import { Culler, timeLeft } from './culling.ts';
import { fits } from './policy.ts';
import { type Quotas, quotaReached, quotasOf } from './quotas.ts';
import { repeatedly } from './repeatedly.ts';
import { type EndedSession, type EndReason, SessionClaims, type SessionRecord } from './session-claims.ts';
import { SessionUse } from './session-use.ts';
import { recordOfWish, type SessionsDeps, type SessionWish, type StartWish, type TimeLeft } from './session-wishes.ts';
import type { LaunchRecord } from './types.ts';
import { WarmServers } from './warm.ts';

export type { SessionsDeps, StartWish, TimeLeft } from './session-wishes.ts';

export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #launcher: Launcher;
  readonly #claims: SessionClaims;
  readonly #culler: Culler;
  /** Of the engine here; a hub has neither. */
  readonly #warm: WarmServers | undefined;
  readonly #disk: DiskWatch | undefined;
  readonly #use: SessionUse;
  readonly #timers: NodeJS.Timeout[] = [];
  #unwatch = () => {};

  /** Connects to the engine, or the hub, and begins to cull. @throws engine_missing, engine_not_docker */
  static async open(deps: SessionsDeps): Promise<Sessions> {
    const claims = new SessionClaims(deps.redis);
    const launcher = await openLauncher(deps.config, async (name) => (await claims.get(name)) !== undefined);
    const sessions = new Sessions(deps, launcher, claims);
    await sessions.#begin();
    return sessions;
  }

  private constructor(deps: SessionsDeps, launcher: Launcher, claims: SessionClaims) {
    const { config, log, presence } = deps;
    this.#deps = deps;
    this.#launcher = launcher;
    this.#claims = claims;
    this.#use = new SessionUse(launcher, this.#claims);
    if (launcher.kind === 'docker') {
      const { redis, self } = deps;
      this.#warm = new WarmServers({ launcher, claims: this.#claims, redis, config, log, self });
      const [disk, diskUse] = [() => launcher.disk(), () => launcher.diskUse()];
      this.#disk = new DiskWatch({ config, disk, diskUse, full: (name, bytes) => this.#endFull(name, bytes) });
    }
    const isAlive = (id: string) => presence.isAlive(id);
    this.#culler = new Culler({ launcher, claims: this.#claims, config, log, isAlive, since: Date.now() });
  }

  async #begin(): Promise<void> {
    const idle = this.#deps.config.SLIPWAY_SESSION_IDLE;
    const every = (pause: number, step: () => Promise<void>) =>
      this.#timers.push(repeatedly(step, Math.max(100, pause), this.#deps.log));
    every(Math.min(5000, idle / 4), () => this.#use.flush());
    every(Math.min(30_000, idle / 4), () => this.#culler.sweep());
    const [warm, disk] = [this.#warm, this.#disk];
    if (warm) every(5000, () => warm.refill());
    if (disk) every(LOOK_EVERY, () => disk.look());
    this.#unwatch = await this.#launcher.watchEnds((name) => this.#use.forget(name));
  }

  /**
   * Starts a session and waits until its server answers. A launch has one session: asked again, also by another
   * process, it is the same one.
   * @throws quota_reached, bad_urlpath, session_failed, session_out_of_memory, session_timeout
   */
  async start(wish: StartWish): Promise<Session> {
    const newName = this.#launcher.newName(wish.resolved.spec.name);
    const record = recordOfWish(newName, wish.image, wish, this.#deps.self);
    const { name, isKnown } = await this.#claim(record, quotasOf(wish, this.#deps.config));
    if (wish.plan) this.#noteDemand(wish.plan);
    return this.#settled(name, async () => {
      const session = isKnown ? await this.#resume(name, wish) : undefined;
      return session ?? this.#launcher.start({ ...wish, name }, wish);
    });
  }

  /** Keeps the claim of a session that comes up, and gives up that of one that does not. */
  async #settled(name: string, begin: () => Promise<Session>): Promise<Session> {
    try {
      const session = await begin();
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
    const found = await this.#launcher.find(name);
    // A server that waited may have got half of its files.
    const isWhole = !found?.warm || (await this.#claims.get(name))?.ready;
    const session = isWhole ? await this.#launcher.resume(name, wish) : undefined;
    // What does not run is in the way of a container of the same name.
    if (!session) await this.#launcher.stop(name).catch(() => undefined);
    return session;
  }

  async #claim(record: SessionRecord, quotas: Quotas): Promise<{ name: string; isKnown: boolean }> {
    let [how, name] = await this.#claims.take(record, quotas);
    if (how === 'total' || how === 'repo') {
      // Some may have ended since the last look.
      await this.#culler.sweep();
      [how, name] = await this.#claims.take(record, quotas);
    }
    if (how === 'total' || how === 'repo') throw quotaReached(how, how === 'total' ? quotas.total : quotas.ofRepo);
    return { name, isKnown: how === 'known' };
  }

  /** Whether any server waits to be taken. */
  hasWarm = async (): Promise<boolean> => this.#warm?.isOff === false && (await this.#warm.untaken()).length > 0;

  /**
   * Takes a server that runs already and puts the commit's files into it; undefined when there is none that fits, or
   * the repository needs the ordinary way.
   * @param wishOf called once at most, when there is one that fits
   * @throws what `wishOf` does, and what the wish's signal is aborted with
   */
  async claim(prepared: Prepared, wishOf: () => Promise<SessionWish>): Promise<Session | undefined> {
    const { plan, checkout } = prepared;
    const launcher = this.#launcher;
    if (launcher.kind !== 'docker' || this.#warm?.isOff !== false || !WarmServers.isPlain(plan)) return undefined;
    if (await isReadAtStart(await checkout.paths())) return undefined;
    const names = await this.#warm.untaken(contentParent(plan).key);
    if (names.length === 0) return undefined;
    const finished = checkout.finishGit();
    // It may fail before it is waited for, or never be: nothing else would hear of it.
    finished.catch(() => undefined);
    const wish = await wishOf();
    for (const name of names) {
      const server = await launcher.waitingServer(name, wish.signal).catch(() => undefined);
      if (!server) continue;
      // What may still fail of the commit does so before somebody's server is given to it.
      await finished;
      const record = recordOfWish(server.id, plan.tiers.content.image, wish, this.#deps.self);
      const [how] = await this.#claims.take(record, quotasOf(wish, this.#deps.config));
      if (how === 'lost') continue;
      // Whatever else it is, the ordinary way knows what to do.
      if (how !== 'taken') return undefined;
      try {
        return await this.#settled(server.id, () => this.#fill(launcher, server, prepared, wish));
      } catch (err) {
        wish.signal.throwIfAborted();
        this.#deps.log.warn({ err, session: server.id }, 'a server that waited could not be taken');
        return undefined;
      } finally {
        // Afterwards, since a replacement that starts would be in its way.
        this.#noteDemand(plan);
      }
    }
    return undefined;
  }

  async #fill(
    launcher: DockerLauncher,
    server: LaunchedSession,
    prepared: Prepared,
    wish: SessionWish,
  ): Promise<Session> {
    const folder = await workingFolder(prepared.plan);
    const content = { folder, write: (sink: Writable) => writeContent(prepared, sink) };
    try {
      return await launcher.fill(server, { ...wish, image: prepared.plan.tiers.content.image }, content, wish);
    } catch (error) {
      // It may hold some of the files, and is nobody else's any more.
      await launcher.stop(server.id).catch(() => undefined);
      throw error;
    }
  }

  /** For the servers that are to wait; a replacement of one that was taken is started then, too. */
  #noteDemand(plan: Plan): void {
    const warm = this.#warm;
    warm
      ?.noteDemand(plan)
      .then(() => warm.refill())
      .catch((err: unknown) => this.#deps.log.warn({ err }, 'no server waits'));
  }

  async findByLaunch(launchId: string): Promise<LaunchedSession | undefined> {
    const name = await this.#claims.nameOfLaunch(launchId);
    return name === undefined ? undefined : this.#launcher.find(name);
  }

  /**
   * Why the session of a launch that was ready is over; undefined while it is there.
   * @throws of an engine or a hub that is away
   */
  async whyOver({
    id,
    session = '',
  }: Pick<LaunchRecord, 'id' | 'session'>): Promise<EndReason | 'unknown' | undefined> {
    const name = await this.#claims.nameOfLaunch(id);
    if (name === undefined) return (await this.#claims.whyEnded(session))?.reason ?? 'unknown';
    // One that does not answer for it may be an engine that is away, which the list would not hide.
    const found = (await this.#launcher.find(name)) ?? (await this.list()).find((one) => one.id === name);
    if (found?.state === 'running') return undefined;
    return found?.outOfMemory ? 'out_of_memory' : 'ended';
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
    this.#use.forget(name);
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
    this.#use.touch(name);
  }

  /** Where a session answers; undefined when there is none of that name that runs. */
  target(name: string): Promise<SessionTarget | undefined> {
    return this.#use.target(name);
  }

  async #endFull(session: string, bytes: number): Promise<void> {
    const { log, config } = this.#deps;
    log.warn({ session, bytes, limit: config.SLIPWAY_SESSION_DISK }, 'session fills the disk');
    await this.stop(session, 'disk').catch((err: unknown) => log.warn({ err, session }, 'not ended'));
  }

  /** Why a session that is not there ended, for a day after it did. */
  async whyEnded(name: string): Promise<EndedSession | undefined> {
    const [ended, claim] = await Promise.all([this.#claims.whyEnded(name), this.#claims.get(name)]);
    // One that ended by itself just now has nobody's word yet.
    return ended ?? (claim?.ready ? { ...claim, reason: 'ended', endedAt: new Date().toISOString() } : undefined);
  }

  /** @throws session_not_found */
  async timeLeft(name: string): Promise<TimeLeft> {
    const record = await this.#claims.get(name);
    if (!record) throw new SlipwayError('session_not_found', 'There is no such session any more.');
    const used = await this.#use.lastUse(name);
    return timeLeft({ started: Date.parse(record.claimedAt), used, now: Date.now() }, this.#deps.config);
  }

  /** Stops looking after sessions in this process; sessions go on. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#unwatch();
    await this.#warm?.close().catch(() => undefined);
    await this.#use.flush().catch(() => undefined);
  }
}
