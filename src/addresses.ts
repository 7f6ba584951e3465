/** Where the service and its sessions are, for browsers and for the sockets that listen. */
import { baseUrl, type Config } from './config.ts';

type AddressConfig = Pick<Config, 'SLIPWAY_HOST' | 'SLIPWAY_PORT' | 'SLIPWAY_BASE_URL' | 'SLIPWAY_SESSION_URL'>;

/** Public address of the service, ending in `/`. */
export function serviceUrl(config: AddressConfig): string {
  return `${baseUrl(config)}/`;
}

/**
 * Public address of a session, ending in `/user/<name>/`. With a `*` in SLIPWAY_SESSION_URL it has an origin that no
 * other session shares.
 */
export function sessionUrl(config: AddressConfig, name: string): string {
  const given = config.SLIPWAY_SESSION_URL;
  const next = { ...config, SLIPWAY_BASE_URL: '', SLIPWAY_PORT: config.SLIPWAY_PORT + 1 };
  return `${given === '' ? baseUrl(next) : given.replace('*', name)}/user/${name}/`;
}

/** What the sessions' origin listens on. */
export function sessionListen(config: AddressConfig): { host: string; port: number } {
  return { host: config.SLIPWAY_HOST, port: config.SLIPWAY_PORT + 1 };
}
