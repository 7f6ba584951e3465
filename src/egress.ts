/** Firewall of builds and sessions: they reach public addresses, and exactly host:port of configured mirrors. */
import type Docker from 'dockerode';
import type { Config } from './config.ts';

export async function ensureEgress(_deps: {
  docker: Docker;
  config: Config;
}): Promise<{ enforced: boolean; reason?: string }> {
  return { enforced: false, reason: 'not yet' };
}
