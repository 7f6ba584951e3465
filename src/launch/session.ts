/** What a session is as a container: its labels and settings on the way in, its facts on the way out. */
import { randomBytes, randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import type { Resolved, Session } from '../types.ts';
import { sessionLink } from './urlpath.ts';
import { binderVariables, proxyVariables } from './variables.ts';

const LABEL = 'org.slipway.';
export const SESSION_LABEL = `${LABEL}session`;
export const PREFIX = 'slipway-';
const PORT = '8888/tcp';
const BUNDLE = '/run/slipway/ca.pem';
const TOKEN_VARIABLE = 'JUPYTER_TOKEN';

export interface LaunchInput {
  image: string;
  resolved: Resolved;
  /** Path inside the session that the link opens; absent: what the pasted page asked for, else the server's default. */
  urlpath?: string;
  /** Further environment variables of the session; they win over Binder's. */
  environment?: Record<string, string>;
}

/** A session with what only its container knows. */
export interface ListedSession extends Session {
  state: 'running' | 'ended';
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

function labels(input: LaunchInput, id: string, instance: string): Record<string, string> {
  const { resolved, urlpath } = input;
  return {
    [INSTANCE_LABEL]: instance,
    [SESSION_LABEL]: id,
    [`${LABEL}repo`]: resolved.spec.canonicalUrl,
    [`${LABEL}ref`]: resolved.ref,
    [`${LABEL}commit`]: resolved.commit,
    [`${LABEL}urlpath`]: urlpath ?? resolved.urlpath ?? '',
  };
}

const TRUST = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
  'NODE_EXTRA_CA_CERTS',
];

function variables(
  input: LaunchInput,
  id: string,
  token: string,
  config: Config,
  bundle: string | undefined,
): string[] {
  const trust = bundle ? Object.fromEntries(TRUST.map((name) => [name, BUNDLE])) : {};
  const all = { ...proxyVariables(config), ...trust, ...binderVariables(input.resolved, id), ...input.environment };
  return Object.entries({ ...all, [TOKEN_VARIABLE]: token }).map(([name, value]) => `${name}=${value}`);
}

/** The engine refuses more CPUs than it has, and a default must not stop a small machine. */
function nanoCpus(config: Config): number {
  return Math.round(Math.min(Number(config.SLIPWAY_SESSION_CPU), availableParallelism()) * 1e9);
}

/**
 * The container that a session is: no rights, limits on everything, reachable from this machine only.
 * @param bundle the host's CA bundle, mounted read-only where the session's variables say
 */
export function containerOptions(
  input: LaunchInput,
  session: { id: string; token: string; instance: string; network: string; bundle: string | undefined },
  config: Config,
): Docker.ContainerCreateOptions {
  const mounts = session.bundle
    ? [{ Type: 'bind' as const, Source: session.bundle, Target: BUNDLE, ReadOnly: true }]
    : [];
  return {
    name: `${PREFIX}${session.id}`,
    Hostname: session.id.slice(0, 63),
    Image: input.image,
    User: '1000',
    Env: variables(input, session.id, session.token, config, session.bundle),
    Labels: labels(input, session.id, session.instance),
    ExposedPorts: { [PORT]: {} },
    HostConfig: {
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: config.SLIPWAY_SESSION_MEMORY,
      // The same number again means no swap.
      MemorySwap: config.SLIPWAY_SESSION_MEMORY,
      NanoCpus: nanoCpus(config),
      PidsLimit: config.SLIPWAY_SESSION_PIDS,
      NetworkMode: session.network,
      PortBindings: { [PORT]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      Mounts: mounts,
    },
  };
}

/**
 * Where a running session answers, ending in `/`: its published port on loopback, or on a network without a way out
 * (on which the engine publishes no ports) the container's own address, which only this machine can reach.
 */
export function sessionAddress(facts: Docker.ContainerInspectInfo): string | undefined {
  const published = facts.NetworkSettings.Ports?.[PORT]?.[0]?.HostPort;
  if (published) return `http://127.0.0.1:${published}/`;
  const own = Object.values(facts.NetworkSettings.Networks ?? {}).find((network) => network.IPAddress)?.IPAddress;
  return own ? `http://${own}:8888/` : undefined;
}

/** A session as its container's facts tell; the token is in none of its labels, so it is read from its variables. */
export function sessionFrom(facts: Docker.ContainerInspectInfo): ListedSession {
  const label = (name: string) => facts.Config.Labels[`${LABEL}${name}`] ?? '';
  const variable = facts.Config.Env.find((entry) => entry.startsWith(`${TOKEN_VARIABLE}=`));
  const token = variable?.slice(TOKEN_VARIABLE.length + 1) ?? '';
  const url = facts.State.Running ? (sessionAddress(facts) ?? '') : '';
  return {
    id: label('session'),
    url,
    link: url === '' ? '' : sessionLink(url, label('urlpath'), token),
    token,
    image: facts.Config.Image,
    repo: label('repo'),
    ref: label('ref'),
    commit: label('commit'),
    startedAt: facts.State.StartedAt,
    state: facts.State.Running ? 'running' : 'ended',
  };
}
