/** Makes a fetched `.git` one that depends on the commit alone: this is what goes into the image. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
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
  if (!existsSync(join(gitDir, PACKED))) await packCommit(options);
  await rm(join(gitDir, 'objects'), { recursive: true });
  await mkdir(join(gitDir, 'objects'));
  await rename(join(gitDir, PACKED), join(gitDir, 'objects', 'pack'));
  await Promise.all(REMAINS.map((name) => rm(join(gitDir, name), { recursive: true, force: true })));
  await mkdir(join(gitDir, 'refs', 'heads'), { recursive: true });
  await mkdir(join(gitDir, 'refs', 'tags'));
  await mkdir(join(gitDir, 'objects', 'info'));
  await writeFile(join(gitDir, 'HEAD'), `${commit}\n`);
  await writeFile(join(gitDir, 'config'), repositoryConfig({ origin: options.origin }));
  if (tags.length > 0) await writeFile(join(gitDir, 'packed-refs'), packedRefs(tags));
  await canonicalIndex(join(gitDir, 'index'), options.untouched ?? new Set());
}

async function writeShallow(gitDir: string, { commit, hasParents, tags }: CanonicalOptions): Promise<void> {
  if (hasParents && tags === undefined) await writeFile(join(gitDir, 'shallow'), `${commit}\n`);
  else await rm(join(gitDir, 'shallow'), { force: true });
}

/** Writes the pack that `canonicalGit` takes, beside the objects that are there: a checkout can go on meanwhile. */
export async function packCommit(options: CanonicalOptions): Promise<void> {
  const { root, commit, tags, signal } = options;
  const gitDir = join(root, '.git');
  const folder = join(gitDir, PACKED);
  await writeShallow(gitDir, options);
  await mkdir(folder);
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
