/** Where the service and its sessions are, for browsers and for the sockets that listen. */
import { isIPv6 } from 'node:net';
import type { Config } from './config.ts';

type AddressConfig = Pick<Config, 'SLIPWAY_HOST' | 'SLIPWAY_PORT' | 'SLIPWAY_BASE_URL' | 'SLIPWAY_SESSION_URL'>;

/** Address with a port as browsers of this machine reach it, ending in `/`. */
function local({ SLIPWAY_HOST: host }: AddressConfig, port: number): string {
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}/`;
}

/** Public address of the service, ending in `/`. */
export function serviceUrl(config: AddressConfig): string {
  return config.SLIPWAY_BASE_URL === '' ? local(config, config.SLIPWAY_PORT) : `${config.SLIPWAY_BASE_URL}/`;
}

/** The same without the slash, as the beginning of links. */
export function baseUrl(config: AddressConfig): string {
  return serviceUrl(config).replace(/\/$/, '');
}

/**
 * Public address of a session, ending in `/user/<name>/`. With a `*` in SLIPWAY_SESSION_URL it has an origin that no
 * other session shares.
 */
export function sessionUrl(config: AddressConfig, name: string): string {
  const given = config.SLIPWAY_SESSION_URL;
  const origin = given === '' ? local(config, config.SLIPWAY_PORT + 1) : `${given.replace('*', name)}/`;
  return `${origin}user/${name}/`;
}

/** What the sessions' origin listens on. */
export function sessionListen(config: AddressConfig): { host: string; port: number } {
  return { host: config.SLIPWAY_HOST, port: config.SLIPWAY_PORT + 1 };
}
