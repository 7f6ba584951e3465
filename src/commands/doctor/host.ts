/** This machine: git, debootstrap, the data folder, and the disks that we ourselves write on. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { bytes } from '../text.ts';
import { type Check, type Finding, fail, ok, warn } from './finding.ts';

const run = promisify(execFile);

export const checkGit: Check = async () => {
  const said = await run('git', ['--version']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const [, version, major = 0, minor = 0] = /(\d+)\.(\d+)[.\d]*/.exec(said)
    ? (/((\d+)\.(\d+)[.\d]*)/.exec(said) ?? [])
    : [];
  const mend = 'Install git 2.31 or newer: apt-get install git, dnf install git, or brew install git.';
  if (!version) return fail('git', 'git is not installed.', mend);
  const isOld = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 31);
  return isOld ? fail('git', `git ${version} is too old.`, mend) : ok('git', `git ${version}`);
};

export const checkDebootstrap: Check = async (config) => {
  const name = 'debootstrap';
  if (config.SLIPWAY_BASE_SOURCE === 'registry') return ok(name, 'not needed, as SLIPWAY_BASE_SOURCE is registry');
  const isThere = ['/usr/sbin', '/usr/bin', '/sbin'].some((folder) => existsSync(`${folder}/debootstrap`));
  const isRoot = process.getuid?.() === 0;
  if (isThere && isRoot) return ok(name, 'installed; bases can be made without a container registry');
  const message = isThere
    ? 'debootstrap needs root, so bases have to be pulled.'
    : 'debootstrap is not installed, so bases have to be pulled.';
  const mend = isThere
    ? 'Run Slipway as root where no container registry can be reached.'
    : 'apt-get install debootstrap, where no container registry can be reached.';
  return config.SLIPWAY_BASE_SOURCE === 'debootstrap' ? fail(name, message, mend) : warn(name, message, mend);
};

export const checkData: Check = async ({ SLIPWAY_DATA }) => {
  try {
    await mkdir(SLIPWAY_DATA, { recursive: true });
    await access(SLIPWAY_DATA, constants.W_OK);
    const mend = 'Free some space there, or name a folder on a larger disk by SLIPWAY_DATA.';
    return [ok('data folder', SLIPWAY_DATA), await space('data space', SLIPWAY_DATA, mend)];
  } catch (error) {
    const mend = 'Make it writable for this user, or name another by SLIPWAY_DATA.';
    return fail('data folder', `${SLIPWAY_DATA} cannot be written: ${(error as Error).message}`, mend);
  }
};

/** A repository with some data is fetched, packed and laid out as a layer in about this much. */
const ROOM = { enough: 2 ** 30, needed: 2 ** 26 };

async function space(check: string, folder: string, mend: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${bytes(free)} free in ${folder}`;
  if (free >= ROOM.enough) return ok(check, message);
  return (free < ROOM.needed ? fail : warn)(check, `Only ${message}.`, mend);
}

export const checkTemporary: Check = () =>
  space('temporary space', tmpdir(), 'Free some space there, or name a folder on a larger disk by TMPDIR.');
