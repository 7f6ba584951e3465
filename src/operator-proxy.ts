/** The proxy that an operator may stand between Slipway and the internet. */
import { isIP, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Config } from './config.ts';
import { SlipwayError } from './errors.ts';
import { hostOf, parseHostPort, portOf } from './hosts.ts';

type ProxyConfig = Pick<Config, 'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY'>;

/** Time that a connection, also through a proxy, may take to stand, in milliseconds. */
export const CONNECT_TIME = 15_000;

/** The operator's proxy for a URL, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. */
export function operatorProxy(config: ProxyConfig, url: URL): URL | undefined {
  const text = url.protocol === 'https:' ? config.HTTPS_PROXY : config.HTTP_PROXY;
  if (!text) return undefined;
  const host = hostOf(url);
  const exempt = config.NO_PROXY.split(/[\s,]+/).some((rule) => {
    if (rule === '*') return true;
    if (rule.includes('/')) return isIP(host) !== 0 && matchesRange(host, rule);
    const named = parseHostPort(rule.replace(/^\*?\./, ''));
    if (!named || rule === '') return false;
    const samePort = named.port === undefined || named.port === portOf(url);
    return samePort && (host === named.host || host.endsWith(`.${named.host}`));
  });
  if (exempt) return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(address)) return new URL(address);
  throw new SlipwayError('bad_setting', 'HTTP_PROXY or HTTPS_PROXY is not a URL.');
}

function matchesRange(host: string, rule: string): boolean {
  if (!ipaddr.isValidCIDR(rule)) return false;
  const address = ipaddr.parse(host);
  const [range, bits] = ipaddr.parseCIDR(rule);
  return address.kind() === range.kind() && address.match([range, bits]);
}

/** The host_unreachable error for a host, with the reason of the failure. */
export function unreachable(host: string, cause: unknown): SlipwayError {
  const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new SlipwayError('host_unreachable', `The host ${host} could not be reached (${why}).`, {
    cause,
    hint: 'Check the address and the network, then try again.',
  });
}

/** Value of Proxy-Authorization for the credentials in a proxy's URL. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '') return undefined;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Asks the operator's proxy for a tunnel. */
export function tunnel(socket: Socket, host: string, port: number, authorization?: string): Promise<void> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const login = authorization ? `Proxy-Authorization: ${authorization}\r\n` : '';
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`);
  return new Promise((done, fail) => {
    let head = Buffer.alloc(0);
    const stop = (why: string) => {
      socket.destroy();
      fail(unreachable(host, `the proxy in HTTPS_PROXY ${why}`));
    };
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length < 16_384) return;
      socket.off('data', onData).off('close', onClose).setTimeout(0);
      if (!/^HTTP\/1\.[01] 2\d\d/.test(head.toString('latin1')))
        return stop(`said ${JSON.stringify(head.toString('latin1').split('\r\n')[0])}`);
      socket.pause();
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      done();
    };
    const onClose = () => stop('hung up');
    socket.setTimeout(CONNECT_TIME, () => stop('does not answer'));
    socket
      .on('data', onData)
      .on('close', onClose)
      .on('error', () => undefined);
  });
}
