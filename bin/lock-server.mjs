#!/usr/bin/env node
// For maintainers: `npm run lock:server [-- YYYY-MM-DD [NAME…]]` writes templates/server/<suite>.lock, the packages of the
// Jupyter server as of that day (default: a week ago, so that what was withdrawn at once is not in it), and the conda
// client's buildpacks/conda/client.lock; with names (bullseye, client, …) only those.
// Needs uv or uvx on the PATH and a package index with upload times.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TARGETS = [
  { suite: 'bullseye', python: '3.9', glibc: '2_31' },
  { suite: 'bookworm', python: '3.11', glibc: '2_36' },
  { suite: 'trixie', python: '3.13', glibc: '2_40' },
  // Its one wheel is for every Python from 3.10 on.
  { suite: 'client', python: '3.11', glibc: '2_36' },
];
const ARCHITECTURES = ['x86_64', 'aarch64'];
const WANTED = [
  'jupyterlab',
  'notebook',
  'jupyterhub',
  'nbclient',
  'papermill',
  'nbgitpuller',
  'ipykernel',
  'ipywidgets',
  'requests',
  'pyyaml',
  'psutil',
  'beautifulsoup4',
  'pip',
  'uv',
];

const CLIENT = ['py-rattler'];

/** rfc3987-syntax builds a grammar when it is imported: 1.3 s of every server's start, for a format that nothing here checks. */
const LEFT_OUT = ['rfc3987-syntax', 'lark'];

const [, , given, ...names] = process.argv;
const day = given ?? new Date(Date.now() - 7 * 86_400_000).toISOString().slice(0, 10);
if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw new Error(`not a day: ${day}`);
const scratch = mkdtempSync(join(tmpdir(), 'lock-server-'));

function uv(args) {
  const options = { stdio: ['ignore', 'inherit', 'inherit'] };
  try {
    execFileSync('uv', args, options);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    execFileSync('uvx', ['uv', ...args], options);
  }
}

/** Packages of a pylock.toml that uv wrote, as name → { version, hashes of its wheels }. */
function readPylock(path) {
  const packages = new Map();
  for (const block of readFileSync(path, 'utf8').split('[[packages]]\n').slice(1)) {
    const name = /^name = "([^"]+)"$/m.exec(block)[1];
    const version = /^version = "([^"]+)"$/m.exec(block)[1];
    const wheels = /^wheels = \[([\s\S]*)\]$/m.exec(block)?.[1];
    if (wheels === undefined) throw new Error(`${name} ${version} has no wheel`);
    packages.set(name, {
      version,
      hashes: [...wheels.matchAll(/sha256 = "([0-9a-f]{64})"/g)].map((match) => match[1]),
    });
  }
  return packages;
}

/** Resolves for one architecture, wheels only; `versions` holds it to what another one gave. */
function resolve(target, architecture, versions) {
  const constraints = join(scratch, 'constraints.txt');
  const output = join(scratch, 'pylock.toml');
  writeFileSync(join(scratch, 'server.in'), (target.suite === 'client' ? CLIENT : WANTED).join('\n'));
  writeFileSync(constraints, [...versions].map(([name, { version }]) => `${name}==${version}`).join('\n'));
  rmSync(output, { force: true });
  uv([
    ...['pip', 'compile', '-q', '--no-config', '--no-build', '--no-header', '--no-annotate', '--format', 'pylock.toml'],
    ...LEFT_OUT.flatMap((name) => ['--no-emit-package', name]),
    ...['--python-version', target.python, '--python-platform', `${architecture}-manylinux_${target.glibc}`],
    ...['--exclude-newer', `${day}T00:00:00Z`, '-c', constraints, '-o', output, join(scratch, 'server.in')],
  ]);
  return readPylock(output);
}

function merge(into, from) {
  for (const [name, { version, hashes }] of from) {
    const known = into.get(name)?.hashes ?? [];
    into.set(name, { version, hashes: [...new Set([...known, ...hashes])].sort() });
  }
}

for (const target of TARGETS.filter(({ suite }) => names.length === 0 || names.includes(suite))) {
  const packages = new Map();
  for (const architecture of ARCHITECTURES) merge(packages, resolve(target, architecture, packages));
  const lines = [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { version, hashes }]) =>
      [`${name}==${version}`, ...hashes.map((hash) => `--hash=sha256:${hash}`)].join(' '),
    );
  const isClient = target.suite === 'client';
  const header = [
    isClient
      ? `# The conda client, as of ${day}.`
      : `# The Jupyter server on ${target.suite} (Python ${target.python}), as of ${day}.`,
    `# Made by \`npm run lock:server -- ${day}\`: hashes of the wheels for ${ARCHITECTURES.join(' and ')}.`,
  ];
  writeFileSync(
    new URL(isClient ? '../buildpacks/conda/client.lock' : `../templates/server/${target.suite}.lock`, import.meta.url),
    `${[...header, ...lines].join('\n')}\n`,
  );
  process.stdout.write(`${target.suite}: ${lines.length} packages\n`);
}
rmSync(scratch, { recursive: true });
