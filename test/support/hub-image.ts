/**
 * An image with a JupyterHub of today, DockerSpawner and its proxy, so that no test needs a Python on the machine; and
 * with a Jupyter server that is none of ours, in /srv/other.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { hostCaBundle } from '../../src/certificates.ts';
import { loadConfig } from '../../src/config.ts';
import { rootFileSystem } from './root-file-system.ts';

const PROXY = 'configurable-http-proxy@5.3.0';
const STEPS = `COPY ca.pem /opt/ca.pem
ENV PIP_CERT=/opt/ca.pem SSL_CERT_FILE=/opt/ca.pem
RUN apt-get update -q && apt-get install -y -q --no-install-recommends nodejs python3-venv
RUN python3 -m venv /srv/hub && /srv/hub/bin/pip install -q --no-cache-dir --disable-pip-version-check \\
    jupyterhub==6.1.1 dockerspawner==14.0.0 jupyterhub-idle-culler==2.0.0
RUN python3 -m venv /srv/other && /srv/other/bin/pip install -q --no-cache-dir --disable-pip-version-check \\
    jupyter-server==2.18.2 ipykernel==6.31.0
COPY proxy /srv/proxy
ENV PATH=/srv/hub/bin:/srv/proxy/node_modules/.bin:/usr/bin:/bin
`;

/** The image's name. Made once and kept from run to run. */
export async function hubImage(docker: Docker): Promise<string> {
  const name = `slipway-test/hub:${createHash('sha256')
    .update(STEPS + PROXY)
    .digest('hex')
    .slice(0, 12)}`;
  const known = await docker
    .getImage(name)
    .inspect()
    .catch(() => undefined);
  if (known) return name;
  const folder = await mkdtemp(join(tmpdir(), 'slipway-hub-'));
  try {
    const dockerfile = `FROM ${await rootFileSystem(docker, 'trixie')}\n${STEPS}`;
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    const bundle = hostCaBundle(loadConfig());
    await (bundle ? copyFile(bundle, join(folder, 'ca.pem')) : writeFile(join(folder, 'ca.pem'), ''));
    const install = ['install', '--prefix', join(folder, 'proxy'), '--omit=dev', '--no-audit', '--no-fund', PROXY];
    await promisify(execFile)('npm', install);
    await build(docker, folder, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return name;
}

async function build(docker: Docker, folder: string, name: string): Promise<void> {
  const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  // As in small-images.ts: no look through images that other tests remove.
  const stream = await docker.buildImage(tar.stdout, { t: name, nocache: true });
  const said: { error?: string; stream?: string }[] = await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines ?? []))),
  );
  const fault = said.find(({ error }) => error)?.error;
  if (fault) throw new Error(`${name}: ${fault}\n${said.map(({ stream: line }) => line ?? '').join('')}`);
}
