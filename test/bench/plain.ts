/**
 * What a good Dockerfile without Slipway does with the same repository: pip, in one image, on the same root file system,
 * from the same mirrors, with the same versions.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildInput, buildImage } from '../../src/build/build.ts';
import { loadConfig } from '../../src/config.ts';
import { serverLock } from '../../src/render/server-lock.ts';
import { rootFileSystem } from '../support/root-file-system.ts';
import type { World } from '../support/world.ts';
import { timed } from './measure.ts';

const SUITE = 'bookworm';
export const PACKAGES = ['numpy==1.26.4', 'pandas==2.2.1', 'matplotlib==3.8.3', 'scikit-learn==1.4.1.post1'];

/** What buildpack-deps puts on Debian, as Binder's images do. */
const BUILDPACK_DEPS =
  `autoconf automake bzip2 ca-certificates curl default-libmysqlclient-dev dpkg-dev file g++ gcc git
 gnupg imagemagick libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev
 libgmp-dev libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev
 libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev
 libxslt1-dev libyaml-dev make mercurial openssh-client patch procps subversion unzip wget xz-utils zlib1g-dev`.split(
    /\s+/,
  );

/** Mirrors and certificates as Slipway's own steps have them. */
const SUPPORT = 'RUN --mount=type=bind,source=.slipway,target=/run/slipway';
const ENVIRONMENT = 'set -eu; . /run/slipway/env;';

export function rootfs(world: World): Promise<string> {
  return rootFileSystem(world.docker, SUITE, loadConfig({ ...process.env, SLIPWAY_DATA: world.data }));
}

/** For pip: our server's versions. */
export function serverConstraints(): { path: string; content: string } {
  return { path: 'bench/constraints.txt', content: pinsOf(serverLock(SUITE).join('\n')) };
}

/** What a lock of ours pins, without hashes. */
export function pinsOf(lock: string): string {
  return lock.replace(/ --hash=\S+/g, '');
}

/** Debian with compilers and headers, then JupyterLab and the packages by pip, then the repository. */
export function wholeDockerfile(rootfs: string): string {
  const server = serverLock(SUITE).flatMap((line) => /^(?:jupyterlab|notebook|jupyterhub)==\S+/.exec(line)?.[0] ?? []);
  const apt = 'apt-get install -y --no-install-recommends';
  return [
    `FROM ${rootfs}`,
    `${SUPPORT} ${ENVIRONMENT} apt-get update; ${apt} ${BUILDPACK_DEPS.join(' ')} python3 python3-venv; rm -rf /var/lib/apt/lists/*`,
    `${SUPPORT} ${ENVIRONMENT} python3 -m venv /srv/env; /srv/env/bin/pip install ${[...server, ...PACKAGES].join(' ')}`,
    'COPY repository /home/jovyan',
    '',
  ].join('\n');
}

/** The packages and a kernel by pip, on the base that our own environment stands on, as constraints.txt says. */
export function environmentDockerfile(base: string): string {
  const pip = `/srv/pip/bin/pip install -c /run/bench/constraints.txt ipykernel ipywidgets ${PACKAGES.join(' ')}`;
  const mounts = `${SUPPORT} --mount=type=bind,source=bench,target=/run/bench`;
  return [`FROM ${base}`, 'USER root', `${mounts} ${ENVIRONMENT} python3 -m venv /srv/pip; ${pip}`, ''].join('\n');
}

/** JupyterLab by pip in an environment of its own, in the versions of our own server, started as its documentation says. */
export function serverDockerfile(rootfs: string): string {
  const mounts = `${SUPPORT} --mount=type=bind,source=bench,target=/run/bench`;
  const apt = 'apt-get install -y --no-install-recommends';
  return [
    `FROM ${rootfs}`,
    `${SUPPORT} ${ENVIRONMENT} apt-get update; ${apt} ca-certificates python3 python3-venv; useradd -m -u 1000 jovyan`,
    `${mounts} ${ENVIRONMENT} python3 -m venv /srv/env; /srv/env/bin/pip install -c /run/bench/constraints.txt jupyterlab`,
    'USER jovyan',
    'WORKDIR /home/jovyan',
    'CMD ["/srv/env/bin/jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]',
    '',
  ].join('\n');
}

/**
 * Builds with the same engine and frontend as Slipway and no layer cached; the time and the size. Keeps no image.
 * @param use what is done with it meanwhile
 */
export async function buildPlain(
  world: World,
  dockerfile: string,
  files: NonNullable<BuildInput['files']>,
  use: (image: string) => Promise<void> = async () => undefined,
): Promise<{ took: number; size: number }> {
  const data = await mkdtemp(join(tmpdir(), 'slipway-bench-plain-'));
  const tag = `slipway-test/bench-plain:${process.pid}`;
  const { docker } = world;
  try {
    const config = loadConfig({ ...process.env, SLIPWAY_DATA: data });
    const input = { dockerfile, tag, labels: {}, suite: SUITE, noCache: true, files } as const;
    const deps = { docker, config, emit: () => undefined, signal: new AbortController().signal };
    const { took } = await timed(() => buildImage(input, deps));
    const { Size } = await docker.getImage(tag).inspect();
    await use(tag).finally(() => docker.getImage(tag).remove({ force: true }));
    return { took, size: Size };
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
