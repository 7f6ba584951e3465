/** The container of a session: no rights, limits on everything, reachable from this machine only. */
import { availableParallelism } from 'node:os';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { INSTANCE_LABEL } from '../instance.ts';
import { DOOR, withRelay } from './relay.ts';
import { DOOR_LABEL, PORT, PREFIX, SESSION_LABEL, TOKEN_VARIABLE } from './session.ts';
import { proxyVariables } from './variables.ts';

const BUNDLE = '/run/slipway/ca.pem';

const TRUST = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
  'NODE_EXTRA_CA_CERTS',
];

/** The engine refuses more CPUs than it has, and a default must not stop a small machine. */
function nanoCpus(config: Config): number {
  return Math.round(Math.min(Number(config.SLIPWAY_SESSION_CPU), availableParallelism()) * 1e9);
}

/** What a session's container is made of. */
export interface ContainerPlan {
  id: string;
  token: string;
  image: string;
  instance: string;
  labels: Record<string, string>;
  variables: Record<string, string>;
  /** Path on its origin when that is not `/`. */
  path?: string;
  /** Further options of its server. */
  options?: readonly string[];
  /** Name of the network, or a folder of the host for the socket of a session that has none. */
  reach: { network: string } | { door: string };
  /** The host's CA bundle, mounted read-only where the session's variables say. */
  bundle: string | undefined;
}

/** The server's own idea of where it is; servers of before 2021 know only the second name. */
function serverCommand(path: string): string[] {
  return ['slipway-server', `--ServerApp.base_url=${path}`, `--NotebookApp.base_url=${path}`];
}

/** Whatever the image starts, unless the session has a path of its own. */
function commandOf(plan: ContainerPlan): { Cmd?: string[] } {
  if (plan.path === undefined) return {};
  const command = [...serverCommand(plan.path), ...(plan.options ?? [])];
  return { Cmd: 'door' in plan.reach ? withRelay(command) : command };
}

/** What the engine is told. */
export function containerOptions(plan: ContainerPlan, config: Config): Docker.ContainerCreateOptions {
  const { id, token, bundle, reach } = plan;
  const trust = bundle ? Object.fromEntries(TRUST.map((name) => [name, BUNDLE])) : {};
  const variables = { ...proxyVariables(config), ...trust, ...plan.variables, [TOKEN_VARIABLE]: token };
  const bind = (Source: string, Target: string, ReadOnly: boolean) =>
    ({ Type: 'bind', Source, Target, ReadOnly }) as const;
  const isCut = 'door' in reach;
  return {
    name: `${PREFIX}${id}`,
    Hostname: id.slice(0, 63),
    Image: plan.image,
    User: '1000',
    ...commandOf(plan),
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [INSTANCE_LABEL]: plan.instance,
      [SESSION_LABEL]: id,
      ...plan.labels,
      ...(isCut && { [DOOR_LABEL]: reach.door }),
    },
    ExposedPorts: { [PORT]: {} },
    HostConfig: {
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: config.SLIPWAY_SESSION_MEMORY,
      // The same number again means no swap.
      MemorySwap: config.SLIPWAY_SESSION_MEMORY,
      NanoCpus: nanoCpus(config),
      PidsLimit: config.SLIPWAY_SESSION_PIDS,
      NetworkMode: isCut ? 'none' : reach.network,
      PortBindings: isCut ? {} : { [PORT]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      Mounts: [...(bundle ? [bind(bundle, BUNDLE, true)] : []), ...(isCut ? [bind(reach.door, DOOR, false)] : [])],
    },
  };
}
