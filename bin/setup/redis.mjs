/** A redis-server that the service can start for itself. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { hasProgram, run } from './run.mjs';
import { SetupError } from './say.mjs';
import { aptInstall, isRoot, system } from './system.mjs';

/** Asked by Debian's packages whether a service may be started; 101 is no. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs redis-server unless there is one. */
export async function requireRedis() {
  if (hasProgram('redis-server')) return;
  if (system() === 'debian' && isRoot()) return withoutService(install);
  const how = {
    debian: 'sudo apt-get install redis-server',
    fedora: 'sudo dnf install redis',
    macos: 'brew install redis',
  };
  throw new SetupError(
    `The service needs redis-server, which is not installed.\n` +
      `What to do: ${how[system()] ?? 'install Redis 6.2 or newer'}; or set REDIS_URL to a Redis that runs.`,
  );
}

async function install() {
  await aptInstall(['redis-server'], 'There is no redis-server here');
  // We run one of our own; the machine's was not asked for.
  if (existsSync('/run/systemd/system')) await run('systemctl', ['disable', '--quiet', 'redis-server']);
}

/** Installs with `work` while no package may start a service of its own. */
export async function withoutService(work) {
  if (existsSync(POLICY)) return work();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(POLICY);
  }
}
