/** DOIs, Zenodo's above all: nothing of a DOI says which repository it leads to, so that is looked up (`../locate.ts`). */
import { hostOf } from '../../hosts.ts';
import type { Found, RepoProvider } from '../provider.ts';
import { badSpec, decoded, segmentsOf } from '../text.ts';

const HOST = 'zenodo.org';
const RESOLVERS = ['doi.org', 'dx.doi.org', 'www.doi.org'];
/** The characters that DOIs of today have; none of them has to be escaped in a path. */
const DOI = /^10\.\d{4,9}(?:\.\d{1,9}){0,3}\/[\w.;()/:-]{1,150}$/;
/** What a URL would leave out of its path. */
const LOST = /\/\.{0,2}(?:\/|$)/;

function doi(text: string): Found {
  const name = text.replace(/\/+$/, '').toLowerCase();
  if (!DOI.test(name) || LOST.test(name)) throw badSpec('This is not a DOI; one is for example 10.5281/zenodo.1234.');
  const canonicalUrl = `https://${RESOLVERS[0]}/${name}`;
  const record = recordOf(name);
  // Nothing is cloned from there: it is the page about it, of the host that is asked.
  return { name, cloneUrl: record === undefined ? canonicalUrl : `https://${HOST}/records/${record}`, canonicalUrl };
}

/** The number of Zenodo's record in one of its own DOIs. */
export function recordOf(name: string): string | undefined {
  return /^10\.5281\/zenodo\.(\d{1,12})$/.exec(name)?.[1];
}

export const zenodo: RepoProvider = {
  name: 'zenodo',
  form: {
    displayName: 'Zenodo DOI',
    spec: { validateRegex: '10\\.\\d+/.+' },
    detect: { regex: `^(https?://(${RESOLVERS.join('|')})/)?(?<repo>.*)` },
    repo: { label: 'DOI', placeholder: '10.5281/zenodo.1234' },
    ref: { enabled: false, default: '' },
  },
  example: 'zenodo/10.5281/zenodo.1234',
  hosts: [...RESOLVERS, HOST, `www.${HOST}`],
  forgivesDefaultBranch: false,
  fromSpec: (rest) => doi(decoded(rest)),
  fromText(text) {
    const named = /^doi:\s?(.*)$/i.exec(text)?.[1];
    if (named !== undefined) return doi(named);
    return /^10\.\d{4,9}[./]/.test(text) ? doi(text) : undefined;
  },
  fromUrl(url) {
    const host = hostOf(url);
    if (RESOLVERS.includes(host)) return doi(decoded(url.pathname.slice(1)).replace(/^doi:/i, ''));
    if (!zenodo.hosts.includes(host)) return undefined;
    const [kind, ...rest] = segmentsOf(url);
    if (kind === 'doi') return doi(rest.join('/'));
    if (kind === 'badge' && rest[0] === 'DOI')
      return doi(
        rest
          .slice(1)
          .join('/')
          .replace(/\.svg$/, ''),
      );
    if ((kind === 'records' || kind === 'record') && /^\d{1,12}$/.test(rest[0] ?? ''))
      return doi(`10.5281/zenodo.${rest[0]}`);
    throw badSpec('This page of Zenodo is not that of a record.');
  },
};
