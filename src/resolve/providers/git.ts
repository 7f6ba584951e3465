/** Any git server by its clone URL, and the pages of GitLab servers other than the best known one. */
import { gitLabPage } from '../gitlab-pages.ts';
import type { Found, RepoProvider } from '../provider.ts';
import { badSpec, canonicalClone, checkedRef, decoded, refuseCredentials, segmentsOf } from '../text.ts';

export const git: RepoProvider = {
  name: 'git',
  form: {
    displayName: 'Git repository',
    spec: { validateRegex: '[^/]+/.+' },
    repo: { label: 'Clone URL of any git repository', placeholder: 'https://git.example.org/repo' },
    ref: { enabled: true, default: 'HEAD' },
  },
  example: 'git/https%3A%2F%2Fhost%2Forg%2Frepo/ref',
  hosts: [],
  forgivesDefaultBranch: false,
  fromSpec(rest) {
    const [encoded = '', ...tail] = rest.replace(/\/+$/, '').split('/');
    const text = decoded(encoded);
    if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
      throw badSpec('A git spec is git/<percent-encoded https URL>/ref.');
    const url = new URL(text);
    const ref = decoded(tail.join('/'));
    return ref === '' ? clone(url) : { ...clone(url), ref: checkedRef(ref) };
  },
  fromUrl(url) {
    const { repo, page } = gitLabPage(segmentsOf(url));
    if (repo.length === segmentsOf(url).length) return clone(url);
    const top = new URL(url);
    top.pathname = `/${repo.map(encodeURIComponent).join('/')}.git`;
    return { ...clone(top), ...page };
  },
};

function clone(url: URL): Found {
  refuseCredentials(url);
  const plain = new URL(url);
  plain.search = '';
  plain.hash = '';
  if (plain.pathname.replace(/\/+/g, '') === '') throw badSpec(`The URL names a host but no repository.`);
  const canonicalUrl = canonicalClone(plain);
  const cloneUrl = /\.git\/*$/.test(plain.pathname) ? `${canonicalUrl}.git` : canonicalUrl;
  return { name: encodeURIComponent(cloneUrl), cloneUrl, canonicalUrl };
}
