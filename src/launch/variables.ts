/** The environment variables that Binder's sessions have, and which repositories' own scripts read. */
import { serviceUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import type { RepoSpec, Resolved } from '../types.ts';

/** In the letters of whoever asked, as BinderHub tells it: the canonical URL may be in small ones. */
function repoUrl({ cloneUrl, canonicalUrl }: RepoSpec): string {
  const asked = cloneUrl.replace(/\.git$/, '');
  return asked.toLowerCase() === canonicalUrl ? asked : canonicalUrl;
}

function refUrl({ spec, commit }: Resolved): string {
  const repo = repoUrl(spec)
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  if (spec.provider === 'gh') return `${repo}/tree/${commit}`;
  if (spec.provider === 'gl') return `${repo}/-/tree/${commit}`;
  if (spec.provider === 'gist') return `${repo}/${commit}`;
  return spec.canonicalUrl;
}

/**
 * Binder's variables.
 * @param user the session's id
 * @param path of the session on its origin; without a service it has all of it
 */
export function binderVariables(resolved: Resolved, user: string, config: Config, path = '/'): Record<string, string> {
  const { spec } = resolved;
  const repo = `v2/${spec.provider}/${spec.name}`;
  const host = serviceUrl(config);
  return {
    BINDER_SERVICE_HOST: host,
    BINDER_LAUNCH_HOST: host,
    BINDER_REPO_URL: repoUrl(spec),
    BINDER_REF_URL: refUrl(resolved),
    BINDER_REQUEST: spec.doi === undefined ? `${repo}/${resolved.ref}` : `v2/zenodo/${spec.doi}`,
    BINDER_PERSISTENT_REQUEST: `${repo}/${resolved.commit}`,
    JUPYTERHUB_USER: user,
    JUPYTERHUB_BASE_URL: '/',
    JUPYTERHUB_SERVICE_PREFIX: path,
  };
}

/** The operator's proxies, in both spellings that programs look for. */
export function proxyVariables(config: Config): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
  const given = names.filter((name) => config[name] !== '');
  return Object.fromEntries(
    given.flatMap((name) => [
      [name, config[name]],
      [name.toLowerCase(), config[name]],
    ]),
  );
}
