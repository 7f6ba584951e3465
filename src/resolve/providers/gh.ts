/** GitHub: specs, clone URLs, its pages, and the pages of viewers that mirror it. */
import { hostOf } from '../../hosts.ts';
import type { Found, RepoProvider } from '../provider.ts';
import { badSpec, checkedRef, decoded, plainName, segmentsOf } from '../text.ts';

const HOST = 'github.com';
const RAW = 'raw.githubusercontent.com';
/** Viewers whose paths go on as `github/<org>/<repo>/…`. */
const VIEWERS = ['nbviewer.org', 'nbviewer.jupyter.org', 'colab.research.google.com'];
const FILE_PAGES = ['blob', 'raw', 'blame', 'edit'];

function repository(owner: string | undefined, repo: string | undefined): Found {
  const name = `${plainName(owner, 'a GitHub user')}/${plainName(repo?.replace(/\.git$/, ''), 'a GitHub repository')}`;
  const cloneUrl = `https://${HOST}/${name}`;
  return { name, cloneUrl, canonicalUrl: cloneUrl.toLowerCase() };
}

/** What follows `<org>/<repo>/` in a page's address. */
function page([kind = '', ...rest]: string[]): Partial<Found> {
  const refAndPath = rest.join('/');
  if (refAndPath === '') return {};
  if (FILE_PAGES.includes(kind)) return { page: { kind: 'blob', refAndPath } };
  if (kind === 'tree' || kind === 'commits') return { page: { kind: 'tree', refAndPath } };
  if (kind === 'commit') return { ref: checkedRef(rest[0] ?? '') };
  if (kind === 'releases' && rest[0] === 'tag' && rest[1])
    return { ref: `refs/tags/${checkedRef(rest.slice(1).join('/'))}` };
  if (kind === 'pull' && /^\d+$/.test(rest[0] ?? '')) return { ref: `refs/pull/${rest[0]}/head` };
  return {};
}

export const gh: RepoProvider = {
  name: 'gh',
  form: {
    displayName: 'GitHub',
    spec: { validateRegex: '[^/]+/[^/]+/.+' },
    detect: { regex: `^(https?://${HOST}/)?(?<repo>.*)` },
    repo: { label: 'GitHub repository name or URL', placeholder: `org/name or https://${HOST}/org/name` },
    ref: { enabled: true, default: 'HEAD' },
  },
  example: 'gh/org/repo/ref',
  login: { host: HOST, user: 'x-access-token', token: 'SLIPWAY_GITHUB_TOKEN' },
  hosts: [HOST, `www.${HOST}`],
  forgivesDefaultBranch: true,
  fromSpec(rest) {
    const [owner, repo, ...ref] = decoded(rest).replace(/\/+$/, '').split('/');
    if (!repo) throw badSpec('A GitHub spec is gh/org/repo or gh/org/repo/ref.');
    const found = repository(owner, repo);
    return ref.length > 0 ? { ...found, ref: checkedRef(ref.join('/')) } : found;
  },
  fromUrl(url) {
    const host = hostOf(url);
    const parts = segmentsOf(url);
    if (host === RAW) {
      const tail = parts[2] === 'refs' ? parts.slice(4) : parts.slice(2);
      return { ...repository(parts[0], parts[1]), ...page(['raw', ...tail]) };
    }
    if (VIEWERS.includes(host) && parts[0] === 'github') parts.shift();
    else if (!gh.hosts.includes(host)) return undefined;
    return { ...repository(parts[0], parts[1]), ...page(parts.slice(2)) };
  },
};
