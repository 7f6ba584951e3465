/** Writes the few files that make a `.git`, which saves a process and leaves nothing of the machine in it. */
import { mkdirSync, writeFileSync } from 'node:fs';
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

/** Makes an empty repository at `gitDir`; at once, since to wait for each of these calls takes ten times as long. */
export function writeRepository(gitDir: string, files: RepositoryFiles): void {
  mkdirSync(join(gitDir, 'objects', 'info'), { recursive: true });
  mkdirSync(join(gitDir, 'objects', 'pack'), { recursive: true });
  mkdirSync(join(gitDir, 'refs', 'heads'), { recursive: true });
  writeFileSync(join(gitDir, 'HEAD'), `${files.head}\n`);
  writeFileSync(join(gitDir, 'config'), repositoryConfig(files));
  if (files.shallow) writeFileSync(join(gitDir, 'shallow'), files.shallow.map((commit) => `${commit}\n`).join(''));
  if (files.alternates) writeFileSync(join(gitDir, 'objects', 'info', 'alternates'), `${files.alternates}\n`);
}

/** Text of `.git/config`. */
export function repositoryConfig({ origin, bare = false }: Pick<RepositoryFiles, 'origin' | 'bare'>): string {
  const core = `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = ${bare}\n`;
  if (origin === undefined) return core;
  const quoted = origin.replace(/[\\"]/g, '\\$&');
  return `${core}[remote "origin"]\n\turl = "${quoted}"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;
}
