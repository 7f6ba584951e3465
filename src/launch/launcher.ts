/** The launcher as the service uses it: one connection to the engine for all that sessions need. */
import type Docker from 'dockerode';
import { sessionUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import type { Emit, Resolved, Session } from '../types.ts';
import { awaitServer, inspectSessions, launchSession, removeContainer } from './docker.ts';
import { ask } from './ready.ts';
import { type ListedSession, newSessionId, PREFIX, type ServiceFacts, serviceFacts, sessionFrom } from './session.ts';

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

interface Run {
  emit: Emit;
  signal: AbortSignal;
}

export class Launcher {
  readonly docker: Docker;
  readonly config: Config;
  readonly instance: string;

  constructor(docker: Docker, config: Config, instance: string) {
    this.docker = docker;
    this.config = config;
    this.instance = instance;
  }

  /** A name for a session of this repository, which nobody can guess. */
  newName(repositoryName: string): string {
    return newSessionId(repositoryName);
  }

  /** Starts a session under `/user/<name>/`; see launchSession. */
  start(launch: ServiceLaunch, { emit, signal }: Run): Promise<Session> {
    const { name, image, resolved, launchId, client, urlpath } = launch;
    const service = { name, launchId, client, url: sessionUrl(this.config, name) };
    const input = { image, resolved, service, ...(urlpath !== undefined && { urlpath }) };
    const { docker, config, instance } = this;
    return launchSession(input, { docker, config, instance, emit, signal });
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

  /** Every session of the service, ended ones and waiting servers too; those of the command line not. */
  async list(): Promise<LaunchedSession[]> {
    const facts = await inspectSessions(this.docker, this.instance);
    return facts.map(listed).filter(isOfService);
  }

  async find(name: string): Promise<LaunchedSession | undefined> {
    const facts = await this.docker
      .getContainer(PREFIX + name)
      .inspect()
      .catch(() => undefined);
    const found = facts?.Config.Labels[INSTANCE_LABEL] === this.instance ? listed(facts) : undefined;
    return found && isOfService(found) ? found : undefined;
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
    if (!(await this.find(name))) {
      throw new SlipwayError('session_not_found', `There is no session "${name}".`, {
        hint: 'slipway sessions lists those that there are.',
      });
    }
    await removeContainer(this.docker.getContainer(PREFIX + name));
  }

  /** Calls back with the name of each session whose container ends. @returns ends that */
  async watchEnds(ended: (name: string) => void): Promise<() => void> {
    const filters = { type: ['container'], event: ['die', 'destroy'], label: [`${INSTANCE_LABEL}=${this.instance}`] };
    const stopped = new AbortController();
    const options = { filters: JSON.stringify(filters), abortSignal: stopped.signal } as unknown;
    const events = await this.docker.getEvents(options as Docker.GetEventsOptions);
    events.on('data', (chunk: Buffer) => {
      for (const [, name] of chunk.toString().matchAll(/"name":"slipway-([a-z0-9-]+)"/g)) ended(name ?? '');
    });
    // The connection ends with the engine or with us; the sweep finds what was missed.
    events.on('error', () => {});
    return () => {
      stopped.abort();
      (events as unknown as { destroy(): void }).destroy();
    };
  }
}

function listed(facts: Docker.ContainerInspectInfo): LaunchedSession {
  return { ...sessionFrom(facts), ...serviceFacts(facts) };
}

function isOfService({ launchId, warm }: LaunchedSession): boolean {
  return launchId !== '' || warm !== '';
}
