/** GitHub's gists. */
import { hostOf } from '../../hosts.ts';
import type { Found, RepoProvider } from '../provider.ts';
import { badSpec, checkedRef, decoded, plainName, segmentsOf } from '../text.ts';

const HOST = 'gist.github.com';
/** Viewers whose paths go on as `gist/<user>/<id>`. */
const VIEWERS = ['nbviewer.org', 'nbviewer.jupyter.org', 'colab.research.google.com'];

function gistOf(user: string | undefined, id: string | undefined): Found {
  const clean = id?.replace(/\.git$/, '').toLowerCase();
  if (!clean || !/^[0-9a-f]{1,64}$/.test(clean)) throw badSpec('A gist is gist/user/id, and its id is hexadecimal.');
  const url = `https://${HOST}/${clean}`;
  const name = user === undefined ? clean : `${plainName(user, 'a GitHub user')}/${clean}`;
  return { name, cloneUrl: `${url}.git`, canonicalUrl: url };
}

export const gist: RepoProvider = {
  name: 'gist',
  form: {
    displayName: 'GitHub Gist',
    spec: { validateRegex: '[^/]+/[^/]+(/[^/]+)?' },
    detect: { regex: `^(https?://${HOST}/)?(?<repo>.*)` },
    repo: { label: 'Gist (user/id) or URL', placeholder: `user/id or https://${HOST}/user/id` },
    ref: { enabled: true, default: 'HEAD' },
  },
  example: 'gist/user/id',
  hosts: [HOST],
  forgivesDefaultBranch: true,
  fromSpec(rest) {
    const [user, id, ...ref] = decoded(rest).replace(/\/+$/, '').split('/');
    return ref.length > 0 ? { ...gistOf(user, id), ref: checkedRef(ref.join('/')) } : gistOf(user, id);
  },
  fromUrl(url) {
    const host = hostOf(url);
    const parts = segmentsOf(url);
    if (VIEWERS.includes(host) && parts[0] === 'gist') parts.shift();
    else if (host !== HOST) return undefined;
    const [first, second, third] = parts;
    const found =
      second === undefined || /^[0-9a-f]{40}$/.test(second) ? gistOf(undefined, first) : gistOf(first, second);
    const revision = [second, third].find(
      (part) => part !== undefined && /^[0-9a-f]{40}$/.test(part) && !found.name.endsWith(part),
    );
    return revision ? { ...found, ref: revision } : found;
  },
};
