/** What a good Dockerfile without Slipway does with the same repository: pip, in one image, on the same root file system. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { buildImage } from '../../src/build/build.ts';
import { loadConfig } from '../../src/config.ts';
import { timed } from './measure.ts';

export const PACKAGES = ['numpy==1.26.4', 'pandas==2.2.1', 'matplotlib==3.8.3', 'scikit-learn==1.4.1.post1'];

/** What buildpack-deps puts on Debian, as Binder's images do. */
const BUILDPACK_DEPS =
  `autoconf automake bzip2 ca-certificates curl default-libmysqlclient-dev dpkg-dev file g++ gcc git
 gnupg imagemagick libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev
 libgmp-dev libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev
 libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev
 libxslt-dev libyaml-dev make mercurial openssh-client patch procps sq subversion unzip wget xz-utils zlib1g-dev`
    .split(/\s+/)
    .filter((name) => name !== 'sq');

const RUN_PIP = 'RUN python3 -m venv /srv/env && /srv/env/bin/pip install --no-cache-dir';

/** Debian with compilers and headers, then JupyterLab and the packages by pip, then the repository. */
export function wholeDockerfile(): string {
  return [
    'FROM debian:bookworm-slim',
    `RUN apt-get update && apt-get install -y --no-install-recommends ${BUILDPACK_DEPS.join(' ')} python3 python3-venv && rm -rf /var/lib/apt/lists/*`,
    `${RUN_PIP} jupyterlab notebook jupyterhub ${PACKAGES.join(' ')}`,
    'COPY repository /home/jovyan',
    '',
  ].join('\n');
}

/** The packages and a kernel by pip, on the base that our own environment stands on. */
export function environmentDockerfile(base: string): string {
  return [
    `FROM ${base}`,
    'USER root',
    `${RUN_PIP.replaceAll('/srv/env', '/srv/pip')} ipykernel ipywidgets ${PACKAGES.join(' ')}`,
    '',
  ].join('\n');
}

/** Builds with the same engine and frontend as Slipway, nothing cached; the time and the size. */
export async function buildPlain(
  docker: Docker,
  dockerfile: string,
  tag: string,
): Promise<{ took: number; size: number }> {
  const data = await mkdtemp(join(tmpdir(), 'slipway-bench-plain-'));
  try {
    const config = loadConfig({ ...process.env, SLIPWAY_DATA: data });
    const files = [{ path: 'repository/index.ipynb', content: '{}' }];
    const input = { dockerfile, tag, labels: {}, suite: 'bookworm' as const, noCache: true, files };
    const deps = { docker, config, emit: () => undefined, signal: new AbortController().signal };
    const { took } = await timed(() => buildImage(input, deps));
    const { Size } = await docker.getImage(tag).inspect();
    return { took, size: Size };
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
