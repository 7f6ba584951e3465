/** Addresses of GitLab's pages, which are the same on every GitLab server. */
import type { Found } from './provider.ts';
import { checkedRef } from './text.ts';

/** Splits a path at GitLab's `/-/` marker; without one the whole path is the repository. */
export function gitLabPage(parts: string[]): { repo: string[]; page: Partial<Found> } {
  const marker = parts.indexOf('-');
  if (marker < 0) return { repo: parts, page: {} };
  return { repo: parts.slice(0, marker), page: readPage(parts.slice(marker + 1)) };
}

function readPage([kind = '', ...rest]: string[]): Partial<Found> {
  const refAndPath = rest.join('/');
  if (refAndPath === '') return {};
  if (['blob', 'raw', 'blame', 'edit'].includes(kind)) return { page: { kind: 'blob', refAndPath } };
  if (kind === 'tree' || kind === 'commits') return { page: { kind: 'tree', refAndPath } };
  if (kind === 'commit') return { ref: checkedRef(rest[0] ?? '') };
  if (kind === 'tags' || kind === 'releases') return { ref: `refs/tags/${checkedRef(refAndPath)}` };
  if (kind === 'merge_requests' && /^\d+$/.test(rest[0] ?? '')) return { ref: `refs/merge-requests/${rest[0]}/head` };
  return {};
}
