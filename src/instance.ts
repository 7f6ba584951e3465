/** Who we are: every container, network and image that Slipway makes carries this id, so that stop and prune touch only their own. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config.ts';

/** Label that names the instance which made a container, network or image. */
export const INSTANCE_LABEL = 'org.slipway.instance';

const known = new Map<string, string>();

/** 16 hexadecimal digits, random, made once and kept in `<SLIPWAY_DATA>/instance`. Safe against processes that start together. */
export async function instanceId(config: Pick<Config, 'SLIPWAY_DATA'>): Promise<string> {
  const path = join(config.SLIPWAY_DATA, 'instance');
  const id = known.get(path) ?? (await readId(path)) ?? (await createId(path));
  known.set(path, id);
  return id;
}

/**
 * Has this process, and a data folder that is new, be of the instance that all who share something have agreed upon.
 * @param agree told an id that it may choose; says which it is
 */
export async function joinInstance(
  config: Pick<Config, 'SLIPWAY_DATA'>,
  agree: (own: string) => Promise<string>,
): Promise<void> {
  const path = join(config.SLIPWAY_DATA, 'instance');
  const own = await readId(path);
  const agreed = await agree(own ?? randomBytes(8).toString('hex'));
  if (own === undefined) await createId(path, agreed);
  known.set(path, agreed);
}

async function readId(path: string): Promise<string | undefined> {
  try {
    const id = (await readFile(path, 'utf8')).trim();
    return /^[0-9a-f]{16}$/.test(id) ? id : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A hard link of a complete file is the one way in which two processes can never both win or read half an id. */
async function createId(path: string, id = randomBytes(8).toString('hex')): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${id}\n`, { flag: 'wx' });
  try {
    await link(draft, path);
    return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const winner = await readId(path);
    if (winner) return winner;
    throw new Error(`${path} does not hold an instance id; remove it and start again`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}
