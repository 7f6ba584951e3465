/** The addresses that the firewall has to let through: resolvers, and mirrors and proxies that are not public. */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Config } from './config.ts';
import type { Endpoint } from './egress-rules.ts';
import { hostOf, isPublicAddress, portOf } from './hosts.ts';

/** Look-ups are kept for a minute, so that a second build waits for no name server. */
const KEPT = 60_000;
const looked = new Map<string, { until: number; addresses: Promise<string[]> }>();

/** Mirrors of what the engine and we ourselves ask for, not builds. */
const NOT_OF_BUILDS = ['SLIPWAY_MIRROR_DOCKER', 'SLIPWAY_MIRROR_DOI', 'SLIPWAY_MIRROR_ZENODO'];

/** Every address that builds may reach because of a setting whose name says that it is a mirror. */
export function mirrorUrls(config: Config): string[] {
  return Object.entries(config)
    .filter(([name]) => name.startsWith('SLIPWAY_MIRROR_') && !NOT_OF_BUILDS.includes(name))
    .flatMap(([, value]) => (Array.isArray(value) ? (value as string[]) : [String(value)]))
    .filter((url) => url !== '');
}

/** Proxies of builds and sessions. */
export function proxyUrls(config: Config): string[] {
  const given = [config.HTTP_PROXY, config.HTTPS_PROXY].filter((url) => url !== '');
  return given.map((url) => (url.includes('://') ? url : `http://${url}`));
}

/** Whether the firewall lets everybody reach this port of a public address. */
function isOpenPort(port: number, ports: readonly string[]): boolean {
  return (
    ports.length === 0 ||
    ports.some((range) => {
      const [first = 0, last = first] = range.split(':').map(Number);
      return port >= first && port <= last;
    })
  );
}

/**
 * Addresses and ports that need a rule of their own: public ones are open anyway, but for those of this machine and for
 * ports that are closed to others.
 * @param ports as SLIPWAY_EGRESS_PORTS has them
 */
export async function endpoints(urls: readonly string[], ports: readonly string[]): Promise<Endpoint[]> {
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)));
  const found = urls
    .filter((url) => URL.canParse(url))
    .map(async (text) => {
      const url = new URL(text);
      const addresses = await addressesOf(hostOf(url));
      const port = portOf(url);
      const isClosed = (address: string) => own.has(address) || !isPublicAddress(address) || !isOpenPort(port, ports);
      return addresses.filter(isClosed).map((address) => ({ address, port }));
    });
  return (await Promise.all(found)).flat();
}

function addressesOf(host: string): Promise<string[]> {
  const kept = looked.get(host);
  if (kept && kept.until > Date.now()) return kept.addresses;
  const addresses = lookup(host, { all: true }).then(
    (list) => list.map(({ address }) => address),
    () => [],
  );
  looked.set(host, { until: Date.now() + KEPT, addresses });
  return addresses;
}

/** Name servers that containers get: the host's that are not on loopback, and those of the engine's settings. */
export async function resolvers(): Promise<string[]> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const [host, systemd, engine] = await Promise.all(
    ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf', '/etc/docker/daemon.json'].map(read),
  );
  const servers = [host, systemd].flatMap((text) =>
    [...(text ?? '').matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)/gm)].map((match) => match[1] ?? ''),
  );
  return [...servers, ...engineServers(engine ?? '')].filter((address) => !/^(?:127\.|::1$)/.test(address));
}

function engineServers(text: string): string[] {
  try {
    const dns = (JSON.parse(text) as { dns?: unknown }).dns;
    return Array.isArray(dns) ? dns.filter((address) => typeof address === 'string') : [];
  } catch {
    return [];
  }
}
