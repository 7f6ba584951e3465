/** node_modules, as package-lock.json asks for. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './run.mjs';
import { SetupError, say } from './say.mjs';

const LOCK = join(ROOT, 'package-lock.json');
const STAMP = join(ROOT, 'node_modules', '.slipway-stamp');
/** npm's own record of what it has installed, written at the end of each install. */
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');
/** npm writes the lock and its record within moments of one another, in either order. */
const MOMENT = 30_000;

function stampOf() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex');
}

function isInstalled(stamp) {
  if (!existsSync(INSTALLED)) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return true;
  return statSync(INSTALLED).mtimeMs + MOMENT >= statSync(LOCK).mtimeMs;
}

/** Installs the packages unless they are those of the lock already. */
export async function installPackages() {
  // Installed as a package itself, Slipway has its dependencies beside it and no lock.
  if (!existsSync(LOCK)) return;
  const stamp = stampOf();
  if (!isInstalled(stamp)) {
    // No package that we need builds anything at install; those that could only slow it down.
    say('Installing packages (npm ci) …');
    const code = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
    if (code !== 0) throw new SetupError(`npm ci ended with exit code ${code}; its message above says why.`);
  }
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== stamp) writeFileSync(STAMP, stamp);
}
