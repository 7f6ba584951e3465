/** GitLab: specs, clone URLs and pages. */
import { hostOf } from '../../hosts.ts';
import { gitLabPage } from '../gitlab-pages.ts';
import type { Found, RepoProvider } from '../provider.ts';
import { badSpec, checkedRef, decoded, plainName, segmentsOf } from '../text.ts';

const HOST = 'gitlab.com';

function repository(parts: string[]): Found {
  if (parts.length < 2) throw badSpec('A GitLab repository is group/project.');
  const names = parts.map((part, index) =>
    plainName(index === parts.length - 1 ? part.replace(/\.git$/, '') : part, 'a GitLab group or project'),
  );
  const cloneUrl = `https://${HOST}/${names.join('/')}`;
  return {
    name: encodeURIComponent(names.join('/')),
    cloneUrl: `${cloneUrl}.git`,
    canonicalUrl: cloneUrl.toLowerCase(),
  };
}

export const gl: RepoProvider = {
  name: 'gl',
  form: {
    displayName: 'GitLab.com',
    spec: { validateRegex: '[^/]+/.+' },
    detect: { regex: `^(https?://${HOST}/)?(?<repo>.*)` },
    repo: { label: 'GitLab.com repository or URL', placeholder: `group/project or https://${HOST}/group/project` },
    ref: { enabled: true, default: 'HEAD' },
  },
  example: 'gl/group%2Fproject/ref',
  login: { host: HOST, user: 'oauth2', token: 'SLIPWAY_GITLAB_TOKEN' },
  hosts: [HOST, `www.${HOST}`],
  forgivesDefaultBranch: false,
  fromSpec(rest) {
    const parts = rest.replace(/\/+$/, '').split('/');
    const encoded = /%2f/i.test(parts[0] ?? '');
    const path = encoded ? decoded(parts[0] ?? '').split('/') : parts.slice(0, 2).map(decoded);
    const ref = decoded(parts.slice(encoded ? 1 : 2).join('/'));
    return ref === '' ? repository(path) : { ...repository(path), ref: checkedRef(ref) };
  },
  fromUrl(url) {
    if (!gl.hosts.includes(hostOf(url))) return undefined;
    const { repo, page } = gitLabPage(segmentsOf(url));
    return { ...repository(repo), ...page };
  },
};
