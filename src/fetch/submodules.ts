/** Submodules, each fetched like a repository of its own: `git submodule` would run by the repository's settings. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, SlipwayError } from '../errors.ts';
import { shown } from '../paths.ts';
import type { Notice } from '../types.ts';
import type { WrittenCommit } from './commit.ts';
import { runGit } from './run-git.ts';

export interface Submodule {
  path: string;
  url: string;
  commit: string;
}

/** Deeper nesting than this is a mistake or an attack; so are more in all. */
export const MAX_SUBMODULE_DEPTH = 8;
export const MAX_SUBMODULES = 100;

const HINT = 'Mend .gitmodules: https URLs, or ones relative to the repository.';

/**
 * The submodules that a commit records, their URLs resolved against `base`.
 * @throws submodule_failed for a URL that is not http, https or relative within the host
 */
export async function listSubmodules(written: WrittenCommit, base: string, notices: Notice[]): Promise<Submodule[]> {
  const links = written.entries.filter(({ kind }) => kind === 'submodule');
  if (links.length === 0) return [];
  const named = await readModules(written.root);
  return links.flatMap(({ path, sha }) => {
    const module = named.find((candidate) => candidate.path === path);
    if (module?.update === 'none') return [];
    if (module?.url !== undefined) return [{ path, url: moduleUrl(module.url, base, path), commit: sha }];
    const message = `${shown(path)} is recorded as a submodule, but .gitmodules does not say where it is; its folder stays empty.`;
    notices.push({ code: 'submodule-ignored', message, file: '.gitmodules' });
    return [];
  });
}

interface Module {
  path?: string;
  url?: string;
  update?: string;
}

async function readModules(root: string): Promise<Module[]> {
  const file = join(root, '.gitmodules');
  const found = await lstat(file).catch(() => undefined);
  if (!found?.isFile()) return [];
  const pattern = '^submodule\\..*\\.(path|url|update)$';
  const text = await runGit(['config', '--no-includes', '-f', file, '-z', '--get-regexp', pattern]).catch(
    (error: unknown) => {
      throw new SlipwayError('submodule_failed', '.gitmodules cannot be read.', { cause: error, hint: HINT });
    },
  );
  const modules = new Map<string, Module>();
  for (const item of text.split('\0')) {
    const [key = '', value] = splitOnce(item, '\n');
    const [, name = '', field = ''] = /^submodule\.(.*)\.(path|url|update)$/s.exec(key) ?? [];
    if (field !== '') modules.set(name, { ...modules.get(name), [field]: value });
  }
  return [...modules.values()];
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** A submodule's clone URL as https (or http, which the policy then judges). */
export function moduleUrl(text: string, base: string, path: string): string {
  if (/^\.\.?\//.test(text)) return relativeUrl(text, base, path);
  const ssh = /^(?:ssh:\/\/)?git@([a-z0-9.-]+)[:/](?!\d+\/)([\w./~-]+)$/i.exec(text);
  const candidate = ssh && !ssh[2]?.startsWith('-') ? `https://${ssh[1]}/${ssh[2]?.replace(/^\/+/, '')}` : text;
  if (!/^https?:\/\//i.test(candidate) || !URL.canParse(candidate)) {
    throw failed(path, `its URL ${shown(text)} is neither https nor relative`);
  }
  const url = new URL(candidate);
  if (url.username !== '' || url.password !== '') throw failed(path, 'its URL holds a user name or password');
  return url.href;
}

function relativeUrl(text: string, base: string, path: string): string {
  if (!URL.canParse(base)) throw failed(path, 'its URL is relative, and where the repository came from is not known');
  const url = new URL(base);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  for (const part of text.split('/')) {
    if (part === '..' && parts.pop() === undefined) throw failed(path, `its URL ${shown(text)} leads out of the host`);
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  if (parts.length === 0) throw failed(path, `its URL ${shown(text)} leads out of the host`);
  url.pathname = `/${parts.join('/')}`;
  return url.href;
}

function failed(path: string, why: string): SlipwayError {
  return new SlipwayError('submodule_failed', `The submodule ${shown(path)} cannot be fetched: ${why}.`, {
    hint: HINT,
  });
}

const KEPT: readonly ErrorCode[] = [
  'host_not_allowed',
  'repo_too_large',
  'fetch_timeout',
  'disk_full',
  'interrupted',
  'unsafe_path',
  'submodule_failed',
  'lfs_failed',
  'host_unreachable',
  'host_rate_limited',
];

/** Names the submodule in what went wrong with it; what concerns the whole launch keeps its code. */
export function submoduleError(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof SlipwayError)) return thrown;
  if (KEPT.includes(thrown.code)) {
    return new SlipwayError(thrown.code, `In the submodule ${shown(path)}: ${thrown.message}`, {
      cause: thrown,
      hint: thrown.hint ?? HINT,
    });
  }
  return failed(path, thrown.message.replace(/\.$/, ''));
}
