/** The operator's tokens, which raise what a host allows; each for its own host, and for look-ups only. */
import type { Config } from '../config.ts';
import type { RepoSpec } from '../types.ts';
import type { Login } from './provider.ts';
import { PROVIDERS } from './registry.ts';

export type LoginConfig = Pick<Config, Login['token']>;

/** Header by which a look-up of this repository says who asks; undefined where there is no token, or none for that address. */
export function loginOf({ provider, cloneUrl }: RepoSpec, config: LoginConfig): string | undefined {
  const login = PROVIDERS.find(({ name }) => name === provider)?.login;
  const token = login ? config[login.token] : '';
  if (!login || token === '' || new URL(cloneUrl).origin !== `https://${login.host}`) return undefined;
  return `Basic ${Buffer.from(`${login.user}:${token}`).toString('base64')}`;
}
