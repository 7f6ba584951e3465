/** The lock that stands beside a project: which of several, and whether it can be used. */
import { SlipwayError } from '../../src/errors.ts';
import { joinPath } from '../../src/paths.ts';
import type { Checkout, Notice } from '../../src/types.ts';
import { poetryHashes } from './content-hash.ts';
import { indexesOf, type OwnIndexes } from './indexes.ts';
import { type Lock, notLocked } from './locked.ts';
import type { PythonPackage } from './package.ts';
import { readPdmLock } from './pdm-lock.ts';
import { type PoetryLock, readPoetryLock } from './poetry-lock.ts';
import { readPylock } from './pylock.ts';
import type { Tool } from './pyproject.ts';
import { withOverrides } from './settings.ts';
import { isTable, type Table } from './toml.ts';
import { readUvLock } from './uv-lock.ts';

export type LockName = 'uv.lock' | 'poetry.lock' | 'pdm.lock' | 'pylock.toml';
export const LOCKS: readonly LockName[] = ['uv.lock', 'poetry.lock', 'pdm.lock', 'pylock.toml'];
/** Whose each is; pylock.toml is everybody's. */
export const TOOLS: Record<LockName, Tool | undefined> = {
  'uv.lock': 'uv',
  'poetry.lock': 'poetry',
  'pdm.lock': 'pdm',
  'pylock.toml': undefined,
};

/** Of several locks, the one of the tool that pyproject.toml names; else the first. */
export function chooseLock(names: readonly LockName[], pyproject: Table): LockName | undefined {
  const has = (tool: string | undefined) =>
    tool !== undefined && isTable(pyproject.tool) && Object.hasOwn(pyproject.tool, tool);
  return names.find((name) => has(TOOLS[name])) ?? names[0];
}

/** A lock does not say which of its indexes are only pages of files. */
function withPages(lock: Lock, { findLinks }: OwnIndexes): Lock {
  const pages = new Set(findLinks);
  const isPage = (url: string) => pages.has(url);
  return {
    ...lock,
    indexes: lock.indexes.filter((url) => !isPage(url)),
    findLinks: lock.indexes.filter(isPage),
  };
}

export async function readLock(
  checkout: Checkout,
  folder: string,
  name: LockName,
  pyproject: Table,
  found: PythonPackage | undefined,
): Promise<Lock | PoetryLock> {
  const [file, manifest] = [joinPath(folder, name), joinPath(folder, 'pyproject.toml')];
  const declared = found?.file.endsWith('pyproject.toml') ? found.declared : undefined;
  switch (name) {
    case 'uv.lock':
      return withPages(await readUvLock(checkout, file, pyproject), indexesOf(manifest, pyproject, 'uv'));
    case 'poetry.lock':
      return readPoetryLock(checkout, file, declared);
    case 'pdm.lock':
      return readPdmLock(checkout, file, declared, indexesOf(manifest, pyproject, 'pdm'));
    case 'pylock.toml':
      return readPylock(checkout, file);
  }
}

/**
 * The lock, if it can be used. One that lacks what its manifest declares is not, and one that cannot be read is not
 * where Binder would not have looked at it.
 */
export async function usableLock(
  read: () => Promise<Lock | PoetryLock>,
  file: string,
  found: PythonPackage | undefined,
  notices: Notice[],
): Promise<Lock | undefined> {
  const instead = `The versions are those of the day, for what ${found?.file} asks.`;
  let lock: Lock | PoetryLock;
  try {
    lock = await read();
  } catch (error) {
    if (!(error instanceof SlipwayError) || !found?.isBinders) throw error;
    notices.push(
      { code: 'lock-unusable', message: `${error.message} So it is not used. ${instead}`, file },
      ...found.unapplied,
    );
    return undefined;
  }
  if (found === undefined) return lock;
  // A pylock.toml is one export of several that a project may have: of groups and extras it decides itself.
  const isExport = file.endsWith('pylock.toml');
  const declared = isExport ? found.declared.filter(({ key }) => key === 'dependencies') : found.declared;
  const lacking = notLocked(lock, withOverrides(found.file, found.pyproject, declared));
  if (lacking.length > 0) {
    const message = `${file} does not fit ${found.file}: it lacks ${lacking.slice(0, 10).join(', ')}. So it is not used. ${instead}`;
    notices.push({ code: 'lock-unfit', message, file }, ...found.unapplied);
    return undefined;
  }
  if (
    'contentHash' in lock &&
    lock.contentHash !== undefined &&
    !poetryHashes(found.pyproject).includes(lock.contentHash)
  ) {
    const message = `${file} was made for another ${found.file}, but has all that this one asks for, and is used. Run poetry lock to renew it.`;
    notices.push({ code: 'lock-outdated', message, file });
  }
  return lock;
}
