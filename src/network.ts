/** Which hosts may be reached, decided once for git, submodules, LFS and redirects alike. */
import type { LookupAddress } from 'node:dns';
import { lookup as dnsLookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { trusted } from './certificates.ts';
import type { Config } from './config.ts';
import { SlipwayError } from './errors.ts';
import { hostOf, isNamed, isPublicAddress, portOf } from './hosts.ts';
import { CONNECT_TIME, operatorProxy, proxyAuthorization, tunnel, unreachable } from './operator-proxy.ts';

export { isPublicAddress } from './hosts.ts';

type NetworkConfig = Pick<
  Config,
  'SLIPWAY_ALLOWED_HOSTS' | 'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY' | 'SLIPWAY_CA_BUNDLE' | 'SSL_CERT_FILE'
>;

/** Outside world of a Network, for tests that must not reach it. */
export interface NetworkSeams {
  lookup(host: string): Promise<LookupAddress[]>;
  connect(options: { host: string; port: number }): Socket;
}

/** A connection to where a URL leads. */
export interface Opened {
  socket: Socket;
  /** Set when the operator's proxy answers: a plain request then names the whole URL and carries these headers. */
  viaProxy?: { authorization?: string };
}

/** The policy for addresses, and the only way to connect under it. */
export interface Network {
  /**
   * Resolves the URL's host once, checks every address and connects to one of exactly those.
   * @throws host_not_allowed, host_unreachable
   */
  open(url: URL, signal?: AbortSignal): Promise<Opened>;
  /** Only the part of the rule that needs no name look-up: scheme, notation, literal addresses. @throws host_not_allowed */
  checkUrl(url: URL): void;
}

function refused(host: string, why: string): SlipwayError {
  return new SlipwayError('host_not_allowed', `The host ${host} may not be reached: ${why}.`, {
    hint: 'Whoever runs Slipway can allow it by naming it in SLIPWAY_ALLOWED_HOSTS, as host or host:port.',
  });
}

/** A network under the policy of `config`. */
export function createNetwork(config: NetworkConfig, seams: Partial<NetworkSeams> = {}): Network {
  const lookup = seams.lookup ?? ((host: string) => dnsLookup(host, { all: true }));
  const connect = seams.connect ?? ((options: { host: string; port: number }) => connectTcp(options));

  function checkUrl(url: URL): void {
    const host = hostOf(url);
    const named = isNamed(config.SLIPWAY_ALLOWED_HOSTS, host, portOf(url));
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(host, `${url.protocol} is not https`);
    if (url.protocol === 'http:' && !named)
      throw refused(host, 'it would be plain http, which anybody on the way can change');
    if (isIP(host) !== 0 && !named && !isPublicAddress(host)) throw refused(host, 'it is not a public address');
  }

  async function addressesOf(url: URL): Promise<string[]> {
    checkUrl(url);
    const host = hostOf(url);
    if (isIP(host) !== 0) return [host];
    const found = await lookup(host).catch((error: unknown) => {
      throw unreachable(host, error);
    });
    const isOpen = isNamed(config.SLIPWAY_ALLOWED_HOSTS, host, portOf(url));
    const bad = isOpen ? undefined : found.find(({ address }) => !isPublicAddress(address));
    if (bad) throw refused(host, `its address ${bad.address} is not public`);
    return found.map(({ address }) => address);
  }

  async function dial(host: string, port: number, addresses: string[], signal?: AbortSignal): Promise<Socket> {
    let last: unknown = new Error('it has no address');
    for (const address of addresses) {
      try {
        return await connected(connect({ host: address, port }), signal);
      } catch (error) {
        last = error;
      }
    }
    throw unreachable(host, last);
  }

  async function open(url: URL, signal?: AbortSignal): Promise<Opened> {
    const proxy = operatorProxy(config, url);
    if (!proxy) return { socket: await dial(hostOf(url), portOf(url), await addressesOf(url), signal) };
    // Behind a proxy names often resolve only there: an unknown name is then the proxy's to judge.
    await addressesOf(url).catch((error: SlipwayError) => {
      if (error.code !== 'host_unreachable') throw error;
    });
    const socket = await openProxy(proxy, signal);
    const authorization = proxyAuthorization(proxy);
    if (url.protocol === 'http:') return { socket, viaProxy: authorization ? { authorization } : {} };
    await tunnel(socket, hostOf(url), portOf(url), authorization);
    return { socket };
  }

  async function openProxy(proxy: URL, signal?: AbortSignal): Promise<Socket> {
    const host = hostOf(proxy);
    const explained = (error: unknown) => {
      throw unreachable(host, error);
    };
    // Beforehand: between the two connections nothing may be waited for, or nobody hears of an error there.
    const secure = proxy.protocol === 'https:' ? await trusting(config) : undefined;
    const plain = await connected(connect({ host, port: portOf(proxy) }), signal).catch(explained);
    if (!secure) return plain;
    return connected(secure({ socket: plain, servername: host }), signal, 'secureConnect').catch(explained);
  }

  return { open, checkUrl };
}

/** How a connection is made TLS, by the certificates that this host trusts. */
async function trusting(config: NetworkConfig): Promise<(options: ConnectionOptions) => Socket> {
  const { connect } = await import('node:tls');
  const trust = trusted(config);
  return (options) => connect({ ...options, ...trust });
}

function connected(socket: Socket, signal?: AbortSignal, event = 'connect'): Promise<Socket> {
  return new Promise((done, fail) => {
    const give = (error: Error) => {
      socket.destroy();
      fail(error);
    };
    const abort = () => give(Object.assign(new Error('stopped'), { code: 'ABORT_ERR' }));
    socket.setTimeout(CONNECT_TIME, () => give(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', give);
    socket.once(event, () => {
      socket.setTimeout(0);
      socket.off('error', give);
      signal?.removeEventListener('abort', abort);
      done(socket);
    });
    if (signal?.aborted) abort();
  });
}
