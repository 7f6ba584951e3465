/** Picks the commit that a ref means among those that the host has. Pure. */
import { SlipwayError } from '../errors.ts';
import { shown } from '../paths.ts';

export type Refs = ReadonlyMap<string, string>;

export interface Picked {
  ref: string;
  commit: string;
}

/** Full SHA-1, as git writes it. */
export const FULL_SHA = /^[0-9a-f]{40}$/i;
/** What may be a shortened one. */
export const SHORT_SHA = /^[0-9a-f]{4,39}$/i;

/**
 * Finds a ref by its full name, or as branch or tag.
 * @throws ref_ambiguous when a branch and a tag of that name differ
 */
export function pickRef(refs: Refs, ref: string): Picked | undefined {
  const exact = refs.get(ref) ?? refs.get(`refs/${ref}`);
  if (exact !== undefined && (ref === 'HEAD' || /^(refs|heads|tags|pull|merge-requests)\//.test(ref)))
    return { ref, commit: exact };
  const branch = refs.get(`refs/heads/${ref}`);
  const tag = refs.get(`refs/tags/${ref}`);
  if (branch !== undefined && tag !== undefined && branch !== tag) {
    throw new SlipwayError('ref_ambiguous', `"${shown(ref)}" is both a branch and a tag, at different commits.`, {
      hint: `Write refs/heads/${shown(ref)} for the branch or refs/tags/${shown(ref)} for the tag.`,
    });
  }
  const commit = branch ?? tag;
  return commit === undefined ? undefined : { ref, commit };
}

/** Splits a page's `<ref>/<path>` at the longest ref that exists, or after a commit. */
export function splitPage(refs: Refs, refAndPath: string): { ref: string; path: string } | undefined {
  const parts = refAndPath.replace(/\/+$/, '').split('/');
  for (let count = Math.min(parts.length, 20); count > 0; count--) {
    const ref = parts.slice(0, count).join('/');
    const exists =
      ref === 'HEAD' || ['', 'refs/', 'refs/heads/', 'refs/tags/'].some((prefix) => refs.has(prefix + ref));
    if (exists) return { ref, path: parts.slice(count).join('/') };
  }
  const [first = '', ...rest] = parts;
  return FULL_SHA.test(first) || SHORT_SHA.test(first) ? { ref: first, path: rest.join('/') } : undefined;
}

/** The error for a ref that is not there, with the names that come nearest. */
export function refNotFound(refs: Refs, ref: string): SlipwayError {
  const names = [...refs.keys()].flatMap((name) => /^refs\/(?:heads|tags)\/(.+)$/.exec(name)?.[1] ?? []);
  const near = nearest(names.slice(0, 2000), ref);
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((name) => shown(name)).join(', ')}?`
      : 'Check the name on the page of the repository.';
  return new SlipwayError('ref_not_found', `The repository has no branch, tag or commit "${shown(ref)}".`, { hint });
}

function nearest(names: string[], wanted: string): string[] {
  const scored = names.map((name) => ({
    name,
    score: name.includes(wanted) || wanted.includes(name) ? 1 : distance(name, wanted),
  }));
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [
    ...new Set(
      scored
        .filter(({ score }) => score <= limit)
        .sort((a, b) => a.score - b.score)
        .map(({ name }) => name),
    ),
  ].slice(0, 3);
}

/** Edits between two names, case ignored; names longer than 60 are cut. */
function distance(one: string, other: string): number {
  const a = one.slice(0, 60).toLowerCase();
  const b = other.slice(0, 60).toLowerCase();
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (b[j] === char ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
