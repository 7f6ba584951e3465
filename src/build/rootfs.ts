/** The root file system that every base stands on: Debian's slim image, or the same made by debootstrap. */
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { INSTANCE_LABEL, instanceId } from '../instance.ts';
import { withLock } from '../lock.ts';
import type { Emit, Suite } from '../types.ts';
import { bootstrap, bootstrapObstacle } from './debootstrap.ts';
import { imageInfo } from './inspect.ts';
import { pullImage } from './pull.ts';

interface RootfsDeps {
  docker: Docker;
  config: Config;
  emit: Emit;
  signal: AbortSignal;
}

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386', s390x: 's390x' };

/**
 * Name of an image in the engine with the suite's root file system; made or pulled when it is not there.
 * Throws `base_unavailable` with what to do, or `unsupported_platform`.
 */
export async function ensureRootfs(suite: Suite, deps: RootfsDeps): Promise<string> {
  const { config, docker } = deps;
  const pulled = `${config.SLIPWAY_MIRROR_DOCKER ? `${config.SLIPWAY_MIRROR_DOCKER.replace(/\/+$/, '')}/` : ''}debian:${suite}-slim`;
  const made = `slipway/rootfs:${suite}`;
  const candidates = { auto: [pulled, made], registry: [pulled], debootstrap: [made] }[config.SLIPWAY_BASE_SOURCE];
  for (const name of candidates) if (await isThere(docker, name, config)) return name;
  if (config.SLIPWAY_BASE_SOURCE === 'debootstrap') return make(suite, made, deps);
  deps.emit({ phase: 'building', message: `Pulling ${pulled}` });
  const fault = await pullImage(pulled, deps);
  if (fault === undefined) return pulled;
  if (config.SLIPWAY_BASE_SOURCE === 'registry') throw notPulled(pulled, fault);
  const message = `${pulled} cannot be pulled (${fault}); using a root file system from the Debian mirror instead`;
  deps.emit({ phase: 'building', message });
  return make(suite, made, deps, fault);
}

async function isThere(docker: Docker, name: string, config: Config): Promise<boolean> {
  const info = await imageInfo(docker, name);
  return info !== undefined && `${info.os}/${info.architecture}` === config.SLIPWAY_PLATFORM.split('/', 2).join('/');
}

/** The tar is kept in the data folder, so that it is made once per suite and machine, whatever becomes of the engine. */
async function make(suite: Suite, name: string, deps: RootfsDeps, pullFault?: string): Promise<string> {
  const { config, emit, signal } = deps;
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  if (config.SLIPWAY_PLATFORM.split('/')[1] !== architecture) throw wrongPlatform(suite, config, architecture);
  const folder = join(config.SLIPWAY_DATA, 'rootfs');
  await mkdir(folder, { recursive: true });
  // Two data folders may have one of these between them: whoever works there has to know of all others.
  const path = join(await realpath(folder), `${suite}-${architecture}.tar.gz`);
  const waiting = () =>
    emit({ phase: 'building', message: `Another Slipway is making Debian ${suite}; waiting for it` });
  await withLock(path, signal, waiting, async () => {
    if (!existsSync(path)) {
      const obstacle = bootstrapObstacle();
      if (obstacle) throw impossible(suite, obstacle, pullFault);
      emit({
        phase: 'building',
        message: `Making Debian ${suite} with debootstrap, once for this machine (about 30 s)`,
      });
      await bootstrap(suite, path, deps);
    }
    if (!(await isThere(deps.docker, name, config))) await importTar(path, name, deps);
  });
  return name;
}

async function importTar(path: string, name: string, deps: RootfsDeps): Promise<void> {
  const { docker, config, signal } = deps;
  const [repo, tag] = name.split(':') as [string, string];
  const changes = ['CMD ["bash"]', `LABEL ${INSTANCE_LABEL}=${await instanceId(config)}`];
  const query = new URLSearchParams({ fromSrc: '-', repo, tag, platform: config.SLIPWAY_PLATFORM });
  for (const change of changes) query.append('changes', change);
  const statusCodes = { 200: true, 500: 'server error' };
  const file = createReadStream(path);
  // docker-modem takes the last character from a path with a query of its own.
  const call = {
    path: `/images/create?${query}&`,
    method: 'POST',
    file,
    isStream: true,
    statusCodes,
    abortSignal: signal,
  };
  const answer = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    docker.modem.dial(call as never, (error, stream) =>
      error ? reject(error) : resolve(stream as NodeJS.ReadableStream),
    );
  });
  let said = '';
  for await (const chunk of answer) said += chunk;
  const fault = /"error":"([^"]*)"/.exec(said)?.[1];
  if (fault) throw new SlipwayError('base_unavailable', `The engine did not take ${path}: ${fault}`);
}

function notPulled(image: string, fault: string): SlipwayError {
  return new SlipwayError('base_unavailable', `${image} cannot be pulled: ${fault}`, {
    hint: 'Set SLIPWAY_MIRROR_DOCKER to a registry that this engine reaches, or SLIPWAY_BASE_SOURCE to auto.',
  });
}

function impossible(suite: Suite, obstacle: { message: string; hint: string }, pullFault?: string): SlipwayError {
  const pull = pullFault ? `cannot be pulled (${pullFault}) and ` : '';
  return new SlipwayError('base_unavailable', `Debian ${suite} ${pull}cannot be made here: ${obstacle.message}.`, {
    hint: `${obstacle.hint} Or set SLIPWAY_MIRROR_DOCKER to a registry that has debian:${suite}-slim.`,
  });
}

function wrongPlatform(suite: Suite, config: Config, architecture: string): SlipwayError {
  const message = `Debian ${suite} for ${config.SLIPWAY_PLATFORM} cannot be made on this ${architecture} machine.`;
  return new SlipwayError('unsupported_platform', message, {
    hint: 'Let the engine reach a registry with Debian images of that platform (SLIPWAY_MIRROR_DOCKER).',
  });
}
