/** Which certificates git, builds and sessions trust: those that this host trusts. */
import { readFileSync, realpathSync } from 'node:fs';
import type { Config } from './config.ts';
import { SlipwayError } from './errors.ts';

/** Debian and Ubuntu; Fedora and its like; openSUSE; Alpine and macOS. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Absolute path of the PEM bundle, links followed (a bind mount needs the file itself); undefined where the host has none.
 * @throws bad_setting when SLIPWAY_CA_BUNDLE names a file that is not there
 */
export function hostCaBundle(config: Pick<Config, 'SLIPWAY_CA_BUNDLE' | 'SSL_CERT_FILE'>): string | undefined {
  const named = config.SLIPWAY_CA_BUNDLE;
  if (named === '')
    return [config.SSL_CERT_FILE, ...BUNDLES]
      .filter((path) => path !== '')
      .map(realPath)
      .find((path) => path !== undefined);
  const found = realPath(named);
  if (!found) throw new SlipwayError('bad_setting', `SLIPWAY_CA_BUNDLE: there is no file ${named}.`);
  return found;
}

/** Those certificates as the options of a TLS connection have them; none where the host has no bundle, so Node's own count. */
export function trusted(config: Pick<Config, 'SLIPWAY_CA_BUNDLE' | 'SSL_CERT_FILE'>): { ca?: Buffer } {
  const bundle = hostCaBundle(config);
  return bundle === undefined ? {} : { ca: readFileSync(bundle) };
}
