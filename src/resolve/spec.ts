/** What a person typed or pasted → which repository is meant. Looks nothing up, except whether a local folder exists. */
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { shown } from '../paths.ts';
import type { RepoSpec } from '../types.ts';
import type { Found, RepoProvider } from './provider.ts';
import { PROVIDERS } from './registry.ts';
import { badSpec, checkedRef, plainText, refuseCredentials } from './text.ts';

export interface ParseOptions {
  /** Overrides a ref in the input. */
  ref?: string | undefined;
  /** Whether a local folder may be meant; never in the service. */
  allowLocal: boolean;
}

/**
 * Understands clone URLs, specs (`gh/org/repo/ref`), pages of git hosts, DOIs, Binder links and, if allowed, local folders.
 * @throws bad_spec, whose hint shows the accepted forms; a password in the input is never repeated
 */
export function parseRepo(input: string, options: ParseOptions): RepoSpec {
  const text = plainText(input.trim(), 'repository');
  if (text === '') throw badSpec('No repository was given.');
  const spec = parse(text, options.allowLocal);
  if (options.ref === undefined) return spec;
  const ref = checkedRef(options.ref);
  const hasRefs = PROVIDERS.find(({ name }) => name === spec.provider)?.form.ref.enabled ?? true;
  if (hasRefs) return { ...spec, ref };
  if (ref === 'HEAD') return spec;
  throw badSpec('A DOI stands for one version: leave out the branch, tag or commit.');
}

function parse(text: string, allowLocal: boolean): RepoSpec {
  if (/^https?:\/\//i.test(text)) return fromUrl(text);
  const isPath = /^(\.{0,2}\/|~(\/|$)|\.{1,2}$)/.test(text);
  if (isPath) return localFolder(text, allowLocal) ?? missingFolder(text, allowLocal);
  // As a folder it is an absolute path from here on, and no option to git.
  if (text.startsWith('-')) return localFolder(text, allowLocal) ?? dashed();
  const provider = PROVIDERS.find(({ name }) => text.startsWith(`${name}/`));
  if (provider) return fromSpec(provider, text.slice(provider.name.length + 1));
  return fromText(text) ?? localFolder(text, allowLocal) ?? fromScp(text) ?? fromHost(text) ?? notUnderstood(text);
}

function withProvider(provider: RepoProvider, found: Found): RepoSpec {
  return { provider: provider.name, ...found };
}

function fromSpec(provider: RepoProvider, rest: string): RepoSpec {
  const found = provider.fromSpec(rest.replace(/[?#].*$/, ''));
  const opens = binderPath(new URLSearchParams(/\?([^#]*)/.exec(rest)?.[1]));
  if (provider.name !== 'git') return { ...withProvider(provider, found), ...opens };
  // The clone URL may be another provider's: one repository has one canonical URL, however it was written.
  const spec = fromUrl(found.cloneUrl);
  return { ...spec, ...opens, ...(found.ref === undefined ? {} : { ref: found.ref }) };
}

function fromText(text: string): RepoSpec | undefined {
  for (const provider of PROVIDERS) {
    const found = provider.fromText?.(text);
    if (found) return withProvider(provider, found);
  }
  return undefined;
}

function fromUrl(text: string): RepoSpec {
  if (!URL.canParse(text)) throw badSpec('The URL cannot be read.');
  const url = new URL(text);
  refuseCredentials(url);
  const query = url.search;
  url.search = '';
  url.hash = '';
  const binder = /^\/(?:v2|badge)\/([a-z]+)\/(.+)$/.exec(url.pathname);
  const named = binder && PROVIDERS.find(({ name }) => name === binder[1]);
  if (binder?.[2] && named) return fromSpec(named, binder[2] + query);
  for (const provider of PROVIDERS) {
    const found = provider.fromUrl(url);
    if (found) return withProvider(provider, found);
  }
  return notUnderstood(text);
}

/** The parameters of a Binder link that say what opens. */
function binderPath(parameters: URLSearchParams): { urlpath?: string } {
  const [lab, file, any] = ['labpath', 'filepath', 'urlpath'].map((name) => parameters.get(name));
  if (lab) return { urlpath: `doc/tree/${encodeURI(lab)}` };
  if (file) return { urlpath: `${file.endsWith('.ipynb') ? 'notebooks' : 'tree'}/${encodeURI(file)}` };
  return any ? { urlpath: any } : {};
}

/** `git@host:org/repo`, what "Clone with SSH" copies; only for hosts that answer https at the same path. */
function fromScp(text: string): RepoSpec | undefined {
  const match = /^(?:git@)?([a-z0-9.-]+):(?![/:])([\w./~-]+)$/i.exec(text);
  const host = match?.[1]?.toLowerCase() ?? '';
  if (!match?.[2] || !isKnown(host) || match[2].startsWith('-')) return undefined;
  return fromUrl(`https://${host}/${match[2]}`);
}

/** An address that was copied without its scheme. */
function fromHost(text: string): RepoSpec | undefined {
  const host = text.split('/')[0]?.toLowerCase() ?? '';
  const isDomain = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}$/.test(host) && text.split('/').length > 2;
  return isKnown(host) || isDomain ? fromUrl(`https://${text}`) : undefined;
}

function isKnown(host: string): boolean {
  return PROVIDERS.some(({ hosts }) => hosts.includes(host));
}

function localFolder(text: string, allowLocal: boolean): RepoSpec | undefined {
  if (!allowLocal) return undefined;
  const path = /^~(\/|$)/.test(text) ? join(homedir(), text.slice(1)) : resolve(text);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return { provider: 'local', name: path, cloneUrl: path, canonicalUrl: 'local' };
}

function missingFolder(text: string, allowLocal: boolean): never {
  throw badSpec(
    allowLocal ? `There is no such folder: ${shown(text)}.` : 'A path on this machine is not a repository here.',
  );
}

function dashed(): never {
  throw badSpec('A repository cannot begin with a dash.');
}

function notUnderstood(text: string): never {
  // What stands before a scheme's colon is shown, what follows may hold a password.
  const scheme = /^([a-z0-9%+.-]{1,20}):/i.exec(text)?.[1];
  throw badSpec(scheme ? `Addresses that begin with "${scheme}:" are not accepted.` : 'This is not a repository.');
}
