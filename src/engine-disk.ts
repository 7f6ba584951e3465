/** Watches the space that the engine has left while it builds. */
import { statfs } from 'node:fs/promises';
import type { Config } from './config.ts';
import { localSocket } from './engine.ts';
import { SlipwayError } from './errors.ts';

const LOOK_EVERY = 1000;

type DiskConfig = Pick<Config, 'DOCKER_HOST' | 'SLIPWAY_DISK_FREE'>;

/** Bytes of the disk that holds the engine's data. */
export interface DiskUse {
  used: number;
  /** What is used and what may be: a share that is kept for root counts as neither, as with df. */
  total: number;
  free: number;
}

/** How full the engine's disk is; undefined when the engine is elsewhere or its data folder may not be seen. */
export async function engineDiskUse(
  config: Pick<Config, 'DOCKER_HOST'>,
  dataRoot: string | undefined,
): Promise<DiskUse | undefined> {
  if (!localSocket(config) || !dataRoot) return undefined;
  const found = await statfs(dataRoot).catch(() => undefined);
  if (!found) return undefined;
  const { blocks, bfree, bavail, bsize } = found;
  return { used: (blocks - bfree) * bsize, total: (blocks - bfree + bavail) * bsize, free: bavail * bsize };
}

/** Free bytes of the engine's data folder; undefined like `engineDiskUse`. */
export async function engineDiskFree(config: DiskConfig, dataRoot: string | undefined): Promise<number | undefined> {
  return (await engineDiskUse(config, dataRoot))?.free;
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
      hint: 'slipway prune removes what nobody has used lately; or lower SLIPWAY_DISK_FREE.',
    },
  );
}
