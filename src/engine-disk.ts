/** Watches the space that the engine has left while it builds. */
import { statfs } from 'node:fs/promises';
import type { Config } from './config.ts';
import { localSocket } from './engine.ts';
import { SlipwayError } from './errors.ts';

const LOOK_EVERY = 1000;

type DiskConfig = Pick<Config, 'DOCKER_HOST' | 'SLIPWAY_DISK_FREE'>;

/** Free bytes of the engine's data folder; undefined when the engine is elsewhere or the folder may not be seen. */
export async function engineDiskFree(config: DiskConfig, dataRoot: string | undefined): Promise<number | undefined> {
  if (!localSocket(config) || !dataRoot) return undefined;
  const found = await statfs(dataRoot).catch(() => undefined);
  return found && found.bavail * found.bsize;
}

/**
 * Calls `full` once with a `disk_full` error as soon as less is free than SLIPWAY_DISK_FREE, first before this returns.
 * @returns ends the watch
 */
export async function watchDisk(
  config: DiskConfig,
  dataRoot: string | undefined,
  full: (error: SlipwayError) => void,
): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const free = await engineDiskFree(config, dataRoot);
    if (free === undefined || free >= config.SLIPWAY_DISK_FREE) return;
    clearInterval(timer);
    full(diskFull(free, config.SLIPWAY_DISK_FREE, dataRoot ?? ''));
  };
  timer = setInterval(look, LOOK_EVERY);
  timer.unref();
  await look();
  return () => clearInterval(timer);
}

function diskFull(free: number, wanted: number, dataRoot: string): SlipwayError {
  const size = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;
  return new SlipwayError(
    'disk_full',
    `Only ${size(free)} are free in ${dataRoot}; builds stop below ${size(wanted)}.`,
    {
      hint: 'Remove images that nobody needs (docker image prune, docker builder prune) or lower SLIPWAY_DISK_FREE.',
    },
  );
}
