/** Makes the root file system of a Debian suite from a Debian mirror, where no container registry can be reached. */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Emit, Suite } from '../types.ts';
import { throwIfCancelled } from './cancel.ts';
import { debianMirrors, publicSources } from './mirrors.ts';
import { lineCutter, masker, secretsOf } from './text.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface BootstrapDeps {
  config: Config;
  emit: Emit;
  signal: AbortSignal;
}

/** What stands in the way of debootstrap on this machine, as a sentence and its remedy; undefined when nothing does. */
export function bootstrapObstacle(): { message: string; hint: string } | undefined {
  if (process.platform !== 'linux')
    return { message: 'debootstrap runs on Linux only', hint: 'Let a registry be reached.' };
  const found = ['/usr/sbin/debootstrap', '/usr/bin/debootstrap', '/sbin/debootstrap'].some((path) => existsSync(path));
  if (!found) return { message: 'debootstrap is not installed', hint: 'Run: apt-get install debootstrap' };
  if (!existsSync(KEYRING))
    return { message: `there is no ${KEYRING}`, hint: 'Run: apt-get install debian-archive-keyring' };
  if (process.getuid?.() !== 0)
    return { message: 'debootstrap needs root', hint: 'Run slipway once as root, or let a registry be reached.' };
  return undefined;
}

/**
 * Writes the suite's root file system as a gzipped tar to `target`, whole or not at all. Tries the configured mirrors
 * in order. Throws `base_unavailable` with what debootstrap said.
 */
export async function bootstrap(suite: Suite, target: string, deps: BootstrapDeps): Promise<void> {
  const folder = join(target, '..');
  await removeLeftovers(folder, suite);
  const faults: string[] = [];
  for (const mirror of debianMirrors(deps.config, suite)) {
    const work = await mkdtemp(join(folder, `.work-${suite}-`));
    try {
      await chmod(work, 0o755);
      const fault = await debootstrap(suite, work, mirror, deps);
      if (fault === undefined) {
        await slim(work, suite);
        return await pack(work, target, deps.signal);
      }
      faults.push(fault);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  throw unavailable(suite, faults);
}

/** What a process left that was killed: the caller holds the suite's lock, so nobody works there now. */
async function removeLeftovers(folder: string, suite: Suite): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(`.work-${suite}-`));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
}

/** @returns what went wrong, undefined when nothing did */
async function debootstrap(
  suite: Suite,
  work: string,
  mirror: string,
  deps: BootstrapDeps,
): Promise<string | undefined> {
  const mask = masker(secretsOf([mirror, deps.config.HTTP_PROXY, deps.config.HTTPS_PROXY]));
  const last: string[] = [];
  let packages = 0;
  const line = (text: string) => {
    last.push(mask(text));
    if (last.length > 5) last.shift();
    if (/^I: (Retrieving|Unpacking|Configuring) /.test(text)) packages += 1;
    if (packages > 0 && packages % 100 === 0)
      deps.emit({ phase: 'building', message: `debootstrap ${suite}: ${mask(text)}` });
  };
  // In a mount namespace of its own: however it ends, no /proc stays mounted in a folder that is about to be removed.
  const options = ['--variant=minbase', `--keyring=${KEYRING}`, suite, work, mirror];
  const command = ['--mount', '--propagation', 'private', 'debootstrap', ...options];
  const code = await execute('unshare', command, deps, line);
  throwIfCancelled(deps.signal);
  return code === 0
    ? undefined
    : `${mask(mirror)}: ${last.filter((text) => /^[EW]:/.test(text)).join(' ') || last.join(' ')}`;
}

function execute(program: string, args: string[], deps: BootstrapDeps, line: (text: string) => void): Promise<number> {
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = deps.config;
  const proxies = { http_proxy: HTTP_PROXY, https_proxy: HTTPS_PROXY, no_proxy: NO_PROXY };
  const given = Object.fromEntries(Object.entries(proxies).filter(([, value]) => value !== ''));
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const env = { PATH, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', ...given };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    // The whole group: debootstrap leaves dpkg running when only the shell script is killed.
    const kill = () => {
      if (child.pid) process.kill(-child.pid, 'SIGKILL');
    };
    deps.signal.addEventListener('abort', kill, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      const cutter = lineCutter();
      stream.on('data', (chunk: Buffer) => cutter.push(chunk).forEach(line));
      stream.on('end', () => cutter.end().forEach(line));
    }
    child.once('error', reject);
    child.once('close', (code) => {
      deps.signal.removeEventListener('abort', kill);
      resolve(code ?? 1);
    });
  });
}

const EXCLUDED = ['doc', 'info', 'linda', 'lintian/overrides', 'locale', 'man'];
const DPKG_SLIM = `${EXCLUDED.map((path) => `path-exclude /usr/share/${path}/*`).join('\n')}
path-include /usr/share/locale/locale.alias
path-include /usr/share/doc/*/copyright
`;

/** Configuration that Debian's own container images carry, so that both kinds of root file system behave alike. */
function settings(suite: Suite): [string, string][] {
  return [
    ['etc/apt/sources.list', publicSources(suite)],
    ['etc/dpkg/dpkg.cfg.d/docker', DPKG_SLIM],
    ['etc/dpkg/dpkg.cfg.d/docker-apt-speedup', 'force-unsafe-io\n'],
    ['etc/apt/apt.conf.d/docker-no-languages', 'Acquire::Languages "none";\n'],
    ['etc/apt/apt.conf.d/docker-gzip-indexes', 'Acquire::GzipIndexes "true";\n'],
    ['etc/apt/apt.conf.d/docker-autoremove-suggests', 'Apt::AutoRemove::SuggestsImportant "false";\n'],
    ['etc/hostname', 'debian\n'],
    ['etc/resolv.conf', ''],
    ['usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n'],
  ];
}

async function slim(root: string, suite: Suite): Promise<void> {
  const emptied = [
    'var/lib/apt/lists',
    'var/cache/apt',
    'var/log',
    'debootstrap',
    'var/cache/debconf/templates.dat-old',
  ];
  const documents = EXCLUDED.filter((path) => path !== 'doc' && path !== 'locale').map((path) => `usr/share/${path}`);
  for (const path of [...emptied, ...documents]) await rm(join(root, path), { recursive: true, force: true });
  await keepOnly(join(root, 'usr/share/locale'), ['locale.alias']);
  await dropDocs(join(root, 'usr/share/doc'));
  for (const path of ['var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'var/log/apt', 'usr/share/man'])
    await mkdir(join(root, path), { recursive: true });
  for (const [path, content] of settings(suite)) await writeFile(join(root, path), content);
  await chmod(join(root, 'usr/sbin/policy-rc.d'), 0o755);
}

async function keepOnly(folder: string, names: readonly string[]): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  const surplus = found.filter((name) => !names.includes(name));
  await Promise.all(surplus.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function dropDocs(folder: string): Promise<void> {
  const packages = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of packages) if (entry.isDirectory()) await keepOnly(join(folder, entry.name), ['copyright']);
}

/** A tar of the folder with owners by number, compressed on the way, and in its place only when it is whole. */
async function pack(root: string, target: string, signal: AbortSignal): Promise<void> {
  const draft = `${target}.${process.pid}`;
  const exclude = ['./dev/*', './proc/*', './sys/*'].map((path) => `--exclude=${path}`);
  const tar = spawn('tar', ['--numeric-owner', '--xattrs', '-C', root, ...exclude, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  const ended = new Promise<number>((resolve, reject) => {
    tar.once('error', reject);
    tar.once('close', (code) => resolve(code ?? 1));
  });
  try {
    await Promise.all([pipeline(tar.stdout, createGzip({ level: 3 }), createWriteStream(draft)), ended]);
    const code = await ended;
    if (code !== 0) throw new Error(`tar ended with ${code}`);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}

function unavailable(suite: Suite, faults: readonly string[]): SlipwayError {
  const said = faults.join('\n  ');
  const hint = /unknown key|NO_PUBKEY|keyring/i.test(said)
    ? `The keys of ${suite} are missing: install a newer package debian-archive-keyring.`
    : /No such script/i.test(said)
      ? `This debootstrap does not know ${suite}: install a newer package debootstrap.`
      : 'Check SLIPWAY_MIRROR_DEBIAN and the network of this machine, then try again.';
  return new SlipwayError('base_unavailable', `debootstrap could not make Debian ${suite}:\n  ${said}`, { hint });
}
