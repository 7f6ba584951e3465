/** The launcher as the service uses it: one connection to the engine for all that sessions need. */
import type { Writable } from 'node:stream';
import type Docker from 'dockerode';
import { sessionUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import { type DiskUse, engineDiskUse } from '../engine-disk.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import type { Emit, Resolved, Session } from '../types.ts';
import { awaitServer, inspectSessions, launchSession, removeContainer, type StartStage } from './docker.ts';
import { watchEvents } from './events.ts';
import { sizeOf } from './network.ts';
import { ask } from './ready.ts';
import {
  DOOR_LABEL,
  type ListedSession,
  newSessionId,
  noSuchSession,
  PREFIX,
  SESSION_LABEL,
  type ServiceFacts,
  serviceFacts,
  sessionFrom,
  WARM_LABEL,
} from './session.ts';
import { sessionLink } from './urlpath.ts';
import { type ClaimFacts, fillWarm, isWaiting, readClaim, startWarm } from './warm.ts';

/** A session of the service with all that its container tells. */
export type LaunchedSession = ListedSession & ServiceFacts;

export interface ServiceLaunch {
  name: string;
  image: string;
  resolved: Resolved;
  launchId: string;
  client: string;
  urlpath?: string;
}

export interface Run {
  emit: Emit;
  signal: AbortSignal;
  enter?(stage: StartStage): void;
}

export class DockerLauncher {
  readonly kind = 'docker';
  readonly docker: Docker;
  readonly config: Config;
  readonly instance: string;
  #dataRoot: string | undefined;
  readonly #isClaimed: (name: string) => Promise<boolean>;
  /** A claim is for good. */
  readonly #claims = new Map<string, ClaimFacts>();
  /** Servers whose containers knew of no claim when they were read. */
  readonly #unclaimed = new Set<string>();

  /** @param isClaimed whether anybody may have made a server a session, as far as the service knows; without it, any */
  constructor(docker: Docker, config: Config, instance: string, isClaimed = async (_name: string) => true) {
    this.docker = docker;
    this.config = config;
    this.instance = instance;
    this.#isClaimed = isClaimed;
  }

  /** A name for a session of this repository, which nobody can guess. */
  newName(repositoryName: string): string {
    return newSessionId(repositoryName);
  }

  /** Starts a session under `/user/<name>/`; see launchSession. */
  start(launch: ServiceLaunch, { emit, signal, enter }: Run): Promise<Session> {
    const { name, image, resolved, launchId, client, urlpath } = launch;
    const service = { name, launchId, client, url: sessionUrl(this.config, name) };
    const input = { image, resolved, service, ...(urlpath !== undefined && { urlpath }) };
    const { docker, config, instance } = this;
    return launchSession(input, { docker, config, instance, emit, signal, ...(enter && { enter }) });
  }

  /** Waits on for a session that another process began to start; undefined when there is none that runs. */
  async resume(name: string, { emit, signal }: Run): Promise<Session | undefined> {
    const found = await this.find(name);
    if (found?.state !== 'running') return undefined;
    const { docker, config, instance } = this;
    const container = docker.getContainer(PREFIX + name);
    const session = await awaitServer(container, found.token, { docker, config, instance, signal });
    const { url, token, image } = session;
    emit({ phase: 'ready', message: 'The session is ready\n', url, token, image, session: name });
    return session;
  }

  /** Starts a server that waits for a launch; see startWarm. */
  async startWarm(environment: { key: string; image: string }, signal: AbortSignal): Promise<string> {
    const name = newSessionId('session');
    const { docker, config, instance } = this;
    await startWarm(name, environment, { docker, config, instance, signal });
    return name;
  }

  /** Makes a server that waits the session of a launch; see fillWarm. */
  async fill(
    warm: LaunchedSession,
    launch: Omit<ServiceLaunch, 'name'>,
    content: { folder: string; write(sink: Writable): Promise<unknown> },
    { emit, signal }: Run,
  ): Promise<Session> {
    const { launchId, client, ...rest } = launch;
    const service = { name: warm.id, launchId, client, url: sessionUrl(this.config, warm.id) };
    const { docker, config, instance } = this;
    emit({ phase: 'launching', message: 'Taking a server that runs already\n' });
    const input = { ...rest, service };
    const facts = await fillWarm(input, warm, content, { docker, config, instance, signal });
    this.#claims.set(warm.id, facts);
    const session = claimed(warm, facts);
    const { url, token, image } = session;
    emit({ phase: 'ready', message: 'The session is ready\n', url, token, image, session: session.id });
    return session;
  }

  /**
   * Bytes that each session, or one of them, has written in its own layer and its door, by name. Reads the disk: not for
   * every moment.
   */
  async diskUse(name?: string): Promise<Map<string, number>> {
    const wanted = name === undefined ? SESSION_LABEL : `${SESSION_LABEL}=${name}`;
    const filters = { label: [`${INSTANCE_LABEL}=${this.instance}`, wanted] };
    const found = await this.docker.listContainers({ filters, size: true } as Docker.ContainerListOptions);
    const sizes = found.map(async ({ Labels, SizeRw }: Docker.ContainerInfo & { SizeRw?: number }) => {
      const door = Labels[DOOR_LABEL];
      return [Labels[SESSION_LABEL] ?? '', (SizeRw ?? 0) + (door ? await sizeOf(door) : 0)] as const;
    });
    return new Map(await Promise.all(sizes));
  }

  /** How full the disk is on which sessions write; undefined when the engine is elsewhere. */
  async disk(): Promise<DiskUse | undefined> {
    this.#dataRoot ??= ((await this.docker.info()) as { DockerRootDir?: string }).DockerRootDir;
    return engineDiskUse(this.config, this.#dataRoot);
  }

  /** Bytes that a session uses in memory, without what the kernel would give back. */
  async memoryOf(name: string): Promise<number> {
    const { memory_stats: memory } = await this.docker
      .getContainer(PREFIX + name)
      .stats({ stream: false, 'one-shot': true });
    const { total_inactive_file: legacy, inactive_file: unified } = memory.stats as Record<string, number>;
    return memory.usage - (legacy ?? unified ?? 0);
  }

  /** Every session of the service, ended ones and waiting servers too; those of the command line not. */
  list(): Promise<LaunchedSession[]> {
    return this.#list();
  }

  /** Every session that somebody has, those of the command line too, the oldest first. */
  async listTaken(): Promise<LaunchedSession[]> {
    const facts = await inspectSessions(this.docker, this.instance);
    const all = await Promise.all(facts.map((one) => this.#withClaim(listed(one))));
    return all
      .filter(({ launchId, warm }) => launchId !== '' || warm === '')
      .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  }

  /** Servers that wait or have waited for a launch. */
  listWarm(): Promise<LaunchedSession[]> {
    return this.#list(WARM_LABEL);
  }

  /** The same by name, of an environment or of all, the oldest first; asks the engine but once. */
  async warmNames(environment?: string): Promise<string[]> {
    const label = environment === undefined ? WARM_LABEL : `${WARM_LABEL}=${environment}`;
    const filters = { label: [`${INSTANCE_LABEL}=${this.instance}`, label], status: ['running'] };
    const found = await this.docker.listContainers({ filters });
    return found.sort((a, b) => a.Created - b.Created).map(({ Labels }) => Labels[SESSION_LABEL] ?? '');
  }

  /** A server that waits for a launch, as it says itself; undefined when it is not up yet, or is somebody's. */
  async waitingServer(name: string, signal: AbortSignal): Promise<LaunchedSession | undefined> {
    const facts = await this.docker.getContainer(PREFIX + name).inspect();
    const server = listed(facts);
    return (await isWaiting(server, signal)) ? server : undefined;
  }

  async #list(label?: string): Promise<LaunchedSession[]> {
    const facts = await inspectSessions(this.docker, this.instance, label);
    return Promise.all(
      facts
        .map(listed)
        .filter(isOfService)
        .map((one) => this.#withClaim(one)),
    );
  }

  async find(name: string): Promise<LaunchedSession | undefined> {
    const facts = await this.docker
      .getContainer(PREFIX + name)
      .inspect()
      .catch(() => undefined);
    const found = facts?.Config.Labels[INSTANCE_LABEL] === this.instance ? listed(facts) : undefined;
    return found && isOfService(found) ? this.#withClaim(found) : undefined;
  }

  async #withClaim(session: LaunchedSession): Promise<LaunchedSession> {
    if (session.warm === '') return session;
    const known = this.#claims.get(session.id) ?? (await this.#readClaim(session));
    return known ? claimed(session, known) : session;
  }

  /**
   * What a container says of its claim. Read but once while nobody claims it: for that the engine mounts all that is in
   * it, and where it goes down meanwhile that stays so, and the container can never be removed.
   */
  async #readClaim({ id, state }: LaunchedSession): Promise<ClaimFacts | undefined> {
    if (this.#unclaimed.has(id) && !(await this.#isClaimed(id))) return undefined;
    const found = await readClaim(this.docker.getContainer(PREFIX + id)).catch((error: unknown): undefined => {
      // One that has ended may be broken, and must not hide the others.
      if (state === 'running') throw error;
    });
    if (found) this.#claims.set(id, found);
    else this.#unclaimed.add(id);
    return found;
  }

  /** When the server was last used, as it says itself; undefined when it does not answer. */
  async lastActivity(session: LaunchedSession, signal: AbortSignal): Promise<Date | undefined> {
    const { target, path, token } = session;
    const answer = target && (await ask({ target, path, token }, 'api/status', signal));
    // Whatever the session's server says: no more than this is taken from it.
    const last =
      answer?.status === 200 ? /"last_activity"\s*:\s*"([-0-9T:.]{19,32}Z)"/.exec(answer.text)?.[1] : undefined;
    return last === undefined ? undefined : new Date(last);
  }

  /** Ends a session and removes it. @throws session_not_found */
  async stop(name: string): Promise<void> {
    if (!(await this.find(name))) throw noSuchSession(`There is no session "${name}".`);
    await removeContainer(this.docker.getContainer(PREFIX + name));
    this.#claims.delete(name);
    this.#unclaimed.delete(name);
  }

  /** Ends a server that waits; one that is a session after all, which only its container still knows, goes on. */
  async stopWaiting({ id, state }: LaunchedSession): Promise<void> {
    this.#unclaimed.delete(id);
    if (state === 'running' && (await this.find(id))?.launchId) return;
    await this.stop(id);
  }

  /**
   * Calls back with the name of each session whose container ends; without one when the engine was away, and any may have.
   * @returns ends that
   */
  async watchEnds(ended: (name?: string) => void): Promise<() => void> {
    return watchEvents(this.docker, this.instance, ended);
  }
}

function listed(facts: Docker.ContainerInspectInfo): LaunchedSession {
  return { ...sessionFrom(facts), ...serviceFacts(facts) };
}

/** A server that waited, as the session that it has become. */
function claimed(session: LaunchedSession, facts: ClaimFacts): LaunchedSession {
  const { variables: _variables, folder: _folder, ...own } = facts as ClaimFacts & Record<string, unknown>;
  const link = session.url === '' ? '' : sessionLink(session.url, facts.urlpath, session.token);
  return { ...session, ...own, link };
}

function isOfService({ launchId, warm }: LaunchedSession): boolean {
  return launchId !== '' || warm !== '';
}
