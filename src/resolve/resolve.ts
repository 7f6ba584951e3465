/** spec → commit, by `git ls-remote` alone wherever that is enough: no API. */
import { SlipwayError } from '../errors.ts';
import { shown } from '../paths.ts';
import type { GitRemote, RepoSpec, Resolved } from '../types.ts';
import { type LoginConfig, loginOf } from './login.ts';
import { FULL_SHA, type Picked, pickRef, type Refs, refNotFound, SHORT_SHA, splitPage } from './refs.ts';
import { PROVIDERS } from './registry.ts';

export interface ResolveDeps {
  git: GitRemote;
  /** Who we are at hosts that know us. */
  config?: LoginConfig;
}

/** Shorter prefixes than this may be those of several commits even where only one tip matches. */
const SURE_PREFIX = 7;

/**
 * Looks up which commit a spec means now.
 * @throws repo_not_found, ref_not_found, ref_ambiguous, repo_empty, not_git, host_unreachable, host_rate_limited, host_not_allowed
 */
export async function resolveRef(spec: RepoSpec, deps: ResolveDeps): Promise<Resolved> {
  const resolved = await resolveSpec(spec, deps);
  return spec.urlpath === undefined ? resolved : { ...resolved, urlpath: spec.urlpath };
}

async function resolveSpec(spec: RepoSpec, deps: ResolveDeps): Promise<Resolved> {
  if (spec.page) return resolvePage(spec, spec.page.refAndPath, deps);
  if (spec.provider === 'local' && (spec.ref === undefined || spec.ref === 'HEAD')) {
    return { spec, ref: 'HEAD', commit: await deps.git.localCommit(spec.cloneUrl) };
  }
  const ref = spec.ref ?? 'HEAD';
  if (FULL_SHA.test(ref)) return { spec, ref, commit: ref.toLowerCase() };
  return { spec, ...(await lookUp(spec, ref, await hostRefs(spec, deps), deps)) };
}

/** A page's commit and file; a ref given beside it says which commit, and the file is opened there. */
async function resolvePage(spec: RepoSpec, refAndPath: string, deps: ResolveDeps): Promise<Resolved> {
  const [first = '', ...rest] = refAndPath.split('/');
  const inCommit = FULL_SHA.test(first) ? { ref: first, path: rest.join('/') } : undefined;
  const given = spec.ref ?? inCommit?.ref;
  if (inCommit && given && FULL_SHA.test(given))
    return { spec, ref: given, commit: given.toLowerCase(), ...urlpathOf(inCommit.path) };
  const refs = await hostRefs(spec, deps);
  const split =
    inCommit ??
    splitPage(refs, refAndPath) ??
    afterRef(refAndPath, spec.ref ?? first) ??
    (pickDefault(spec, first, refs) && afterRef(refAndPath, first));
  const ref = given ?? split?.ref ?? first;
  const picked = FULL_SHA.test(ref) ? { ref, commit: ref.toLowerCase() } : await lookUp(spec, ref, refs, deps);
  return { spec, ...picked, ...urlpathOf(split?.path ?? '') };
}

function afterRef(refAndPath: string, ref: string): { ref: string; path: string } | undefined {
  return refAndPath.startsWith(`${ref}/`) ? { ref, path: refAndPath.slice(ref.length + 1) } : undefined;
}

async function hostRefs(spec: RepoSpec, { git, config }: ResolveDeps): Promise<Refs> {
  const { refs } = await git.listRefs(spec, config && loginOf(spec, config));
  if (refs.size > 0) return refs;
  throw new SlipwayError('repo_empty', 'The repository has no commits yet.', {
    hint: 'Push a first commit, then try again.',
  });
}

async function lookUp(spec: RepoSpec, ref: string, refs: Refs, deps: ResolveDeps): Promise<Picked> {
  const picked = pickRef(refs, ref) ?? (await pickShortSha(spec, ref, refs, deps)) ?? pickDefault(spec, ref, refs);
  if (picked) return picked;
  throw refNotFound(refs, ref);
}

async function pickShortSha(
  spec: RepoSpec,
  ref: string,
  refs: Refs,
  { git }: ResolveDeps,
): Promise<Picked | undefined> {
  if (!SHORT_SHA.test(ref)) return undefined;
  const prefix = ref.toLowerCase();
  const tips = [...new Set(refs.values())].filter((commit) => commit.startsWith(prefix));
  const commits = tips.length === 1 && prefix.length >= SURE_PREFIX ? tips : await git.expandSha(spec, prefix);
  if (commits.length > 1) {
    throw new SlipwayError('ref_ambiguous', `Several commits begin with "${shown(ref)}".`, {
      hint: `Write more of it, for example ${commits
        .slice(0, 3)
        .map((commit) => commit.slice(0, 12))
        .join(' or ')}.`,
    });
  }
  return commits[0] === undefined ? undefined : { ref, commit: commits[0] };
}

/** Links outlive a rename of the default branch: a missing `main` or `master` means HEAD where the field expects it. */
function pickDefault(spec: RepoSpec, ref: string, refs: Refs): Picked | undefined {
  const forgives = PROVIDERS.find(({ name }) => name === spec.provider)?.forgivesDefaultBranch ?? false;
  const isDefault = ref === 'HEAD' || (forgives && (ref === 'main' || ref === 'master'));
  const commit = refs.get('HEAD');
  return isDefault && commit !== undefined ? { ref: 'HEAD', commit } : undefined;
}

function urlpathOf(path: string): { urlpath?: string } {
  const parts = path.split('/').filter((part) => part !== '');
  const leaves = parts.some((part) => part === '.' || part === '..');
  return parts.length === 0 || leaves ? {} : { urlpath: `lab/tree/${parts.map(encodeURIComponent).join('/')}` };
}
