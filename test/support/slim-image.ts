/** `debian:<suite>-slim` as an institute with certificates of its own has it, where none can be pulled. */
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { hostCaBundle } from '../../src/certificates.ts';
import { loadConfig } from '../../src/config.ts';
import type { Suite } from '../../src/types.ts';
import { rootFileSystem } from './root-file-system.ts';
import { buildSmall } from './small-images.ts';

const TRUST = ['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO'];

/**
 * Makes the image from the root file system that bases stand on, with the host's certificates in it. It has a name of its
 * own: the machine's `debian` is somebody else's.
 * @param mirrors variables by which programs find the institute's mirrors
 * @returns its name, and what removes it again
 */
export async function slimImage(
  docker: Docker,
  suite: Suite,
  mirrors: Record<string, string> = {},
): Promise<{ name: string; remove(): Promise<void> }> {
  const name = `slipway-test/debian:${suite}-slim-${process.pid}`;
  const bundle = hostCaBundle(loadConfig());
  if (!bundle) throw new Error('This machine has no bundle of certificates.');
  const trust = TRUST.map((variable) => [variable, '/opt/institute/ca.pem']);
  const environment = [...trust, ...Object.entries(mirrors)].map(([variable, value]) => `${variable}=${value}`);
  const from = await rootFileSystem(docker, suite);
  const dockerfile = `FROM ${from}\nCOPY ca.pem /opt/institute/ca.pem\nENV ${environment.join(' ')}\n`;
  await buildSmall(docker, name, dockerfile, { 'ca.pem': readFileSync(bundle) });
  return { name, remove: () => docker.getImage(name).remove({ force: true }) };
}
