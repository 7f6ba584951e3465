/** Which builds run on this machine now, of all processes and installations: the firewall is one for all of them. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from './egress-rules.ts';
import { isRunning, processMark } from './process-mark.ts';

/** Gone after a reboot, as the rules are. */
const FOLDER = '/run/slipway/egress';

export interface BuildRecord {
  mirrors: Endpoint[];
  proxies: Endpoint[];
}

/** Notes a build of this process; @returns its name, for `removeBuild` */
export async function addBuild(record: BuildRecord): Promise<string> {
  await mkdir(FOLDER, { recursive: true, mode: 0o700 });
  const name = `${await processMark()}-${randomBytes(4).toString('hex')}`;
  const draft = join(FOLDER, `.${name}`);
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  await rename(draft, join(FOLDER, name));
  return name;
}

/** Takes a build from the list. */
export async function removeBuild(name: string): Promise<void> {
  await rm(join(FOLDER, name), { force: true });
}

/** Builds whose process is alive; what a killed process left is removed. */
export async function liveBuilds(): Promise<BuildRecord[]> {
  const names = await readdir(FOLDER).catch(() => []);
  const found = names
    .filter((name) => !name.startsWith('.'))
    .map(async (name) => {
      if (await isRunning(name)) return readRecord(join(FOLDER, name));
      await removeBuild(name);
      return undefined;
    });
  return (await Promise.all(found)).filter((record) => record !== undefined);
}

async function readRecord(path: string): Promise<BuildRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as BuildRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
