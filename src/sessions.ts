/** What is done with sessions that are there, at the engine or at a hub: found, followed, ended. */
import { setInterval as every } from 'node:timers/promises';
import type { Config } from './config.ts';
import { connectEngine } from './engine.ts';
import { SlipwayError } from './errors.ts';
import { instanceId } from './instance.ts';
import type { ListedSession } from './launch/docker.ts';
import type { HubLauncher } from './launch/jupyterhub.ts';
import type { DockerLauncher } from './launch/launcher.ts';
import { DiskWatch, LOOK_EVERY } from './session-disk.ts';
import { isHub, openHub, stages } from './stages.ts';
import type { Session } from './types.ts';

export type { HubLauncher } from './launch/jupyterhub.ts';
export type { DockerLauncher, LaunchedSession } from './launch/launcher.ts';
export { binderVariables } from './launch/variables.ts';

/** Who starts and ends the sessions of the service: its engine, or a hub. */
export type Launcher = DockerLauncher | HubLauncher;

/**
 * What the service does with sessions, on one connection.
 * @param isClaimed whether the service knows that somebody has a server that waited
 */
export async function openLauncher(config: Config, isClaimed?: (name: string) => Promise<boolean>): Promise<Launcher> {
  if (isHub(config)) return openHub(config);
  const [docker, instance, { DockerLauncher: Docker }] = await Promise.all([
    connectEngine(config),
    instanceId(config),
    stages.launcher(),
  ]);
  return new Docker(docker, config, instance, isClaimed);
}

/**
 * Whether the hub of SLIPWAY_LAUNCHER=jupyterhub can do what is asked of it; says nothing where there is none.
 * @throws hub_unreachable, hub_token_refused
 */
export async function checkHub(config: Config, signal: AbortSignal): Promise<void> {
  if (isHub(config)) await (await openHub(config)).check(signal);
}

/** Whether a server that runs already would have missed one of these files. */
export async function isReadAtStart(paths: readonly string[]): Promise<boolean> {
  return (await stages.warm()).isReadAtStart(paths);
}

/** A session as an operator sees it. */
export interface SomebodysSession extends ListedSession {
  /** Address that asked for it; empty for one of the command line. */
  client: string;
}

/** Every session of this installation that somebody has, also those that have ended. */
export async function listSessions(config: Config): Promise<SomebodysSession[]> {
  const launcher = await openLauncher(config);
  const all = await (launcher.kind === 'docker' ? launcher.listTaken() : launcher.list());
  return all.map(({ launchId: _id, path: _path, target: _target, outOfMemory: _oom, warm: _warm, ...shown }) => shown);
}

/** Names of all there are, also of servers that wait for somebody. */
export async function sessionNames(config: Config): Promise<string[]> {
  const names = ({ id }: ListedSession) => id;
  if (isHub(config)) return (await (await openHub(config)).list()).map(names);
  const [docker, instance] = await Promise.all([connectEngine(config), instanceId(config)]);
  return (await (await stages.launch()).listSessions(docker, instance)).map(names);
}

/**
 * Stops and removes a session, by its id or an unmistakable part of it.
 * @throws SlipwayError `session_not_found`
 */
export async function stopSession(id: string, config: Config): Promise<string> {
  if (isHub(config)) return (await openHub(config)).stopNamed(id);
  const [docker, instance] = await Promise.all([connectEngine(config), instanceId(config)]);
  return (await stages.launch()).stopSession(docker, instance, id);
}

/**
 * Waits until a session ends; why it died, or undefined when somebody stopped it or shut its server down. One that fills
 * the disk counts as ended, and is the caller's to stop: the service, which would, knows nothing of it.
 */
export async function followSession(
  session: Session,
  config: Config,
  signal: AbortSignal,
): Promise<SlipwayError | undefined> {
  if (isHub(config)) return (await openHub(config)).follow(session.id, signal);
  const [docker, instance, { followSession: follow, endError }, { DockerLauncher: Docker }] = await Promise.all([
    connectEngine(config),
    instanceId(config),
    stages.launch(),
    stages.launcher(),
  ]);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const end = follow(docker, session, either);
  // Nobody waits for it any more once the disk is full.
  end.catch(() => undefined);
  const full = fillsDisk(new Docker(docker, config, instance), session.id, config, either).catch(() => end);
  try {
    const first = await Promise.race([full, end]);
    if (first instanceof SlipwayError) return first;
    return first.stopped || first.exitCode === 0 ? undefined : endError(first);
  } finally {
    over.abort();
  }
}

/** Settles only when the session has written more than it may; throws when `signal` is aborted. */
async function fillsDisk(launcher: DockerLauncher, name: string, config: Config, signal: AbortSignal) {
  let found: SlipwayError | undefined;
  const full = async () => {
    const limit = `${(config.SLIPWAY_SESSION_DISK / 2 ** 30).toFixed(1)} GB`;
    found = new SlipwayError('session_disk_full', `The session wrote more than ${limit} to the disk and was stopped.`, {
      hint: 'Give sessions more by SLIPWAY_SESSION_DISK, or let the notebook write less.',
    });
  };
  const watch = new DiskWatch({ config, disk: () => launcher.disk(), diskUse: () => launcher.diskUse(name), full });
  for await (const _ of every(LOOK_EVERY, undefined, { signal })) {
    // An engine that is gone is told by the session's end.
    await watch.look().catch(() => undefined);
    if (found) break;
  }
  return found as SlipwayError;
}
