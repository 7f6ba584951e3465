/** Writes the few files that make a `.git`, which saves a process and leaves nothing of the machine in it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** HEAD while no commit is there yet: git calls a repository broken whose HEAD is a commit that it lacks. */
export const UNBORN = 'ref: refs/heads/none';

export interface RepositoryFiles {
  /** Commit that HEAD is detached at, or `ref: <name>`. */
  head: string;
  /** Commits whose parents are left out. */
  shallow?: readonly string[];
  /** Folder of objects that are read but not copied. */
  alternates?: string;
  /** Recorded as origin's URL. */
  origin?: string | undefined;
  bare?: boolean;
}

/** Makes an empty repository at `gitDir`. */
export async function writeRepository(gitDir: string, files: RepositoryFiles): Promise<void> {
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await mkdir(join(gitDir, 'objects', 'pack'), { recursive: true });
  await mkdir(join(gitDir, 'refs', 'heads'), { recursive: true });
  await writeFile(join(gitDir, 'HEAD'), `${files.head}\n`);
  await writeFile(join(gitDir, 'config'), repositoryConfig(files));
  if (files.shallow) await writeFile(join(gitDir, 'shallow'), files.shallow.map((commit) => `${commit}\n`).join(''));
  if (files.alternates) await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${files.alternates}\n`);
}

/** Text of `.git/config`. */
export function repositoryConfig({ origin, bare = false }: Pick<RepositoryFiles, 'origin' | 'bare'>): string {
  const core = `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = ${bare}\n`;
  if (origin === undefined) return core;
  const quoted = origin.replace(/[\\"]/g, '\\$&');
  return `${core}[remote "origin"]\n\turl = "${quoted}"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
}
