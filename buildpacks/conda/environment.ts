/** Which of conda's files describes a repository's environment, and what it says. */
import { SlipwayError } from '../../src/errors.ts';
import { folderOf, joinPath, resolveInside } from '../../src/paths.ts';
import type { Checkout, ConfigFolder, Notice } from '../../src/types.ts';
import { noRequirements, type Requirements, readRequirementLines } from '../python/requirements.ts';
import { readEnvironmentFile } from './environment-file.ts';
import { fault } from './faults.ts';
import { type Lock, readCondaLock, subdirOf } from './locks.ts';
import { misfits, pipMisfits } from './misfits.ts';
import { readPixi } from './pixi.ts';
import { readPixiLock } from './pixi-lock.ts';
import type { CondaEnvironment } from './types.ts';
import { counted } from './wording.ts';

/** Files that Binder reads an environment from: what it does not read never takes their place. */
const BINDERS = [
  'requirements.txt',
  'Pipfile',
  'Pipfile.lock',
  'Project.toml',
  'JuliaProject.toml',
  'DESCRIPTION',
  'install.R',
];

interface Folder {
  checkout: Checkout;
  path: string;
  /** As conda calls our platform. */
  subdir: string;
}

async function present({ checkout, path }: Folder, name: string): Promise<string | undefined> {
  const file = joinPath(path, name);
  return (await checkout.kind(file)) === undefined ? undefined : file;
}

async function firstPresent(folder: Folder, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const file = await present(folder, name);
    if (file !== undefined) return file;
  }
  return undefined;
}

function ignored(file: string, why: string): Notice {
  return { code: 'ignored-file', message: `${file} is ignored because ${why}.`, file };
}

/** A lock, and what it has for pip as requirements. */
interface Locking {
  lock: Lock;
  pip?: Requirements;
}

async function lockOf({ checkout, subdir }: Folder, file: string, read: typeof readCondaLock): Promise<Locking> {
  const lock = await read(checkout, file, subdir);
  return lock.pip.length === 0 ? { lock } : { lock, pip: await readRequirementLines(checkout, lock.pip) };
}

/** Why a lock cannot stand for its manifest. */
function unfit({ lock, pip }: Locking, environment: CondaEnvironment, subdir: string): string | undefined {
  if (lock.locked.length === 0) return `it has no packages for ${subdir}`;
  const [manifest = ''] = environment.files;
  const isItsOwn =
    lock.sources.length === 0 || lock.sources.some((source) => resolveInside(folderOf(lock.file), source) === manifest);
  if (!isItsOwn) return `it was made from ${lock.sources.slice(0, 3).join(', ')} and not from ${manifest}`;
  const others = [...misfits(environment.specs, lock.locked), ...pipMisfits(environment.pip, lock.locked, pip)];
  if (others.length === 0) return undefined;
  return `it does not fit ${manifest}: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', …' : ''}`;
}

/** An environment whose packages a lock names one by one. */
function locked({ lock, pip: written }: Locking, environment: CondaEnvironment | undefined): CondaEnvironment {
  const [first, ...others] = environment?.files ?? [];
  // Folders of the repository are in no lock.
  const local = environment?.pip?.local ?? [];
  const pip = written === undefined && local.length === 0 ? undefined : { ...(written ?? noRequirements()), local };
  const reason = `locks ${counted(lock.locked.length, lock.pip.length)}`;
  return {
    files: [lock.file, ...(first === undefined ? [] : [first, ...others])],
    channels: environment?.channels ?? (lock.channels.length === 0 ? ['conda-forge'] : lock.channels),
    specs: environment?.specs ?? [],
    ...(pip === undefined ? {} : { pip }),
    variables: environment?.variables ?? {},
    locked: lock.locked,
    evidence: [{ file: lock.file, reason }, ...(environment?.evidence ?? [])],
    notices: [...(environment?.notices ?? []), ...(written?.notices ?? [])],
  };
}

/** A manifest with its lock; a lock that cannot stand for it is left alone, and it is said. */
async function withLock(
  folder: Folder,
  environment: CondaEnvironment,
  file: string,
  read: typeof readCondaLock,
): Promise<CondaEnvironment> {
  const withNotice = (why: string) => ({ ...environment, notices: [...environment.notices, ignored(file, why)] });
  try {
    const found = await lockOf(folder, file, read);
    const why = unfit(found, environment, folder.subdir);
    return why === undefined ? locked(found, environment) : withNotice(why);
  } catch (error) {
    // What Binder does not read never fails what it does.
    if (!(error instanceof SlipwayError) || !['bad_environment_file', 'file_too_large'].includes(error.code))
      throw error;
    return withNotice(`it cannot be read: ${error.message.replace(/\.$/, '')}`);
  }
}

async function lockAlone(folder: Folder, file: string): Promise<CondaEnvironment> {
  const found = await lockOf(folder, file, readCondaLock);
  const { lock } = found;
  if (lock.locked.length > 0) return locked(found, undefined);
  const platforms = lock.platforms.slice(0, 5).join(', ') || 'no platform';
  throw fault(
    { file, line: 1 },
    `it locks ${platforms} and not ${folder.subdir}.`,
    `Lock it again with -p ${folder.subdir}.`,
  );
}

async function fromEnvironmentFile(folder: Folder): Promise<CondaEnvironment | undefined> {
  const [yml, yaml] = [await present(folder, 'environment.yml'), await present(folder, 'environment.yaml')];
  const file = yml ?? yaml;
  if (file === undefined) return undefined;
  const environment = await readEnvironmentFile(folder.checkout, file);
  if (yml !== undefined && yaml !== undefined) environment.notices.push(ignored(yaml, `there is ${yml}`));
  const lock = await present(folder, 'conda-lock.yml');
  return lock === undefined ? environment : withLock(folder, environment, lock, readCondaLock);
}

async function fromPixi(folder: Folder): Promise<CondaEnvironment | undefined> {
  const file = await firstPresent(folder, ['pixi.toml', 'pyproject.toml']);
  const environment = file === undefined ? undefined : await readPixi(folder.checkout, file, folder.subdir);
  const lock = await present(folder, 'pixi.lock');
  return environment && lock !== undefined ? withLock(folder, environment, lock, readPixiLock) : environment;
}

/** A package that Binder would install: pixi's part of its pyproject.toml does not take its place. */
async function isPackage({ checkout }: Folder, folder: ConfigFolder): Promise<boolean> {
  if (folder.isBinder) return false;
  if ((await checkout.kind(joinPath(folder.path, 'setup.py'))) !== undefined) return true;
  const pyproject = joinPath(folder.path, 'pyproject.toml');
  if ((await checkout.kind(pyproject)) === undefined) return false;
  const text = await checkout.read(pyproject);
  return /^[ \t]*\[project\]/m.test(text) && /^[ \t]*\[build-system\]/m.test(text);
}

/**
 * Reads what describes the conda environment of a repository: environment.yml (or .yaml, where there is no .yml, as
 * repo2docker has it), with conda-lock.yml where that locks it. Without one, and only where no other file of the folder is
 * one that Binder reads, conda-lock.yml alone, then pixi's manifest with its lock.
 * @param platform `linux/amd64`, as a plan has it
 * @throws SlipwayError `bad_environment_file` with file and line, `unsafe_file`, `file_too_large`, `file_not_text`
 */
export async function readCondaEnvironment(
  checkout: Checkout,
  folder: ConfigFolder,
  platform: string,
): Promise<CondaEnvironment | undefined> {
  const here: Folder = { checkout, path: folder.path, subdir: subdirOf(platform) };
  const environment = await fromEnvironmentFile(here);
  if (environment !== undefined) {
    const pixi = await firstPresent(here, ['pixi.toml', 'pixi.lock']);
    if (pixi !== undefined) environment.notices.push(ignored(pixi, `there is ${environment.files[0]}`));
    return environment;
  }
  if ((await firstPresent(here, BINDERS)) !== undefined || (await isPackage(here, folder))) return undefined;
  const lock = await present(here, 'conda-lock.yml');
  return lock === undefined ? fromPixi(here) : lockAlone(here, lock);
}
