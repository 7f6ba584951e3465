/** Everything that `npm test` needs and does. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireRedis, withoutService } from './redis.mjs';
import { hasProgram, ROOT, run } from './run.mjs';
import { SetupError, say } from './say.mjs';
import { aptInstall, isRoot, system } from './system.mjs';

/** Program → Debian package that has it. */
const NEEDED = {
  git: 'git',
  'git-lfs': 'git-lfs',
  debootstrap: 'debootstrap',
  chromium: 'chromium',
  'docker-registry': 'docker-registry',
  openssl: 'openssl',
  zstd: 'zstd',
};

async function requirePrograms() {
  const missing = Object.entries(NEEDED).filter(([program]) => !hasProgram(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  // Debian's keys are needed to bootstrap its suites from Ubuntu.
  if (packages.includes('debootstrap')) packages.push('debian-archive-keyring');
  if (system() === 'debian' && isRoot()) {
    await withoutService(() => aptInstall(packages, 'The tests need more'));
    // The tests start one of their own; Debian's would come with the machine's next start.
    if (packages.includes('docker-registry') && existsSync('/run/systemd/system'))
      await run('systemctl', ['disable', '--quiet', 'docker-registry']);
    return;
  }
  const how = { debian: 'sudo apt-get install', fedora: 'sudo dnf install', macos: 'brew install' }[system()];
  throw new SetupError(
    `The tests need these programs: ${packages.join(', ')}.\nWhat to do: ${how ?? 'install'} ${packages.join(' ')}`,
  );
}

/**
 * Runs the checks and every test; further words go to vitest. The counts are left in test-results/vitest.json.
 * @returns the exit code: the tests', else that of the checks
 */
export async function runTests(words) {
  await requirePrograms();
  await requireRedis();
  const isPart = words.length > 0;
  const checks = isPart ? 0 : await run('npm', ['run', '--silent', 'check'], { stdout: 'inherit' });
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', '--outputFile.json=test-results/vitest.json'];
  const code = await run(process.execPath, [vitest, 'run', ...reporters, ...words], { stdout: 'inherit' });
  if (checks !== 0) say('npm run check found faults; they stand above the tests.');
  return code || checks;
}
