/** The machine that we are on, and how programs get onto it. */
import { readFileSync } from 'node:fs';
import { run } from './run.mjs';
import { SetupError, say } from './say.mjs';

function osRelease() {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    const entries = [...text.matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)].map(([, name, value]) => [name, value]);
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

/** `debian` for Debian, Ubuntu and their like, `fedora` likewise, `macos`, or `other`. */
export function system() {
  if (process.platform === 'darwin') return 'macos';
  const { ID = '', ID_LIKE = '' } = osRelease();
  const names = `${ID} ${ID_LIKE}`.split(' ');
  if (names.includes('debian') || names.includes('ubuntu')) return 'debian';
  return names.includes('fedora') || names.includes('rhel') ? 'fedora' : 'other';
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** Installs Debian packages, after saying which. */
export async function aptInstall(packages, why) {
  say(`${why}: installing ${packages.join(', ')} with apt-get …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = await run('apt-get', ['update', '-qq'], { env });
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  const code = update === 0 ? await run('apt-get', args, { env }) : update;
  if (code !== 0) throw new SetupError(`apt-get ended with exit code ${code}; its message above says why.`);
}
