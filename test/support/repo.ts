/** Makes git repositories with dated commits for tests, by one `git fast-import`. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file's text, or something that is not plain text with mode 644; `submodule` is a commit recorded at that path. */
export type FileSpec =
  | string
  | Buffer
  | { content: string | Buffer; mode?: '644' | '755' }
  | { link: string }
  | { submodule: string };

export interface CommitSpec {
  /** Author and committer date: `2022-05-10` or a whole ISO date. */
  date: string;
  /** Added or replaced, by path. */
  files?: Record<string, FileSpec>;
  /** Removed paths. */
  delete?: string[];
  message?: string;
  /** Branch that it is committed on; default `main`. A new branch starts at `from`, else with no parent. */
  branch?: string;
  from?: string;
  /** Branches merged in by this commit. */
  merge?: string[];
  /** Lightweight tags of this commit. */
  tags?: string[];
  /** Annotated tags of this commit. */
  annotated?: string[];
}

/** A git environment that knows nothing of the machine's own settings. */
export function gitEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' };
}

/** Runs git in a folder and gives what it printed, trimmed. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'protocol.file.allow=always'];
  const { stdout } = await run('git', [...identity, ...args], { cwd: folder, env: gitEnv(), maxBuffer: 1 << 28 });
  return stdout.trim();
}

/** An empty folder under the system's temporary one, and how to remove it. */
export async function tempFolder(label = 'test'): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `slipway-${label}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Makes the bare repository `<root>/<name>.git` (HEAD is `main`), or adds commits to it when it is there.
 * @returns the commits' hashes, in the order given
 */
export async function makeRepo(
  root: string,
  name: string,
  commits: CommitSpec[],
): Promise<{ path: string; shas: string[] }> {
  const path = join(root, `${name}.git`);
  await mkdir(dirname(path), { recursive: true });
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', path], { env: gitEnv() });
  const existing = new Set((await git(path, 'for-each-ref', '--format=%(refname)')).split('\n'));
  const marks = join(path, 'test-marks');
  await fastImport(path, marks, commits, existing);
  const lines = (await readFile(marks, 'utf8')).split('\n');
  const byMark = new Map(lines.map((line) => line.split(' ') as [string, string]));
  await rm(marks);
  return { path, shas: commits.map((_, index) => byMark.get(`:${index + 1}`) ?? '') };
}

/** A clone with a work tree of a repository that `makeRepo` made. */
export async function workTree(bare: string, folder: string): Promise<string> {
  await git(dirname(folder), 'clone', '--quiet', bare, folder);
  return folder;
}

function fastImport(path: string, marks: string, commits: CommitSpec[], existing: Set<string>): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(
      'git',
      ['-c', 'core.compression=0', 'fast-import', '--quiet', '--force', '--depth=0', `--export-marks=${marks}`],
      {
        cwd: path,
        env: gitEnv(),
        stdio: ['pipe', 'ignore', 'pipe'],
      },
    );
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done() : fail(new Error(`git fast-import: ${said}`))));
    child.stdin.on('error', () => undefined);
    for (const part of stream(commits, existing)) child.stdin.write(part);
    child.stdin.end('done\n');
  });
}

function* stream(commits: CommitSpec[], existing: Set<string>): Generator<string | Buffer> {
  const started = new Set<string>();
  yield 'feature done\n';
  for (const [index, commit] of commits.entries()) {
    const ref = `refs/heads/${commit.branch ?? 'main'}`;
    const who = `Ada <ada@example.org> ${Math.floor(Date.parse(commit.date) / 1000)} +0000`;
    yield `commit ${ref}\nmark :${index + 1}\nauthor ${who}\ncommitter ${who}\n`;
    yield* data(commit.message ?? `Commit ${index + 1}`);
    const from = `refs/heads/${commit.from}`;
    if (commit.from !== undefined) yield `from ${from}${started.has(from) ? '' : '^0'}\n`;
    else if (!started.has(ref) && existing.has(ref)) yield `from ${ref}^0\n`;
    started.add(ref);
    for (const branch of commit.merge ?? []) yield `merge refs/heads/${branch}\n`;
    for (const gone of commit.delete ?? []) yield `D ${quoted(gone)}\n`;
    for (const [file, spec] of Object.entries(commit.files ?? {})) yield* change(file, spec);
    yield '\n';
    for (const tag of commit.tags ?? []) yield `reset refs/tags/${tag}\nfrom :${index + 1}\n\n`;
    for (const tag of commit.annotated ?? []) {
      yield `tag ${tag}\nfrom :${index + 1}\ntagger ${who}\n`;
      yield* data(tag);
    }
  }
}

function* change(file: string, spec: FileSpec): Generator<string | Buffer> {
  if (typeof spec === 'object' && 'submodule' in spec) {
    yield `M 160000 ${spec.submodule} ${quoted(file)}\n`;
    return;
  }
  const plain = typeof spec === 'string' || Buffer.isBuffer(spec);
  const mode = plain ? '100644' : 'link' in spec ? '120000' : `100${spec.mode ?? '644'}`;
  yield `M ${mode} inline ${quoted(file)}\n`;
  yield* data(plain ? spec : 'link' in spec ? spec.link : spec.content);
}

function* data(content: string | Buffer): Generator<string | Buffer> {
  const bytes = Buffer.from(content as string);
  yield `data ${bytes.length}\n`;
  yield bytes;
  yield '\n';
}

/** A path as fast-import reads it, C-quoted so that any byte may be in it. */
function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}
