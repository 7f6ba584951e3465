/** What a session is: its labels and variables on the way into a container, its facts on the way out. */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { SessionTarget } from '../session-target.ts';
import type { Resolved, Session } from '../types.ts';
import { SOCKET } from './relay.ts';
import { sessionLink } from './urlpath.ts';
import { binderVariables } from './variables.ts';

export const LABEL = 'org.slipway.';
export const SESSION_LABEL = `${LABEL}session`;
/** Key of the environment of a server that waits, or has waited. */
export const WARM_LABEL = `${LABEL}warm`;
/** Folder of the host with the socket of a session without a network. */
export const DOOR_LABEL = `${LABEL}door`;
export const PREFIX = 'slipway-';
export const PORT = '8888/tcp';
export const TOKEN_VARIABLE = 'JUPYTER_TOKEN';

/** What a session of the service has beside one of the command line. */
export interface ServiceIdentity {
  /** `<name>` of `/user/<name>/`; the session's id. */
  name: string;
  /** Where browsers reach it, ending in `/user/<name>/`. */
  url: string;
  /** Launch whose session it is, and the address that asked for it. */
  launchId: string;
  client: string;
}

export interface LaunchInput {
  image: string;
  resolved: Resolved;
  /** Path inside the session that the link opens; absent: what the pasted page asked for, else the server's default. */
  urlpath?: string;
  /** Further environment variables of the session; they win over Binder's. */
  environment?: Record<string, string>;
  service?: ServiceIdentity;
}

/** A session with what only its container knows. */
export interface ListedSession extends Session {
  state: 'running' | 'ended';
}

/** Further facts of a session of the service. */
export interface ServiceFacts {
  /** Empty for a server that nobody has asked for yet. */
  launchId: string;
  client: string;
  provider: string;
  /** As in `/v2/<provider>/<spec>`. */
  spec: string;
  /** Key of the environment of a server that was started before anybody asked for it. */
  warm: string;
  /** Path on its own origin, `/user/<name>/`. */
  path: string;
  target: SessionTarget | undefined;
  urlpath: string;
  outOfMemory: boolean;
}

/** The last part of a repository's name, as far as a container's name allows, and 8 random letters. */
export function newSessionId(name: string): string {
  const last = decodeURIComponent(name.replace(/%(?![0-9a-f]{2})/gi, '')).replace(/(\.git)?\/*$/, '');
  const slug = last
    .slice(last.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '');
  const letters = Array.from({ length: 8 }, () => 'abcdefghijkmnpqrstuvwxyz23456789'[randomInt(32)]).join('');
  return `${slug.slice(0, 40).replace(/-+$/, '') || 'repository'}-${letters}`;
}

/** 256 bits, hexadecimal. */
export function newToken(): string {
  return randomBytes(32).toString('hex');
}

/** Path of a session on its origin; undefined where it has all of it. */
export function pathOf({ service }: LaunchInput): string | undefined {
  return service && new URL(service.url).pathname;
}

/** Labels of a launch's session; `sessionFrom` reads them again. */
export function launchLabels({ resolved, urlpath, service }: LaunchInput): Record<string, string> {
  return {
    [`${LABEL}repo`]: resolved.spec.canonicalUrl,
    [`${LABEL}ref`]: resolved.ref,
    [`${LABEL}commit`]: resolved.commit,
    [`${LABEL}urlpath`]: urlpath ?? resolved.urlpath ?? '',
    ...(service && {
      [`${LABEL}provider`]: resolved.spec.provider,
      [`${LABEL}spec`]: resolved.spec.name,
      [`${LABEL}launch`]: service.launchId,
      [`${LABEL}client`]: service.client,
      [`${LABEL}url`]: service.url,
    }),
  };
}

/** Labels of a server that waits for a launch. */
export function warmLabels(environmentKey: string, url: string): Record<string, string> {
  return { [WARM_LABEL]: environmentKey, [`${LABEL}url`]: url };
}

/** Variables of a launch's session, but for its token. */
export function launchVariables(input: LaunchInput, id: string, config: Config): Record<string, string> {
  return { ...binderVariables(input.resolved, id, config, pathOf(input)), ...input.environment };
}

const labelOf = (facts: Docker.ContainerInspectInfo, name: string) => facts.Config.Labels[`${LABEL}${name}`] ?? '';

/**
 * Where a running session answers: its published port on loopback; on a network without a way out (on which the engine
 * publishes no ports) the container's own address, which only this machine can reach; without any network its socket.
 */
export function sessionTarget(facts: Docker.ContainerInspectInfo): SessionTarget | undefined {
  if (!facts.State.Running) return undefined;
  const door = labelOf(facts, 'door');
  if (door !== '') return { socket: join(door, SOCKET) };
  const published = facts.NetworkSettings.Ports?.[PORT]?.[0]?.HostPort;
  if (published) return { host: '127.0.0.1', port: Number(published) };
  const own = Object.values(facts.NetworkSettings.Networks ?? {}).find((network) => network.IPAddress)?.IPAddress;
  return own ? { host: own, port: 8888 } : undefined;
}

/** Address of a session: the public one, or without a service the server's own. Ends in `/`. */
function addressOf(facts: Docker.ContainerInspectInfo): string {
  const target = sessionTarget(facts);
  const own = target && 'port' in target ? `http://${target.host}:${target.port}/` : '';
  return target ? labelOf(facts, 'url') || own : '';
}

/** A session as its container's facts tell; the token is in none of its labels, so it is read from its variables. */
export function sessionFrom(facts: Docker.ContainerInspectInfo): ListedSession {
  const variable = facts.Config.Env.find((entry) => entry.startsWith(`${TOKEN_VARIABLE}=`));
  const token = variable?.slice(TOKEN_VARIABLE.length + 1) ?? '';
  const url = addressOf(facts);
  return {
    id: labelOf(facts, 'session'),
    url,
    link: url === '' ? '' : sessionLink(url, labelOf(facts, 'urlpath'), token),
    token,
    image: facts.Config.Image,
    repo: labelOf(facts, 'repo'),
    ref: labelOf(facts, 'ref'),
    commit: labelOf(facts, 'commit'),
    startedAt: facts.State.StartedAt,
    state: facts.State.Running ? 'running' : 'ended',
  };
}

/** What the service has to know of a session beside. */
export function serviceFacts(facts: Docker.ContainerInspectInfo): ServiceFacts {
  const url = labelOf(facts, 'url');
  return {
    launchId: labelOf(facts, 'launch'),
    client: labelOf(facts, 'client'),
    provider: labelOf(facts, 'provider'),
    spec: labelOf(facts, 'spec'),
    warm: labelOf(facts, 'warm'),
    path: url === '' ? '/' : new URL(url).pathname,
    target: sessionTarget(facts),
    urlpath: labelOf(facts, 'urlpath'),
    outOfMemory: facts.State.OOMKilled,
  };
}

/** Folder of a session's socket, if it has one. */
export function doorOf(facts: Docker.ContainerInspectInfo): string | undefined {
  return labelOf(facts, 'door') || undefined;
}

/**
 * The session that is meant.
 * @param id a session's id, its container's name, or as much of the beginning or end as is needed to tell it apart
 * @throws session_not_found
 */
export function chooseSession<S extends { id: string }>(sessions: readonly S[], id: string): S {
  const wanted = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : id;
  const exact = sessions.filter((session) => session.id === wanted);
  const near = wanted === '' ? [] : sessions.filter(({ id }) => id.startsWith(wanted) || id.endsWith(`-${wanted}`));
  const [session, another] = exact.length > 0 ? exact : near;
  if (session && !another) return session;
  throw noSuchSession(
    near.length > 1
      ? `"${id}" fits several sessions: ${near.map((one) => one.id).join(', ')}.`
      : `There is no session "${id}".`,
  );
}

export function noSuchSession(message: string): SlipwayError {
  return new SlipwayError('session_not_found', message, { hint: 'slipway sessions lists those that there are.' });
}
