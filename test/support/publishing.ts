/** A registry as the code under test sees it, with settings of the test's own. */
import { type Config, loadConfig } from '../../src/config.ts';
import { Exchange } from '../../src/publish/exchange.ts';
import { Registry } from '../../src/publish/registry.ts';

export function registryConfig(host: string, more: Record<string, string> = {}): Config {
  const own = { SLIPWAY_REGISTRY: `${host}/team/slipway`, SLIPWAY_REGISTRY_INSECURE: 'on' };
  return loadConfig({ DOCKER_CONFIG: '/nonexistent', ...own, ...more });
}

export function openRegistry(host: string, more: Record<string, string> = {}, signal = new AbortController().signal) {
  return new Registry(new Exchange(registryConfig(host, more)), signal);
}
