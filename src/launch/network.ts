/** The networks that sessions stand in. */
import type Docker from 'dockerode';
import type { Config } from '../config.ts';

const NETWORKS = { internet: 'slipway-sessions', none: 'slipway-sessions-none' } as const;

/**
 * Makes sure of the network that `SLIPWAY_SESSION_NETWORK` asks for, and returns its name. `none` is one that the
 * engine itself gives no way out, with or without a firewall.
 */
export async function ensureSessionNetwork(docker: Docker, config: Config): Promise<string> {
  const name = NETWORKS[config.SLIPWAY_SESSION_NETWORK];
  const isInternal = config.SLIPWAY_SESSION_NETWORK === 'none';
  const known = await docker.listNetworks({ filters: { name: [name] } });
  if (known.some((network) => network.Name === name)) return name;
  const options = { 'com.docker.network.bridge.enable_icc': 'false' };
  await docker
    .createNetwork({ Name: name, Driver: 'bridge', Internal: isInternal, CheckDuplicate: true, Options: options })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 409) throw error;
    });
  return name;
}
