/** image → session, in a container of the local engine. */
import type Docker from 'dockerode';
import { hostCaBundle } from '../certificates.ts';
import type { Config } from '../config.ts';
import { ensureEgress } from '../egress.ts';
import { SlipwayError } from '../errors.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import type { Emit, Session } from '../types.ts';
import { type ContainerPlan, containerOptions } from './container.ts';
import { endError, lastLines, readEnd, type SessionEnd } from './ending.ts';
import { ensureSessionNetwork, makeDoor, removeDoor, sessionNetwork } from './network.ts';
import { type Server, waitUntilReady } from './ready.ts';
import {
  chooseSession,
  doorOf,
  type LaunchInput,
  type ListedSession,
  launchLabels,
  launchVariables,
  newSessionId,
  newToken,
  PREFIX,
  pathOf,
  SESSION_LABEL,
  serviceFacts,
  sessionFrom,
  sessionTarget,
} from './session.ts';
import { checkUrlpath } from './urlpath.ts';

export { endError, type SessionEnd } from './ending.ts';
export type { LaunchInput, ListedSession } from './session.ts';

/** What a server's start needs. */
export interface RunDeps {
  docker: Docker;
  config: Config;
  signal: AbortSignal;
  /** Id of this installation, see src/instance.ts. */
  instance: string;
  /** Told what a start waits for from now on: the engine, the server, or nobody but us. */
  enter?(stage: StartStage): void;
}

export type StartStage = 'container' | 'server' | 'session';

export interface LaunchDeps extends RunDeps {
  emit: Emit;
}

/**
 * Starts a session and waits until its server answers. Emits `launching`, at last `ready`. A session that dies, never
 * answers or is no longer wanted leaves no container behind.
 * @throws bad_urlpath, session_failed, session_out_of_memory, session_timeout
 */
export async function launchSession(input: LaunchInput, deps: LaunchDeps): Promise<Session> {
  // Before anything is started: a link that leads astray must not cost a container.
  checkUrlpath(input.urlpath ?? input.resolved.urlpath);
  deps.signal.throwIfAborted();
  deps.emit({ phase: 'launching', message: 'Starting the session\n' });
  const id = input.service?.name ?? newSessionId(input.resolved.spec.name);
  const path = pathOf(input);
  const plan = {
    id,
    image: input.image,
    labels: launchLabels(input),
    variables: launchVariables(input, id, deps.config),
    ...(path !== undefined && { path }),
  };
  const session = await runContainer(plan, deps);
  deps.enter?.('session');
  const { url, token, image } = session;
  deps.emit({ phase: 'ready', message: 'The session is ready\n', url, token, image, session: id });
  return session;
}

/** Starts a server and waits until it answers; whatever fails leaves nothing behind. */
export async function runContainer(
  wanted: Omit<ContainerPlan, 'token' | 'instance' | 'reach' | 'bundle'> & {
    /** What has to be in the container before it starts. */
    prepare?: (container: Docker.Container) => Promise<void>;
  },
  deps: RunDeps,
): Promise<Session> {
  const { docker, config, instance, enter } = deps;
  const isCut = config.SLIPWAY_SESSION_NETWORK === 'none' && wanted.path !== undefined;
  const reach = isCut ? { door: await makeDoor(config, wanted.id) } : { network: sessionNetwork(config) };
  // Beside the container's making, to save its time; but nothing of the image runs before the firewall stands.
  const fenced = isCut ? Promise.resolve() : ensureSessionNetwork(docker, config).then(() => ensureEgress(deps));
  fenced.catch(() => undefined);
  const plan = { ...wanted, token: newToken(), instance, reach, bundle: hostCaBundle(config) };
  enter?.('container');
  const container = await docker.createContainer(containerOptions(plan, config)).catch(async (error) => {
    if ('door' in reach) await removeDoor(reach.door);
    throw engineRefused('create', error);
  });
  try {
    enter?.('session');
    await Promise.all([fenced, wanted.prepare?.(container)]);
    enter?.('container');
    await container.start().catch((error) => {
      throw engineRefused('start', error);
    });
    enter?.('server');
    return await awaitServer(container, plan.token, deps);
  } catch (error) {
    await removeContainer(container);
    throw error;
  }
}

/** Waits until the server of a container that was started answers. */
export async function awaitServer(container: Docker.Container, token: string, deps: RunDeps): Promise<Session> {
  const facts = await container.inspect();
  const target = sessionTarget(facts);
  if (!target) throw endError(await readEnd(container, token));
  await untilAnswer(container, { target, path: serviceFacts(facts).path, token }, deps);
  const { state: _state, ...session } = sessionFrom(facts);
  return session;
}

/** Whichever comes first: the server's answer, the container's end, the limit of time, or nobody wanting it any more. */
async function untilAnswer(container: Docker.Container, server: Server, deps: RunDeps): Promise<void> {
  const { token } = server;
  const limit = deps.config.SLIPWAY_SESSION_START;
  const over = new AbortController();
  const signal = AbortSignal.any([deps.signal, over.signal]);
  const ended = ending(container, token, signal).then((end) => {
    throw endError(end);
  });
  try {
    const answer = await Promise.race([waitUntilReady(server, limit, signal), ended]);
    if (answer !== 'ready') throw await notReady(container, token, answer, limit);
  } finally {
    over.abort();
    ended.catch(() => undefined);
  }
}

async function notReady(container: Docker.Container, token: string, status: number | undefined, limit: number) {
  const said = status === undefined ? 'nothing answered on port 8888' : `its server answered ${status} to /api/status`;
  const lines = await lastLines(container, token);
  const quoted = lines.length === 0 ? '' : `\n  ${lines.join('\n  ')}`;
  return new SlipwayError('session_timeout', `The session was not ready after ${limit / 1000} s: ${said}.${quoted}`, {
    hint: 'SLIPWAY_SESSION_START gives it more time. An image of its own has to serve Jupyter on port 8888 of all addresses.',
  });
}

function engineRefused(verb: string, error: unknown): SlipwayError {
  const { statusCode, json, message } = error as { statusCode?: number; json?: { message?: string }; message: string };
  if (statusCode === undefined)
    return new SlipwayError('engine_missing', `The engine went away: ${message}`, { cause: error });
  return new SlipwayError('session_failed', `The engine could not ${verb} the session: ${json?.message ?? message}`, {
    cause: error,
    hint: 'slipway doctor checks the engine.',
  });
}

async function ending(container: Docker.Container, token: string, signal: AbortSignal): Promise<SessionEnd> {
  try {
    await container.wait({ condition: 'not-running', abortSignal: signal } as { condition: 'not-running' });
  } catch (error) {
    signal.throwIfAborted();
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
  return readEnd(container, token);
}

/** Removes a container with its anonymous volumes and its door; one that is gone or going already is as good. */
export async function removeContainer(container: Docker.Container): Promise<void> {
  const facts = await container.inspect().catch(() => undefined);
  await container.remove({ force: true, v: true }).catch((error: { statusCode?: number }) => {
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  });
  const door = facts && doorOf(facts);
  if (door) await removeDoor(door);
}

/** This installation's sessions, oldest first; those whose server ended are among them until they are stopped. */
export async function listSessions(docker: Docker, instance: string): Promise<ListedSession[]> {
  return (await inspectSessions(docker, instance))
    .map(sessionFrom)
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

/** What the engine knows of each of this installation's sessions, or of those that have a further label. */
export async function inspectSessions(
  docker: Docker,
  instance: string,
  label: string = SESSION_LABEL,
): Promise<Docker.ContainerInspectInfo[]> {
  const filters = { label: [`${INSTANCE_LABEL}=${instance}`, label] };
  const found = await docker.listContainers({ all: true, filters });
  const facts = await Promise.all(
    found.map(({ Id }) =>
      docker
        .getContainer(Id)
        .inspect()
        .catch(() => undefined),
    ),
  );
  return facts.filter((one) => one !== undefined);
}

/**
 * Stops and removes a session of this installation.
 * @param id a session's id, its container's name, or as much of the beginning or end as is needed to tell it apart
 * @returns the id of the session that was stopped
 * @throws session_not_found
 */
export async function stopSession(docker: Docker, instance: string, id: string): Promise<string> {
  const session = chooseSession(await listSessions(docker, instance), id);
  await removeContainer(docker.getContainer(`${PREFIX}${session.id}`));
  return session.id;
}

/**
 * Waits until a session ends by itself or is stopped.
 * @throws the signal's reason once nobody wants to wait any more; the session is then left alone
 */
export async function followSession(docker: Docker, session: Session, signal: AbortSignal): Promise<SessionEnd> {
  signal.throwIfAborted();
  return ending(docker.getContainer(`${PREFIX}${session.id}`), session.token, signal);
}
