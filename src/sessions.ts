/** What is done with sessions that are there, at the engine or at a hub: found, followed, ended. */
import type { Config } from './config.ts';
import { connectEngine } from './engine.ts';
import type { SlipwayError } from './errors.ts';
import { instanceId } from './instance.ts';
import type { ListedSession } from './launch/docker.ts';
import type { HubLauncher } from './launch/jupyterhub.ts';
import type { DockerLauncher } from './launch/launcher.ts';
import { isHub, openHub, stages } from './stages.ts';
import type { Session } from './types.ts';

export type { HubLauncher } from './launch/jupyterhub.ts';
export type { DockerLauncher, LaunchedSession } from './launch/launcher.ts';
export { binderVariables } from './launch/variables.ts';

/** Who starts and ends the sessions of the service: its engine, or a hub. */
export type Launcher = DockerLauncher | HubLauncher;

/** What the service does with sessions, on one connection. */
export async function openLauncher(config: Config): Promise<Launcher> {
  if (isHub(config)) return openHub(config);
  const [docker, instance, { DockerLauncher: Docker }] = await Promise.all([
    connectEngine(config),
    instanceId(config),
    stages.launcher(),
  ]);
  return new Docker(docker, config, instance);
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

/** Every session of this installation, also those that have ended. */
export async function listSessions(config: Config): Promise<ListedSession[]> {
  if (isHub(config)) return (await openHub(config)).list();
  const [docker, instance] = await Promise.all([connectEngine(config), instanceId(config)]);
  return (await stages.launch()).listSessions(docker, instance);
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

/** Waits until a session ends; why it died, or undefined when somebody stopped it or shut its server down. */
export async function followSession(
  session: Session,
  config: Config,
  signal: AbortSignal,
): Promise<SlipwayError | undefined> {
  if (isHub(config)) return (await openHub(config)).follow(session.id, signal);
  const launcher = await stages.launch();
  const end = await launcher.followSession(await connectEngine(config), session, signal);
  return end.stopped || end.exitCode === 0 ? undefined : launcher.endError(end);
}
