/** Words for people, the same on the server and in the browser. */
import type { RepoSpec } from '../../types.ts';

/** A repository as people call it: `org/repo`, or the address without its scheme. */
export function repoName({ provider, name }: Pick<RepoSpec, 'provider' | 'name'>): string {
  const decoded = provider === 'gl' || provider === 'git' ? decodeURIComponent(name) : name;
  return decoded.replace(/^https?:\/\//, '').replace(/\.git$/, '');
}

/** `<provider>/<spec>` as it stands in paths; a DOI has no ref. */
export function specPath({ provider, name, ref = 'HEAD' }: Pick<RepoSpec, 'provider' | 'name' | 'ref'>): string {
  if (provider === 'zenodo') return `${provider}/${name}`;
  return `${provider}/${name}/${ref.split('/').map(encodeURIComponent).join('/')}`;
}

/** The ref of a spec, if it says more than "the newest". */
export function refName(spec: Pick<RepoSpec, 'ref' | 'page'>): string {
  const ref = spec.ref ?? spec.page?.refAndPath.split('/')[0] ?? 'HEAD';
  return ref === 'HEAD' ? '' : /^[0-9a-f]{40}$/i.test(ref) ? ref.slice(0, 7) : ref;
}

/** The file in the repository that a path inside the session opens; undefined when it names none. */
export function fileOf(urlpath: string | undefined): string | undefined {
  const path = (urlpath ?? '').replace(/^\/+/, '').split(/[?#]/)[0] ?? '';
  const inTree = /^(?:(?:lab|doc|retro|nbclassic)\/)?(?:tree|notebooks|edit)\/(.+)$/.exec(path);
  try {
    return inTree?.[1] && decodeURIComponent(inTree[1]).replace(/\/+$/, '');
  } catch {
    return undefined;
  }
}

/** `40 s`, `3 min`, `1 h 5 min`: no more exact than an estimate is. */
export function roughly(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`. */
export function exactly(milliseconds: number): string {
  if (milliseconds < 50) return '< 0.1 s';
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** Days in a text as people write them: 2022-05-10 → 10 May 2022. */
export function withDays(text: string): string {
  return text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, (day) => {
    const date = new Date(`${day}T00:00:00Z`);
    return Number.isNaN(date.getTime()) ? day : DAY.format(date);
  });
}
