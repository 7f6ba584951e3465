/** Files in the data folder that are past their age: plans whose image is gone, logs, root file systems, what was kin. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Plan } from '../types.ts';

type FilesConfig = Pick<Config, 'SLIPWAY_DATA' | 'SLIPWAY_KEEP_RECORDS'>;

export interface OldFiles {
  count: number;
  bytes: number;
}

/** @param hasImage whether the engine has an image of this name: its plan stays as long, or its commit would be planned anew */
export async function removeOldFiles(
  config: FilesConfig,
  hasImage: (name: string) => boolean,
  { dryRun = false, now = Date.now() } = {},
): Promise<OldFiles> {
  const old: OldFiles = { count: 0, bytes: 0 };
  for (const folder of ['logs', 'rootfs', 'kin', 'plans']) {
    const isNeeded = folder === 'plans' ? (path: string) => isPlanOf(path, hasImage) : async () => false;
    const root = join(config.SLIPWAY_DATA, folder);
    for (const name of await readdir(root, { recursive: true }).catch(() => [])) {
      const path = join(root, name);
      const facts = await stat(path).catch(() => undefined);
      if (!facts?.isFile() || now - facts.mtimeMs <= config.SLIPWAY_KEEP_RECORDS || (await isNeeded(path))) continue;
      if (!dryRun) await rm(path, { force: true });
      old.count += 1;
      old.bytes += facts.size;
    }
  }
  return old;
}

async function isPlanOf(path: string, hasImage: (name: string) => boolean): Promise<boolean> {
  try {
    const { tiers } = JSON.parse(await readFile(path, 'utf8')) as Plan;
    return hasImage(tiers.content.image);
  } catch {
    // Half written when the machine went down; nobody reads it.
    return false;
  }
}
