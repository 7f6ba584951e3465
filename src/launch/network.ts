/** The networks that sessions stand in, or the door of one that has none. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { withLock } from '../lock.ts';

/** Time that the network may take. */
const LOCKED = 30_000;
const NETWORKS = { internet: 'slipway-sessions', none: 'slipway-sessions-none' } as const;

/**
 * Name of the network that `SLIPWAY_SESSION_NETWORK` asks for. `none` is one that the engine itself gives no way out,
 * with or without a firewall.
 */
export function sessionNetwork(config: Config): string {
  return NETWORKS[config.SLIPWAY_SESSION_NETWORK];
}

/** Makes sure of that network, and that it is one: an engine lets two who come at once make the same, and then starts nothing. */
export async function ensureSessionNetwork(docker: Docker, config: Config): Promise<void> {
  const name = sessionNetwork(config);
  const named = async () =>
    (await docker.listNetworks({ filters: { name: [name] } })).filter(({ Name }) => Name === name);
  if ((await named()).length === 1) return;
  await withLock(
    `network ${name}`,
    AbortSignal.timeout(LOCKED),
    () => {},
    async () => {
      if ((await named()).length === 0) await createNetwork(docker, name, config.SLIPWAY_SESSION_NETWORK === 'none');
      const [, ...others] = (await named()).sort((a, b) => String(a.Created).localeCompare(String(b.Created)));
      // One that has sessions stays, and so does the fault; nobody's sessions are ended for it.
      for (const { Id } of others)
        await docker
          .getNetwork(Id)
          .remove()
          .catch(() => undefined);
    },
  );
}

async function createNetwork(docker: Docker, name: string, isInternal: boolean): Promise<void> {
  const options = { 'com.docker.network.bridge.enable_icc': 'false' };
  await docker
    .createNetwork({ Name: name, Driver: 'bridge', Internal: isInternal, CheckDuplicate: true, Options: options })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 409) throw error;
    });
}

/** Longest path of a unix socket, with the socket's name behind the folder's. */
const LONGEST = 107 - '/server'.length;

/**
 * Makes the folder for the socket of a session. Its name is short because a socket's path is; anybody may write to it,
 * since the container's user is none of this machine, but nobody else gets to it.
 */
export async function makeDoor(config: Config, id: string): Promise<string> {
  const doors = join(config.SLIPWAY_DATA, 'doors');
  const door = join(doors, createHash('sha256').update(id).digest('hex').slice(0, 12));
  if (door.length > LONGEST) {
    throw new SlipwayError('bad_setting', `SLIPWAY_DATA is too long a path for sockets: ${config.SLIPWAY_DATA}`, {
      hint: 'With SLIPWAY_SESSION_NETWORK=none sessions are reached by unix sockets in that folder.',
    });
  }
  await mkdir(doors, { recursive: true, mode: 0o700 });
  await mkdir(door, { recursive: true });
  await chmod(door, 0o777);
  return door;
}

/** Removes a session's folder for good. */
export async function removeDoor(door: string): Promise<void> {
  await rm(door, { recursive: true, force: true });
}

/** Bytes of the files in a session's folder, where it has nothing to write. */
export async function sizeOf(door: string): Promise<number> {
  const names = await readdir(door, { recursive: true }).catch(() => []);
  const sizes = names.map((name) =>
    lstat(join(door, name)).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
