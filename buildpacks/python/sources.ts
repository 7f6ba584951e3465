/** Which of the files that describe a Python environment count, and what they say together. */
import { joinPath } from '../../src/paths.ts';
import type { Checkout, ConfigFolder, Evidence, Notice, PythonWish } from '../../src/types.ts';
import { takeDependency } from './dependency.ts';
import { type Lock, lockPins } from './locked.ts';
import { type PythonPackage, readPackage, readPyproject } from './package.ts';
import { readPipfile } from './pipfile.ts';
import { chooseLock, LOCKS, readLock, TOOLS, usableLock } from './project-lock.ts';
import { toolOf } from './pyproject.ts';
import { joinRequirements, noRequirements, type Requirements, readRequirements, takeSource } from './requirements.ts';
import { isTable, textAt } from './toml.ts';

export interface Sources {
  /** What is asked for: resolved when there is no lock, or none that can be used. */
  asked: Requirements;
  lock: Lock | undefined;
  /** requirements.txt is a lock itself: each line names one version and its hashes. */
  isLocked: boolean;
  package: PythonPackage | undefined;
  wish: Omit<PythonWish, 'pins'> & { pins: PythonWish['pins'] };
  evidence: Evidence[];
  /** Files of the environment. */
  files: string[];
  notices: Notice[];
}

function ignored(file: string, because: string): Notice {
  return { code: 'ignored-file', message: `${file} is ignored because ${because}.`, file };
}

async function present<N extends string>(checkout: Checkout, folder: string, names: readonly N[]): Promise<N[]> {
  const kinds = await Promise.all(names.map((name) => checkout.kind(joinPath(folder, name))));
  return names.filter((_, index) => kinds[index] !== undefined);
}

function counted(number: number, what: string): string {
  return `${number} Python ${what}${number === 1 ? '' : 's'}`;
}

/** Pipfile and Pipfile.lock stand alone, as with Binder: everything else is left out, and said. */
async function fromPipfile(checkout: Checkout, folder: ConfigFolder): Promise<Sources | undefined> {
  const found = await readPipfile(checkout, folder.path);
  if (found === undefined) return undefined;
  const [first = '', ...rest] = found.files;
  const file = joinPath(folder.path, 'Pipfile');
  const asked = noRequirements();
  asked.files.push(...found.files);
  for (const one of found.declared) takeDependency(asked, file, one);
  for (const url of found.indexes) takeSource(asked, file, 'source', url);
  const others = ['requirements.txt', ...LOCKS, ...(folder.isBinder ? [] : ['pyproject.toml', 'setup.py'])];
  const left = await present(checkout, folder.path, others);
  const { lock } = found;
  const reason = lock === undefined ? `lists ${counted(found.declared.length, 'package')}` : locks(lock);
  return {
    asked,
    lock,
    isLocked: false,
    package: undefined,
    wish: {
      ...(found.version === undefined ? {} : { version: found.version }),
      pins: lock === undefined ? asked.pins : lockPins(lock),
    },
    evidence: [{ file: first, reason }, ...rest.map((one) => ({ file: one, reason: `is what ${first} locks` }))],
    files: found.files,
    notices: [
      ...found.notices,
      ...asked.notices,
      ...left.map((name) => ignored(joinPath(folder.path, name), `${first} describes the environment`)),
    ],
  };
}

function locks(lock: Lock): string {
  return `locks ${counted(lock.packages.size, 'package')}`;
}

function describe(requirements: Requirements): Evidence[] {
  const [first = '', ...included] = requirements.files;
  const count = requirements.requirements.length + requirements.local.length;
  return [
    { file: first, reason: `lists ${counted(count, 'package')}` },
    ...included.map((file) => ({ file, reason: `is included by ${first}` })),
  ];
}

function describePackage(found: PythonPackage): Evidence {
  return { file: found.file, reason: found.install ? 'makes the repository a Python package' : 'lists dependencies' };
}

/** requirements.txt, with the package beside it as pip reads it; nothing that Binder passes over has a say. */
async function fromRequirements(checkout: Checkout, folder: ConfigFolder): Promise<Sources | undefined> {
  const file = joinPath(folder.path, 'requirements.txt');
  if ((await checkout.kind(file)) === undefined) return undefined;
  const listed = await readRequirements(checkout, file);
  const notices = [...listed.notices];
  const isLocked = listed.hashed > 0 && listed.hashed === listed.requirements.length && listed.git.length === 0;
  if (listed.hashed > 0 && !isLocked) {
    const message = `${file}: some lines have hashes and others do not; only those that have are checked.`;
    notices.push({ code: 'partly-hashed', message, file });
  }
  const left = (await present(checkout, folder.path, LOCKS)).map((name) => joinPath(folder.path, name));
  const beside = folder.isBinder ? {} : await besideRequirements(checkout, file, left, notices);
  const { package: found, requires } = beside;
  notices.push(...left.map((name) => ignored(name, `${file} describes the environment, and Binder reads that`)));
  const all = joinRequirements([listed, ...(found === undefined ? [] : [found.requirements])]);
  return {
    asked: all,
    lock: undefined,
    isLocked: isLocked && (found?.declared.length ?? 0) === 0,
    package: found,
    wish: { ...(requires === undefined ? {} : { requires }), pins: all.pins },
    evidence: [...describe(listed), ...(found === undefined ? [] : [describePackage(found)])],
    files: [...listed.files, ...(found === undefined ? [] : [found.file])],
    notices: [...notices, ...(found?.requirements.notices ?? [])],
  };
}

/**
 * What Binder reads beside requirements.txt: the package that pip would install as well, and the bounds of a [project],
 * also of one that nothing builds. Of a pyproject.toml nothing else counts then.
 */
async function besideRequirements(
  checkout: Checkout,
  file: string,
  left: string[],
  notices: Notice[],
): Promise<{ package?: PythonPackage | undefined; requires?: PythonWish['requires'] }> {
  const pyproject = await readPyproject(checkout, checkout.subdir);
  const { project } = pyproject;
  if (project !== undefined && pyproject['build-system'] !== undefined) {
    const built = await readPackage(checkout, checkout.subdir, 'pip', pyproject);
    return { package: built, requires: built?.requires };
  }
  const found = await readPackage(checkout, checkout.subdir, 'pip', {});
  const name = joinPath(checkout.subdir, 'pyproject.toml');
  const value = isTable(project) ? textAt(name, 'project.requires-python', project['requires-python']) : undefined;
  if (value === undefined) {
    if (project !== undefined || toolOf(pyproject) === 'poetry') left.push(name);
    return { package: found };
  }
  const message = `Of ${name} only requires-python counts, because ${file} describes the environment, and Binder reads that.`;
  notices.push({ code: 'ignored-file', message, file: name });
  return { package: found, requires: { value, file: name } };
}

/** pyproject.toml, setup.py, and the locks that other tools than Binder's read. */
async function fromProject(checkout: Checkout, folder: ConfigFolder): Promise<Sources | undefined> {
  // Beside a binder/ folder only what needs no project counts: pylock.toml in it.
  const place = folder.path;
  const there = await present(checkout, place, folder.isBinder ? ['pylock.toml' as const] : LOCKS);
  const pyproject = folder.isBinder ? {} : await readPyproject(checkout, place);
  const name = chooseLock(there, pyproject);
  const found = folder.isBinder ? undefined : await readPackage(checkout, place, name && TOOLS[name], pyproject);
  if (name === undefined && found === undefined) return undefined;
  const notices = [...(found?.requirements.notices ?? [])];
  const file = name === undefined ? '' : joinPath(place, name);
  for (const other of there)
    if (other !== name) notices.push(ignored(joinPath(place, other), `${file} is the lock that counts`));
  const lock =
    name && (await usableLock(() => readLock(checkout, place, name, pyproject, found), file, found, notices));
  const asked = found?.requirements ?? noRequirements();
  const requires = found?.requires ?? (lock?.python === undefined ? undefined : { value: lock.python, file });
  return {
    asked,
    lock,
    isLocked: false,
    package: found,
    wish: { ...(requires === undefined ? {} : { requires }), pins: lock === undefined ? asked.pins : lockPins(lock) },
    evidence: [
      ...(lock === undefined ? [] : [{ file, reason: locks(lock) }]),
      ...(found === undefined ? [] : [describePackage(found)]),
    ],
    files: [...(lock === undefined ? [] : [file]), ...(found === undefined ? [] : [found.file]), ...asked.files],
    notices,
  };
}

/**
 * Reads what describes the environment: Pipfile before requirements.txt before the project and its lock.
 * @returns undefined when nothing does
 * @throws SlipwayError `bad_environment_file` with file and line or key, `unsafe_file`
 */
export async function readSources(checkout: Checkout, folder: ConfigFolder): Promise<Sources | undefined> {
  return (
    (await fromPipfile(checkout, folder)) ??
    (await fromRequirements(checkout, folder)) ??
    (await fromProject(checkout, folder))
  );
}
