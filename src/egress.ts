/**
 * Firewall of builds and sessions: they reach public addresses, and builds exactly host:port of configured mirrors.
 * Builds stand on the engine's default bridge beside containers of others, so they are fenced in only while there are
 * builds; sessions have a bridge of their own, which is always fenced in.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type Docker from 'dockerode';
import type { Config } from './config.ts';
import { endpoints, mirrorUrls, proxyUrls, resolvers } from './egress-hosts.ts';
import { changes, type Family, type Wanted } from './egress-rules.ts';
import { addBuild, liveBuilds, removeBuild } from './egress-state.ts';
import { localSocket } from './engine.ts';
import { SlipwayError } from './errors.ts';
import { INSTANCE_LABEL } from './instance.ts';
import { withLock } from './lock.ts';

interface EgressDeps {
  docker: Docker;
  config: Config;
}

export interface EgressState {
  enforced: boolean;
  /** Why it is not. */
  reason?: string;
}

const SESSION_NETWORKS = /^slipway-sessions/;

/**
 * Puts the rules for the sessions' bridges in force, and those for builds while there are any. Costs some milliseconds.
 * Throws `egress_not_enforced` where SLIPWAY_EGRESS is `required` and that cannot be done.
 */
export async function ensureEgress(deps: EgressDeps): Promise<EgressState> {
  const state = await tryApply(deps);
  if (!state.enforced && deps.config.SLIPWAY_EGRESS === 'required') {
    throw new SlipwayError('egress_not_enforced', `The firewall cannot be put in force: ${state.reason}.`, {
      hint: 'Run as root beside the engine with iptables installed, or set SLIPWAY_EGRESS to auto to do without.',
    });
  }
  return state;
}

/**
 * Fences in the default bridge for as long as a build runs, whoever comes and goes there meanwhile.
 * @returns how to end it; the rules go with the last build of this machine
 */
export async function guardBuild(deps: EgressDeps): Promise<EgressState & { release(): Promise<void> }> {
  const obstacle = obstacleOf(deps.config);
  if (obstacle !== undefined) return { ...(await ensureEgress(deps)), release: async () => {} };
  const ports = deps.config.SLIPWAY_EGRESS_PORTS;
  const [mirrors, proxies] = await Promise.all([
    endpoints(mirrorUrls(deps.config), ports),
    endpoints(proxyUrls(deps.config), ports),
  ]);
  const record = await addBuild({ mirrors, proxies });
  const release = async () => {
    unwatch();
    await removeBuild(record);
    await tryApply(deps);
  };
  let unwatch = () => {};
  try {
    const state = await ensureEgress(deps);
    unwatch = await watchBridge(deps);
    return { ...state, release };
  } catch (error) {
    await release();
    throw error;
  }
}

function obstacleOf(config: Config): string | undefined {
  if (config.SLIPWAY_EGRESS === 'off') return 'SLIPWAY_EGRESS is off';
  if (!localSocket(config)) return 'the engine is on another machine';
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'firewall rules need root';
  return undefined;
}

async function tryApply(deps: EgressDeps): Promise<EgressState> {
  const obstacle = obstacleOf(deps.config);
  if (obstacle !== undefined) return { enforced: false, reason: obstacle };
  try {
    await applyInTurn(deps);
    return { enforced: true };
  } catch (error) {
    return { enforced: false, reason: (error as Error).message };
  }
}

/** Runs that wait for their turn. They have not looked yet, and so serve all who come until they do. */
const waiting = new WeakMap<Config, Promise<void>>();

/** One at a time: each reads what is there and writes what is missing. */
function applyInTurn(deps: EgressDeps): Promise<void> {
  const { config } = deps;
  const known = waiting.get(config);
  if (known) return known;
  const begin = () => {
    waiting.delete(config);
    return apply(deps).catch((error) => withoutRate(deps, error as Error));
  };
  const turn = withLock('slipway egress', AbortSignal.timeout(30_000), () => {}, begin);
  waiting.set(config, turn);
  turn.catch(() => waiting.get(config) === turn && waiting.delete(config));
  return turn;
}

/** A kernel that cannot limit a rate can close addresses all the same. */
async function withoutRate(deps: EgressDeps, error: Error): Promise<void> {
  if (deps.config.SLIPWAY_EGRESS_RATE === 0) throw error;
  await apply({ ...deps, config: { ...deps.config, SLIPWAY_EGRESS_RATE: 0 } });
}

async function apply({ docker, config }: EgressDeps): Promise<void> {
  const builds = await liveBuilds();
  const [networks, servers, proxies] = await Promise.all([
    docker.listNetworks({ filters: { driver: ['bridge'] } }),
    resolvers(),
    endpoints(proxyUrls(config), config.SLIPWAY_EGRESS_PORTS),
  ]);
  const wanted: Wanted = {
    sessionBridges: networks.filter(({ Name }) => SESSION_NETWORKS.test(Name)).map(bridgeOf),
    mirrors: builds.flatMap((build) => build.mirrors),
    proxies: [...proxies, ...builds.flatMap((build) => build.proxies)],
    resolvers: servers,
    strangers: [],
    ports: config.SLIPWAY_EGRESS_PORTS,
    rate: config.SLIPWAY_EGRESS_RATE,
    ...(builds.length > 0 ? await buildSide(docker, networks) : {}),
  };
  const hasSix = existsSync('/proc/net/if_inet6');
  const done = await Promise.allSettled([
    restore('iptables', wanted, 4),
    ...(hasSix ? [restore('ip6tables', wanted, 6)] : []),
  ]);
  // Both have ended before anybody else begins.
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}

function bridgeOf(network: Docker.NetworkInspectInfo): string {
  return network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`;
}

/** The bridge that BuildKit's steps are on, and who else is. */
async function buildSide(
  docker: Docker,
  networks: Docker.NetworkInspectInfo[],
): Promise<Pick<Wanted, 'buildBridge' | 'strangers'>> {
  const bridge = networks.find(({ Name }) => Name === 'bridge');
  const buildBridge = bridge ? bridgeOf(bridge) : 'docker0';
  if (!existsSync(`/sys/class/net/${buildBridge}`))
    throw new Error(`the engine's bridge ${buildBridge} is not on this machine (is the engine rootless?)`);
  const containers = await docker.listContainers({ filters: { network: ['bridge'] } });
  const others = containers.filter(({ Labels }) => !Labels[INSTANCE_LABEL]);
  const strangers = others.flatMap(({ NetworkSettings }) => {
    const { IPAddress, GlobalIPv6Address } = NetworkSettings.Networks.bridge ?? {};
    return [IPAddress, GlobalIPv6Address].filter((address) => address !== undefined && address !== '') as string[];
  });
  return { buildBridge, strangers };
}

/** Applies the rules anew when a container comes to the default bridge or leaves it, as its address may be given again. */
async function watchBridge(deps: EgressDeps): Promise<() => void> {
  const ended = new AbortController();
  const filters = { type: ['network'], event: ['connect', 'disconnect'] };
  const options = { filters: JSON.stringify(filters), abortSignal: ended.signal } as unknown as Docker.GetEventsOptions;
  const events = await deps.docker.getEvents(options).catch(() => undefined);
  if (!events) return () => {};
  events.on('data', (chunk: Buffer) => {
    if (chunk.includes('"name":"bridge"')) void tryApply(deps);
  });
  // The connection ends with the engine or with `ended`; both are no news here.
  events.on('error', () => {});
  return () => {
    ended.abort();
    (events as unknown as { destroy(): void }).destroy();
  };
}

async function restore(program: 'iptables' | 'ip6tables', wanted: Wanted, family: Family): Promise<void> {
  const saved = await execute(`${program}-save`, ['-t', 'filter'], '');
  const input = changes(saved, wanted, family);
  if (input !== undefined) await execute(`${program}-restore`, ['--noflush', '--wait', '5'], input);
}

function execute(program: string, args: string[], input: string): Promise<string> {
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { PATH, LC_ALL: 'C' }, stdio: 'pipe' });
    let output = '';
    let faults = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      faults += chunk;
    });
    child.on('error', () => reject(new Error(`${program} is not installed`)));
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${program}: ${faults.trim().split('\n')[0] ?? `exit code ${code}`}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
