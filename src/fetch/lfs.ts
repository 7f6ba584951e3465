/**
 * LFS files without the git-lfs program, which users' machines need not have: pointers are found by their attribute and
 * their content is fetched by the batch API, under the same policy and limits as git.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile, lstat, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { inTurn } from '../in-turn.ts';
import { shown } from '../paths.ts';
import type { WrittenCommit } from './commit.ts';
import type { Online } from './online.ts';
import { runGit } from './run-git.ts';
import type { Totals } from './tree.ts';

interface Pointer {
  path: string;
  oid: string;
  size: number;
}

interface Action {
  href: string;
  header?: Record<string, string>;
}

const MAX_POINTER = 1024;
const BATCH = 100;
const AT_ONCE = 4;
const TYPE = 'application/vnd.git-lfs+json';
const HINT = 'Check that the LFS files were pushed and that downloads are allowed.';

/** Files of a checkout that are LFS pointers, as `.gitattributes` says; one git command, and none without attributes. */
export async function findPointers(written: WrittenCommit, totals: Totals): Promise<Pointer[]> {
  const { root, entries } = written;
  const attributes = entries.filter(({ path, kind }) => kind === 'file' && /(^|\/)\.gitattributes$/.test(path));
  const texts = await Promise.all(attributes.map(({ path }) => readFile(join(root, path), 'utf8')));
  if (!texts.some((text) => text.includes('filter=lfs'))) return [];
  const small = entries.filter(({ kind, size }) => kind === 'file' && size > 0 && size < MAX_POINTER);
  const input = small.map(({ path }) => `${path}\0`).join('');
  const call = { gitDir: join(root, '.git'), workTree: root, input };
  const fields = (await runGit(['check-attr', '--stdin', '-z', 'filter'], call)).split('\0');
  const pointers: Pointer[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    if (fields[at + 2] !== 'lfs') continue;
    const pointer = await readPointer(root, fields[at] ?? '');
    if (!pointer) continue;
    totals.addFile(pointer.path, pointer.size);
    pointers.push(pointer);
  }
  return pointers;
}

async function readPointer(root: string, path: string): Promise<Pointer | undefined> {
  const text = await readFile(join(root, path), 'utf8');
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d{1,15})$/m.exec(text)?.[1];
  if (!text.startsWith('version https://git-lfs.github.com/spec/') || !oid || !size) return undefined;
  return { path, oid, size: Number(size) };
}

/** Replaces pointers by their content. @throws lfs_failed, host_not_allowed, repo_too_large */
export async function fetchLfs(
  online: Online,
  config: Config,
  written: WrittenCommit,
  url: string,
  pointers: Pointer[],
): Promise<void> {
  const endpoint = await lfsEndpoint(written.root, url);
  for (let at = 0; at < pointers.length; at += BATCH) {
    const part = pointers.slice(at, at + BATCH);
    try {
      await fetchBatch(online, config, written.root, endpoint, part);
    } catch (error) {
      if (error instanceof SlipwayError) throw error;
      const explained = online.explain(endpoint.href, error);
      if (explained.code !== 'fetch_failed') throw explained;
      throw new SlipwayError(
        'lfs_failed',
        `The LFS server ${shown(endpoint.host)} failed: ${shown((error as Error).message)}`,
        { cause: error, hint: HINT },
      );
    }
  }
}

/** `lfs.url` of `.lfsconfig`, else the place where every server has it. */
async function lfsEndpoint(root: string, url: string): Promise<URL> {
  const file = join(root, '.lfsconfig');
  const isFile = await lstat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  const text = isFile ? await runGit(['config', '--no-includes', '-f', file, '--get', 'lfs.url']).catch(() => '') : '';
  const named = text.trim();
  const fallback = `${url.replace(/\/$/, '').replace(/\.git$/, '')}.git/info/lfs`;
  if (named === '') return new URL(fallback);
  if (/^https?:\/\//i.test(named) && URL.canParse(named)) {
    const parsed = new URL(named);
    if (parsed.username === '' && parsed.password === '') return parsed;
  }
  throw new SlipwayError('lfs_failed', '.lfsconfig: lfs.url is not an http or https URL without a password.', {
    hint: HINT,
  });
}

async function fetchBatch(online: Online, config: Config, root: string, endpoint: URL, part: Pointer[]): Promise<void> {
  const batchUrl = new URL(`${endpoint.href.replace(/\/$/, '')}/objects/batch`);
  const wanted = part.map(({ oid, size }) => ({ oid, size }));
  const body = JSON.stringify({ operation: 'download', transfers: ['basic'], hash_algo: 'sha256', objects: wanted });
  const headers = { accept: TYPE, 'content-type': TYPE, 'content-length': Buffer.byteLength(body) };
  const { ask, bodyText } = await import('./http.ts');
  const answer = await ask(online.gate, config, batchUrl, { method: 'POST', headers, body });
  const actions = readActions(await bodyText(answer, 2 ** 20), answer.statusCode ?? 0);
  await inTurn(part, AT_ONCE, async (pointer, stop) => {
    const action = actions.get(pointer.oid);
    if (!action)
      throw new SlipwayError('lfs_failed', `The LFS server does not have the content of ${shown(pointer.path)}.`, {
        hint: HINT,
      });
    const signal = AbortSignal.any([online.signal, stop]);
    await download({ ...online, signal }, config, root, batchUrl, pointer, action);
  });
}

function readActions(text: string, status: number): Map<string, Action> {
  if (status !== 200) throw new Error(`it answered with HTTP ${status}`);
  const answer = JSON.parse(text) as { objects?: { oid?: unknown; actions?: { download?: Action } }[] };
  const found = new Map<string, Action>();
  for (const object of Array.isArray(answer.objects) ? answer.objects : []) {
    const action = object?.actions?.download;
    if (typeof object?.oid === 'string' && typeof action?.href === 'string') found.set(object.oid, action);
  }
  return found;
}

async function download(
  online: Online,
  config: Config,
  root: string,
  base: URL,
  pointer: Pointer,
  action: Action,
): Promise<void> {
  const url = new URL(action.href, base);
  const given = Object.entries(action.header ?? {}).filter(([, value]) => typeof value === 'string');
  const headers = Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]));
  const answer = await (await import('./http.ts')).ask(online.gate, config, url, {
    method: 'GET',
    headers,
    signal: online.signal,
  });
  if (answer.statusCode !== 200) throw new Error(`it answered with HTTP ${answer.statusCode} for ${pointer.path}`);
  const temp = join(root, '.git', `lfs-${randomUUID()}`);
  const hash = createHash('sha256');
  let size = 0;
  const checked = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > pointer.size) throw wrongContent(pointer);
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(answer, checked, createWriteStream(temp, { signal: online.signal }));
  if (size !== pointer.size || hash.digest('hex') !== pointer.oid) throw wrongContent(pointer);
  await replace(temp, join(root, pointer.path));
}

function wrongContent({ path }: Pointer): SlipwayError {
  return new SlipwayError(
    'lfs_failed',
    `What the LFS server sent for ${shown(path)} is not the content that its pointer names.`,
    { hint: HINT },
  );
}

async function replace(temp: string, target: string): Promise<void> {
  await chmod(temp, (await stat(target)).mode & 0o777);
  await rename(temp, target);
}

/** Takes the content from a local repository's own LFS store. @returns the paths whose content is not there */
export async function copyLfs(commonGitDir: string, root: string, pointers: Pointer[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { path, oid, size } of pointers) {
    const stored = join(commonGitDir, 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4), oid);
    const handle = await open(stored).catch(() => undefined);
    const fits = handle !== undefined && (await handle.stat()).size === size;
    await handle?.close();
    if (!fits) missing.push(path);
    else {
      const temp = join(root, '.git', `lfs-${randomUUID()}`);
      await copyFile(stored, temp);
      await replace(temp, join(root, path));
    }
  }
  return missing;
}
