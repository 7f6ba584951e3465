/** Who may launch what, as the operator's settings say. */
import ipaddr from 'ipaddr.js';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { RepoSpec } from '../types.ts';
import type { Client } from './types.ts';

type Policy = Pick<Config, 'SLIPWAY_ALLOWED' | 'SLIPWAY_BANNED' | 'SLIPWAY_BANNED_NETWORKS'>;

/**
 * Whether a text fits a pattern in which `*` stands for anything; case does not count. Takes the first place where
 * each part fits, which is enough without any other wildcard, so that no pattern is slow.
 */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  const subject = text.toLowerCase();
  if (parts.length === 1) return subject === first;
  if (subject.length < first.length + last.length) return false;
  if (!subject.startsWith(first) || !subject.endsWith(last)) return false;
  const end = subject.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = subject.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Every way in which an operator may write a repository. */
function namesOf({ provider, name, canonicalUrl, ref, doi }: RepoSpec): string[] {
  const specs = [name, name.replace(/%2f/gi, '/')].map((one) => `${provider}/${one}`);
  const ofDoi = doi === undefined ? [] : [`zenodo/${doi}`, `https://doi.org/${doi}`];
  return [canonicalUrl, ...specs, ...(ref === undefined ? [] : specs.map((spec) => `${spec}/${ref}`)), ...ofDoi];
}

/** Whether one of the patterns names a repository. */
export function isNamed(spec: RepoSpec, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => namesOf(spec).some((name) => fits(pattern, name)));
}

/** Whether an address is in one of the networks; what cannot be read as an address is in none. */
export function isInside(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An IPv4 address that came over IPv6 is the same client.
  const own = ipaddr.process(address);
  return networks.some((network) => {
    const single = ipaddr.isValid(network) ? ipaddr.process(network) : undefined;
    if (single) return single.toString() === own.toString();
    if (!ipaddr.isValidCIDR(network)) return false;
    const [range, bits] = ipaddr.parseCIDR(network);
    return range.kind() === own.kind() && own.match([range, bits]);
  });
}

/**
 * Refuses what the operator does not want.
 * @throws repo_banned, client_banned
 */
export function checkPolicy(spec: RepoSpec, client: Client, config: Policy): void {
  if (!client.isOperator && isInside(client.address, config.SLIPWAY_BANNED_NETWORKS)) {
    throw new SlipwayError('client_banned', 'Nothing may be launched from your address.', {
      hint: 'Whoever runs this service can say why.',
    });
  }
  checkRepo(spec, config);
}

/** Refuses a repository that the operator does not want. @throws repo_banned */
export function checkRepo(spec: RepoSpec, config: Pick<Policy, 'SLIPWAY_ALLOWED' | 'SLIPWAY_BANNED'>): void {
  const { SLIPWAY_ALLOWED: allowed, SLIPWAY_BANNED: banned } = config;
  // Whether a DOI is allowed is known with the repository that it leads to.
  const isAllowed = allowed.length === 0 || spec.provider === 'zenodo' || isNamed(spec, allowed);
  if (!isNamed(spec, banned) && isAllowed) return;
  throw new SlipwayError('repo_banned', `${spec.canonicalUrl} may not be launched here.`, {
    hint: 'Whoever runs this service chooses which repositories it launches.',
  });
}
