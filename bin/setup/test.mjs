/** Everything that `npm test` needs and does. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
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

/** Some tests make packages and archives with Python, and hold repo2docker beside us; nothing else needs it. */
function hasVenv() {
  return hasProgram('python3') && spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
}

async function requirePrograms() {
  const missing = Object.entries(NEEDED).filter(([program]) => !hasProgram(program));
  const packages = [...missing.map(([, name]) => name), ...(hasVenv() ? [] : ['python3-venv'])];
  if (packages.length === 0) return;
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

const RESULTS = join(ROOT, 'test-results');

/** Runs vitest; its counts, and errors outside of every test, are left in files of test-results. */
function vitest(words, report, stdout) {
  const program = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const named = ['default', 'json', './test/support/unhandled-reporter.ts'].map((name) => `--reporter=${name}`);
  const reporters = [...named, `--outputFile.json=test-results/${report}.json`];
  return run(process.execPath, [program, 'run', ...reporters, ...words], { stdout });
}

/** What has nothing to do for BuildKit runs beside what has, into a file that is shown afterwards. */
async function apart() {
  const path = join(RESULTS, 'apart.txt');
  const file = openSync(path, 'w');
  const code = await vitest(['--project', 'unit', '--project', 'apart'], 'vitest-apart', file);
  closeSync(file);
  return { path, code };
}

/** Builds follow each other: two at once on a small machine and one network fail for reasons that are not ours. */
async function runAll() {
  mkdirSync(RESULTS, { recursive: true });
  const lane = (project) => vitest(['--project', project], `vitest-${project}`, 'inherit');
  const beside = apart();
  const codes = [await lane('integration'), await lane('built')];
  const { path, code } = await beside;
  codes.push(code, await lane('alone'));
  process.stdout.write(readFileSync(path));
  return codes.find((one) => one !== 0) ?? 0;
}

/**
 * Runs the checks and every test; further words go to vitest. The counts are left in test-results/vitest*.json.
 * @returns the exit code: the tests', else that of the checks
 */
export async function runTests(words) {
  await requirePrograms();
  await requireRedis();
  if (words.length > 0) return vitest(words, 'vitest', 'inherit');
  const checks = await run('npm', ['run', '--silent', 'check'], { stdout: 'inherit' });
  const code = await runAll();
  if (checks !== 0) say('npm run check found faults; they stand above the tests.');
  return code || checks;
}
