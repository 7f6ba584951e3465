/** What a session is at a hub: the options on the way to its spawner, the server's facts on the way back. */
import { serviceUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import type { LaunchedSession, ServiceLaunch } from './launcher.ts';
import { sessionLink } from './urlpath.ts';
import { binderVariables } from './variables.ts';

/** A server as the hub's API shows it. */
export interface HubServer {
  name: string;
  ready: boolean;
  /** What it is about to do. */
  pending: 'spawn' | 'stop' | string | null;
  started: string | null;
  last_activity: string | null;
  user_options: Record<string, string> | null;
}

export interface HubUser {
  name: string;
  servers?: Record<string, HubServer>;
}

type IdentityConfig = Pick<Config, 'SLIPWAY_HOST' | 'SLIPWAY_PORT' | 'SLIPWAY_BASE_URL' | 'SLIPWAY_SESSION_URL'>;

/** Whose sessions at a hub are whose: all processes of a service share its public address, others their data folder. */
export function identityOf(config: IdentityConfig, instance: string): string {
  return config.SLIPWAY_BASE_URL === '' ? instance : serviceUrl(config);
}

/** Flat, as BinderHub's spawners take them; ours begin with `slipway_` and are for `sessionOf` alone. */
export function optionsOf(
  launch: ServiceLaunch,
  token: string,
  identity: string,
  config: Config,
): Record<string, string> {
  const { resolved, name, image, launchId, client, urlpath } = launch;
  const { spec, ref, commit } = resolved;
  const facts = binderVariables(resolved, name, config);
  return {
    image,
    ...(token !== '' && { token }),
    repo_url: facts.BINDER_REPO_URL ?? '',
    binder_ref_url: facts.BINDER_REF_URL ?? '',
    binder_launch_host: facts.BINDER_LAUNCH_HOST ?? '',
    binder_request: facts.BINDER_REQUEST ?? '',
    binder_persistent_request: facts.BINDER_PERSISTENT_REQUEST ?? '',
    binder_client_ip: client,
    slipway_instance: identity,
    slipway_launch: launchId,
    slipway_provider: spec.provider,
    slipway_spec: spec.name,
    slipway_repo: spec.canonicalUrl,
    slipway_ref: ref,
    slipway_commit: commit,
    slipway_urlpath: urlpath ?? resolved.urlpath ?? '',
  };
}

/** Address of a server, ending in `/`. */
export function serverUrl(config: Pick<Config, 'SLIPWAY_HUB_URL'>, user: string, server = ''): string {
  const path = [user, server].filter((part) => part !== '').map(encodeURIComponent);
  return `${config.SLIPWAY_HUB_URL}/user/${path.join('/')}/`;
}

/** A user with one server is the session; of a user with a login each server is one. */
export function sessionOf(user: string, server: HubServer, config: Pick<Config, 'SLIPWAY_HUB_URL'>): LaunchedSession {
  const options = server.user_options ?? {};
  const of = (name: string) => String(options[name] ?? '');
  const [url, token, urlpath] = [serverUrl(config, user, server.name), of('token'), of('slipway_urlpath')];
  return {
    id: server.name || user,
    url,
    link: sessionLink(url, urlpath, token),
    token,
    image: of('image'),
    // An older Slipway gave the canonical URL to everybody.
    repo: of('slipway_repo') || of('repo_url'),
    ref: of('slipway_ref'),
    commit: of('slipway_commit'),
    startedAt: server.started ?? new Date().toISOString(),
    state: server.ready || server.pending === 'spawn' ? 'running' : 'ended',
    launchId: of('slipway_launch'),
    client: of('binder_client_ip'),
    provider: of('slipway_provider'),
    spec: of('slipway_spec'),
    warm: '',
    path: new URL(url).pathname,
    target: undefined,
    urlpath,
    outOfMemory: false,
  };
}
