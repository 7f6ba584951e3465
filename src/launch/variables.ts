/** The environment variables that Binder's sessions have, and which repositories' own scripts read. */
import type { Config } from '../config.ts';
import type { Resolved } from '../types.ts';

/** Where `slipway serve` listens unless told otherwise. */
const LAUNCH_HOST = 'http://127.0.0.1:8585/';

function refUrl({ spec, commit }: Resolved): string {
  const repo = spec.canonicalUrl.replace(/\/+$/, '').replace(/\.git$/, '');
  if (spec.provider === 'gh') return `${repo}/tree/${commit}`;
  if (spec.provider === 'gl') return `${repo}/-/tree/${commit}`;
  if (spec.provider === 'gist') return `${repo}/${commit}`;
  return spec.canonicalUrl;
}

/**
 * Binder's variables for a session of its own, without a hub: the server stands at `/`.
 * @param user the session's id
 */
export function binderVariables(resolved: Resolved, user: string): Record<string, string> {
  const { spec } = resolved;
  const request = `v2/${spec.provider}/${spec.name}`;
  return {
    BINDER_SERVICE_HOST: LAUNCH_HOST,
    BINDER_LAUNCH_HOST: LAUNCH_HOST,
    BINDER_REPO_URL: spec.canonicalUrl,
    BINDER_REF_URL: refUrl(resolved),
    BINDER_REQUEST: `${request}/${resolved.ref}`,
    BINDER_PERSISTENT_REQUEST: `${request}/${resolved.commit}`,
    JUPYTERHUB_USER: user,
    JUPYTERHUB_BASE_URL: '/',
    JUPYTERHUB_SERVICE_PREFIX: '/',
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
