/** image → session, as a server of a JupyterHub. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Session } from '../types.ts';
import { untilAnswer } from './hub-answer.ts';
import { HubClient, tokenRefused } from './hub-client.ts';
import { HubLinks } from './hub-links.ts';
import { type HubServer, type HubUser, identityOf, optionsOf, sessionOf } from './hub-session.ts';
import { follow, type SpawnRun, spawn } from './hub-spawn.ts';
import type { LaunchedSession, Run, ServiceLaunch } from './launcher.ts';
import { chooseSession, newSessionId, newToken, noSuchSession } from './session.ts';
import { checkUrlpath } from './urlpath.ts';

/** Pause before a server that is being stopped is asked for again. */
const AGAIN = 300;
/** Time that a hub gets to stop a server and forget its user. */
const REMOVAL = 60_000;
const PAGE = 200;
/** Pause between looks whether a session is still there. */
const LOOK = 2000;

/** Leaf scopes that our token has to have; a wider one has these within it. */
const SCOPES = ['start:servers', 'read:servers', 'delete:servers', 'list:users'];
const SCOPES_OF_USERS = ['admin:users', 'delete:users'];

/** A server and whose it is. */
interface Owned {
  user: string;
  server: HubServer;
}

export class HubLauncher {
  readonly kind = 'jupyterhub';
  readonly #config: Config;
  readonly #hub: HubClient;
  /** Where readers log in to the hub, and their servers start when they come. */
  readonly #links: HubLinks | undefined;
  readonly #identity: string;

  /** @throws bad_setting */
  constructor(config: Config, instance: string) {
    this.#config = config;
    this.#hub = new HubClient(config);
    this.#identity = identityOf(config, instance);
    if (config.SLIPWAY_HUB_LOGIN === 'on') this.#links = new HubLinks(this.#hub, config);
  }

  /** A name for a session of this repository, which nobody can guess; its user's name too. */
  newName(repositoryName: string): string {
    return newSessionId(repositoryName);
  }

  /**
   * Starts a session and waits until its server answers. One that fails or is no longer wanted leaves neither server nor
   * user behind. Where readers log in, nothing starts before they come: the link leads there.
   * @throws bad_urlpath, session_failed, session_timeout, hub_unreachable, hub_token_refused, hub_spawner_unfit, hub_image_ignored,
   * hub_full
   */
  async start(launch: ServiceLaunch, { emit, signal }: Run): Promise<Session> {
    checkUrlpath(launch.urlpath ?? launch.resolved.urlpath);
    signal.throwIfAborted();
    if (this.#links) return this.#handOver(this.#links, launch, { emit, signal });
    emit({ phase: 'launching', message: 'Asking the hub for a server\n' });
    const { name } = launch;
    const options = optionsOf(launch, newToken(), this.#identity, this.#config);
    return this.#within(name, { emit, signal }, async (run) => {
      await spawn(this.#hub, name, options, run);
      const now = new Date().toISOString();
      const server = { name: '', ready: true, pending: null, started: now, last_activity: now, user_options: options };
      return sessionOf(name, server, this.#config);
    });
  }

  /** Waits on for a session that another process began to start; undefined when there is none that starts or runs. */
  async resume(name: string, { emit, signal }: Run): Promise<Session | undefined> {
    // What is handed over is handed over again.
    const server = this.#links ? undefined : await this.#server(name, signal);
    if (!server?.ready && server?.pending !== 'spawn') return undefined;
    return this.#within(name, { emit, signal }, async (run) => {
      if (!server.ready) await follow(this.#hub, name, run);
      return sessionOf(name, server, this.#config);
    });
  }

  /** Does what makes a session, in the time for it, and undoes it when that fails. */
  async #within(
    name: string,
    { emit, signal }: Run,
    make: (run: SpawnRun) => Promise<LaunchedSession>,
  ): Promise<Session> {
    const time = this.#config.SLIPWAY_SESSION_START;
    const limit = AbortSignal.timeout(time);
    const until = Date.now() + time;
    try {
      const limited = AbortSignal.any([signal, limit]);
      const session = await make({ emit, signal: limited, until });
      await untilAnswer(this.#hub, session, limited);
      emit({ phase: 'ready', message: 'The session is ready\n', ...ofReady(session) });
      return session;
    } catch (error) {
      // A hub that is away cannot be asked to forget it; its culler does.
      const isAway = error instanceof SlipwayError && error.code === 'hub_unreachable';
      if (!isAway) await this.#remove(name).catch(() => undefined);
      if (!limit.aborted || signal.aborted) throw error;
      throw new SlipwayError('session_timeout', `The hub had no server ready after ${time / 1000} s.`, {
        hint: 'SLIPWAY_SESSION_START gives it more time, as a hub needs that pulls large images.',
      });
    }
  }

  /** Where the hub's own login is: the session begins when its reader comes there. */
  async #handOver(links: HubLinks, launch: ServiceLaunch, { emit, signal }: Run): Promise<Session> {
    const { name } = launch;
    const options = optionsOf(launch, '', this.#identity, this.#config);
    await links.add(name, options, signal);
    const now = new Date().toISOString();
    const server = { name, ready: false, pending: 'spawn', started: now, last_activity: now, user_options: options };
    const session = this.#sessionOf({ user: '', server });
    emit({ phase: 'ready', message: 'The hub will start the session\n', ...ofReady(session) });
    return session;
  }

  /** Nobody's is what its reader has not come for: it has an address of its own. */
  #sessionOf({ user, server }: Owned): LaunchedSession {
    const session = sessionOf(user, server, this.#config);
    if (!this.#links || user !== '') return session;
    const url = this.#links.address(server.name);
    return { ...session, url, link: url };
  }

  async #server(name: string, signal: AbortSignal): Promise<HubServer | undefined> {
    const { status, body } = await this.#hub.ask('GET', `users/${name}`, { signal });
    return status === 200 ? (body as HubUser).servers?.[''] : undefined;
  }

  /** Every session of this service at the hub, whichever process started it. */
  async list(): Promise<LaunchedSession[]> {
    return (await this.#owned()).map((one) => this.#sessionOf(one));
  }

  async #owned(): Promise<Owned[]> {
    const found: Owned[] = [];
    const signal = AbortSignal.timeout(REMOVAL);
    for (let offset: number | undefined = 0; offset !== undefined; ) {
      const answer = await this.#hub.ask('GET', `users?state=active&limit=${PAGE}&offset=${offset}`, { signal });
      const page = answer.body as { items: HubUser[]; _pagination: { next: { offset: number } | null } };
      for (const { name, servers = {} } of page.items)
        for (const server of Object.values(servers)) found.push({ user: name, server });
      offset = page._pagination.next?.offset;
    }
    // Afterwards, so that one which becomes a server meanwhile is seen here.
    const links = (await this.#links?.list(signal)) ?? [];
    const begun = new Set(found.map(({ server }) => server.name));
    for (const server of links) if (!begun.has(server.name)) found.push({ user: '', server });
    return found
      .filter(({ server }) => server.user_options?.slipway_instance === this.#identity)
      .sort((a, b) => String(a.server.started).localeCompare(String(b.server.started)));
  }

  async find(name: string): Promise<LaunchedSession | undefined> {
    if (this.#links) return (await this.list()).find(({ id }) => id === name);
    const server = await this.#server(name, AbortSignal.timeout(REMOVAL));
    return server && sessionOf(name, server, this.#config);
  }

  /** When the hub saw it used. */
  async lastActivity({ id }: LaunchedSession, signal: AbortSignal): Promise<Date | undefined> {
    const server = this.#links
      ? (await this.#owned()).find((one) => one.server.name === id)?.server
      : await this.#server(id, signal);
    const last = server?.last_activity ?? server?.started;
    return last ? new Date(last) : undefined;
  }

  /** Ends a session; its user goes with it, unless that is a person. @throws session_not_found */
  async stop(name: string): Promise<void> {
    const signal = AbortSignal.timeout(REMOVAL);
    if (!this.#links) {
      const { status } = await this.#hub.ask('GET', `users/${name}`, { signal });
      if (status === 404) throw noSuchSession(`There is no session "${name}".`);
      return this.#remove(name);
    }
    // First, so that its reader cannot begin it meanwhile, or anew.
    const wasLink = await this.#links.remove(name, signal);
    const owned = (await this.#owned()).find(({ server }) => server.name === name);
    if (!owned && !wasLink) throw noSuchSession(`There is no session "${name}".`);
    if (!owned) return;
    const path = `users/${encodeURIComponent(owned.user)}/servers/${name}`;
    await this.#hub.ask('DELETE', path, { body: { remove: true }, signal });
  }

  /** Ends a session by its id or an unmistakable part of it; its id. @throws session_not_found */
  async stopNamed(id: string): Promise<string> {
    const session = chooseSession(await this.list(), id);
    await this.stop(session.id);
    return session.id;
  }

  /** Waits until a session has ended; why, the hub does not say. */
  async follow(name: string, signal: AbortSignal): Promise<undefined> {
    while (await this.find(name)) await sleep(LOOK, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  /** Server first: a user whose server is just starting would leave it behind. */
  async #remove(name: string): Promise<void> {
    const signal = AbortSignal.timeout(REMOVAL);
    for (;;) {
      await this.#hub.ask('DELETE', `users/${name}/server`, { signal });
      const { status } = await this.#hub.ask('DELETE', `users/${name}`, { signal });
      if (status === 204 || status === 404) return;
      await sleep(AGAIN, undefined, { signal });
    }
  }

  /** The hub tells nobody; what looks at its list finds out. */
  async watchEnds(_ended: (name?: string) => void): Promise<() => void> {
    return () => {};
  }

  /** Whether the hub answers and our token may do what we have to. @throws hub_unreachable, hub_token_refused, hub_spawner_unfit */
  async check(signal: AbortSignal): Promise<void> {
    const { body } = await this.#hub.ask('GET', 'user', { signal });
    const { scopes } = body as { scopes?: string[] };
    const wanted = this.#links ? SCOPES : [...SCOPES, ...SCOPES_OF_USERS];
    const missing = wanted.filter((one) => !scopes?.some((has) => has === one || has.startsWith(`${one}!`)));
    if (scopes && missing.length > 0) throw tokenRefused(`[${missing.join(', ')}]`);
    await this.#links?.list(signal);
  }
}

function ofReady({ url, token, image, id }: Session) {
  return { url, token, image, session: id };
}
