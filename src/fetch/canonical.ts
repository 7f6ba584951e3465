/** Makes a fetched `.git` one that depends on the commit alone: this is what goes into the image. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalIndex } from './git-index.ts';
import { repositoryConfig } from './repository.ts';
import { runGit } from './run-git.ts';

export interface CanonicalOptions {
  /** Absolute path of the work tree that holds `.git`. */
  root: string;
  commit: string;
  /** Goes into the settings as origin's URL; none for a local folder. */
  origin?: string | undefined;
  /** The commit has parents; they are left out unless `tags` is given. */
  hasParents: boolean;
  /** Paths whose content on disk is not what git stores: LFS files. */
  untouched?: ReadonlySet<string>;
  /** Keeps the whole history, and these tags in it. */
  tags?: readonly Tag[] | undefined;
  signal?: AbortSignal | undefined;
}

export interface Tag {
  name: string;
  sha: string;
  /** The commit that an annotated tag points at. */
  peeled?: string | undefined;
}

/** Folder in `.git` of the pack to be. */
const PACKED = 'canonical';

const REMAINS = [
  'FETCH_HEAD',
  'ORIG_HEAD',
  'logs',
  'hooks',
  'description',
  'info',
  'branches',
  'packed-refs',
  'refs',
  'objects/info',
];

/**
 * One pack made here with fixed settings, whatever the server sent; an index without stat data; settings, refs and the
 * shallow file written anew; no reflogs, hooks or credentials. Stored without compression, because zlib's output differs
 * between its versions and the layer is compressed anyway (8 s instead of 43 s a gigabyte), and a single commit without
 * deltas, of which it has hardly any.
 */
export async function canonicalGit(options: CanonicalOptions): Promise<void> {
  const { root, commit, tags = [] } = options;
  const gitDir = join(root, '.git');
  await packCommit(options);
  await rm(join(gitDir, 'objects'), { recursive: true });
  // A handful of small files is made at once, as in repository.ts.
  mkdirSync(join(gitDir, 'objects'));
  renameSync(join(gitDir, PACKED), join(gitDir, 'objects', 'pack'));
  for (const name of REMAINS) rmSync(join(gitDir, name), { recursive: true, force: true });
  mkdirSync(join(gitDir, 'refs', 'heads'), { recursive: true });
  mkdirSync(join(gitDir, 'refs', 'tags'));
  mkdirSync(join(gitDir, 'objects', 'info'));
  writeFileSync(join(gitDir, 'HEAD'), `${commit}\n`);
  writeFileSync(join(gitDir, 'config'), repositoryConfig({ origin: options.origin }));
  if (tags.length > 0) writeFileSync(join(gitDir, 'packed-refs'), packedRefs(tags));
  await canonicalIndex(join(gitDir, 'index'), options.untouched ?? new Set());
}

function writeShallow(gitDir: string, { commit, hasParents, tags }: CanonicalOptions): void {
  if (hasParents && tags === undefined) writeFileSync(join(gitDir, 'shallow'), `${commit}\n`);
  else rmSync(join(gitDir, 'shallow'), { force: true });
}

async function packCommit(options: CanonicalOptions): Promise<void> {
  const { root, commit, tags, signal } = options;
  const gitDir = join(root, '.git');
  const folder = join(gitDir, PACKED);
  writeShallow(gitDir, options);
  mkdirSync(folder);
  const fixed = [
    '--threads=1',
    '--no-reuse-delta',
    '--no-reuse-object',
    '--compression=0',
    `--window=${tags ? 10 : 0}`,
  ];
  const input = [commit, ...(tags ?? []).map(({ sha }) => sha)].map((tip) => `${tip}\n`).join('');
  const call = { gitDir, input, ...(signal ? { signal } : {}) };
  await runGit(['pack-objects', '--revs', '--quiet', ...fixed, '--', join(folder, 'pack')], call);
}

function packedRefs(tags: readonly Tag[]): string {
  const lines = [...tags]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, sha, peeled }) => `${sha} refs/tags/${name}\n${peeled ? `^${peeled}\n` : ''}`);
  return `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`;
}
