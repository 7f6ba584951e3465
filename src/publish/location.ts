/** Where images are published: SLIPWAY_REGISTRY, understood. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';

export interface Location {
  /** As the engine and people write it: `host[:port]`. */
  host: string;
  /** Path before every repository's name, '' for none. */
  prefix: string;
  /** Where its API is, ending in `/v2/`. */
  api: URL;
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
const PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** Docker Hub's names and its API are on different hosts. */
const HUB = new Set(['docker.io', 'index.docker.io']);

/** @throws bad_setting */
export function readLocation(config: Pick<Config, 'SLIPWAY_REGISTRY' | 'SLIPWAY_REGISTRY_INSECURE'>): Location {
  const [host = '', ...parts] = config.SLIPWAY_REGISTRY.replace(/\/+$/, '').split('/');
  const scheme = config.SLIPWAY_REGISTRY_INSECURE === 'on' ? 'http' : 'https';
  const address = `${scheme}://${HUB.has(host) ? 'registry-1.docker.io' : host}/v2/`;
  if (!HOST.test(host) || !URL.canParse(address)) throw bad(`"${host}" is no host`);
  for (const part of parts) if (!PART.test(part)) throw bad(`no registry takes "${part}" in a name`);
  return { host, prefix: parts.join('/'), api: new URL(address) };
}

function bad(why: string): SlipwayError {
  return new SlipwayError('bad_setting', `SLIPWAY_REGISTRY: ${why}.`, {
    hint: 'Write it as host[:port]/prefix, in lower case and without a scheme, e.g. registry.example.org/slipway.',
  });
}

/** A repository below the prefix. */
export function repositoryOf({ prefix }: Location, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}
