/** `debian:<suite>-slim` as an institute with certificates of its own has it, where none can be pulled. */
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { hostCaBundle } from '../../src/certificates.ts';
import { loadConfig } from '../../src/config.ts';

const TRUST = ['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO'];

/**
 * Makes the image from Slipway's own root file system, which an earlier build has made, with the host's certificates in
 * it. One that the machine already has is left alone.
 * @param mirrors variables by which programs find the institute's mirrors
 * @returns what removes it again
 */
export async function slimImage(
  docker: Docker,
  suite: string,
  mirrors: Record<string, string> = {},
): Promise<() => Promise<void>> {
  const name = `debian:${suite}-slim`;
  if (await isThere(docker, name)) return async () => undefined;
  const bundle = hostCaBundle(loadConfig());
  if (!bundle) throw new Error('This machine has no bundle of certificates.');
  const context = pack();
  const trust = TRUST.map((variable) => [variable, '/opt/institute/ca.pem']);
  const environment = [...trust, ...Object.entries(mirrors)].map(([name, value]) => `${name}=${value}`).join(' ');
  context.entry(
    { name: 'Dockerfile' },
    `FROM slipway/rootfs:${suite}\nCOPY ca.pem /opt/institute/ca.pem\nENV ${environment}\n`,
  );
  context.entry({ name: 'ca.pem', mode: 0o644 }, readFileSync(bundle));
  context.finalize();
  const stream = await docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: name });
  const said: { error?: string }[] = await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines ?? []))),
  );
  const fault = said.find(({ error }) => error)?.error;
  if (fault) throw new Error(`${name}: ${fault}`);
  return () => docker.getImage(name).remove({ force: true });
}

function isThere(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}
