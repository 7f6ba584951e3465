/** Answers the registry's challenges: basic authentication, or a token for just what is being done. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { type Credentials, type Found, findCredentials } from './credentials.ts';
import type { Location } from './location.ts';
import { readBody, sendPatiently } from './patience.ts';
import type { Transport } from './transport.ts';

/** What is wanted of one repository: `repository:<name>:pull,push`. */
export type Scope = string;

/** A token is given up so long before its end, for clocks that differ. */
const MARGIN = 10_000;
const SHORTEST = 60;
const ANSWER = 64 * 1024;

export class Authorizer {
  private readonly config: Config;
  private readonly location: Location;
  private readonly transport: Transport;
  private found: Promise<Found> | undefined;
  private basic: string | undefined;
  private readonly tokens = new Map<string, { value: Promise<string>; until: number }>();

  constructor(config: Config, location: Location, transport: Transport) {
    this.config = config;
    this.location = location;
    this.transport = transport;
  }

  /** Value of `Authorization` as far as it is known already. */
  async header(scopes: readonly Scope[]): Promise<string | undefined> {
    const token = this.tokens.get(keyOf(scopes));
    if (token && token.until > Date.now()) return `Bearer ${await token.value}`;
    return this.basic;
  }

  /**
   * The `Authorization` that an answer 401 asks for.
   * @param refused the one that was sent
   * @throws registry_login_missing, registry_login_refused, registry_denied, registry_failed
   */
  async answer(
    header: string,
    scopes: readonly Scope[],
    refused: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const isTooLittle = bearer?.parameters.error === 'insufficient_scope';
    const known = this.tokens.get(keyOf(scopes));
    const isOurs = known !== undefined && refused === `Bearer ${await known.value.catch(() => '')}`;
    if (isOurs) this.tokens.delete(keyOf(scopes));
    if (bearer && refused !== undefined && isTooLittle) throw await this.refusal();
    if (bearer) return `Bearer ${await this.token(bearer, scopes, signal)}`;
    if (!challenges.some(({ scheme }) => scheme === 'basic')) throw await this.refusal();
    const { credentials } = await (refused === undefined ? this.credentials() : this.renewed());
    if (!credentials || !('username' in credentials)) throw await this.refusal();
    const login = `Basic ${encoded(credentials)}`;
    this.basic = login === refused ? undefined : login;
    if (this.basic === undefined) throw await this.refusal();
    return this.basic;
  }

  /** Why the registry does not let us in, as far as can be told. */
  async refusal(): Promise<SlipwayError> {
    const { credentials, source, others } = await this.credentials();
    const { host } = this.location;
    if (credentials)
      return new SlipwayError('registry_login_refused', `The registry ${host} refuses the credentials of ${source}.`, {
        hint: 'They are wrong or have expired: renew them (docker login, or SLIPWAY_REGISTRY_USERNAME and _PASSWORD).',
      });
    const known = others.length > 0 ? ` docker's config.json has some for ${others.join(', ')} only.` : '';
    return new SlipwayError('registry_login_missing', `The registry ${host} asks who we are.${known}`, {
      hint: `Set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD, or run docker login ${host}.`,
    });
  }

  /** Read again: those of some registries last for hours, and somebody renews them while we run. */
  private renewed(): Promise<Found> {
    this.found = undefined;
    return this.credentials();
  }

  private credentials(): Promise<Found> {
    this.found ??= findCredentials(this.config, this.location.host).catch((error: unknown) => {
      // A helper that failed is asked again.
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  /** One request for all who want the same at once. */
  private token(challenge: Challenge, scopes: readonly Scope[], signal: AbortSignal): Promise<string> {
    const key = keyOf(scopes);
    const known = this.tokens.get(key);
    if (known && known.until > Date.now()) return known.value;
    const asked = this.fetchToken(challenge, scopes, signal);
    const entry = { value: asked.then(({ token }) => token), until: Date.now() + SHORTEST * 1000 };
    this.tokens.set(key, entry);
    asked.then(
      ({ lasts }) => {
        entry.until = Date.now() + lasts * 1000 - MARGIN;
      },
      () => this.tokens.delete(key),
    );
    return entry.value;
  }

  private async fetchToken({ parameters }: Challenge, scopes: readonly Scope[], signal: AbortSignal) {
    const { host } = this.location;
    const realm = URL.canParse(parameters.realm ?? '') ? new URL(parameters.realm ?? '') : undefined;
    const isSafe = realm?.protocol === 'https:' || this.location.api.protocol === 'http:';
    if (!realm || !isSafe) throw odd(host, 'it names no address for tokens that credentials may be sent to');
    const service = parameters.service ?? '';
    const before = (await this.credentials()).credentials;
    let answer = await this.askForToken(realm, { service, scopes, credentials: before }, signal);
    if (answer.statusCode === 401) {
      const { credentials } = await this.renewed();
      if (JSON.stringify(credentials) === JSON.stringify(before)) throw await this.refusal();
      answer.resume();
      answer = await this.askForToken(realm, { service, scopes, credentials }, signal);
    }
    const status = answer.statusCode ?? 0;
    const body = (await readBody(answer, ANSWER)).toString('utf8');
    if (status === 401 || status === 400 || status === 403) throw await this.refusal();
    // Not followed: whoever it leads to would get our credentials.
    if (status !== 200) throw odd(host, `${realm.host} answers ${status} to a request for a token`);
    const said = parsed(body);
    const token = said?.token ?? said?.access_token;
    if (typeof token !== 'string' || !/^[\w.~+/=-]+$/.test(token)) throw odd(host, `${realm.host} gives no token`);
    const lasts = typeof said?.expires_in === 'number' ? said.expires_in : SHORTEST;
    return { token, lasts: Math.max(SHORTEST, lasts) };
  }

  private askForToken(realm: URL, wish: TokenWish, signal: AbortSignal) {
    const { service, scopes, credentials } = wish;
    const query: [string, string][] = [...(service ? [['service', service] as [string, string]] : [])];
    if (credentials && 'identityToken' in credentials) {
      const form = new URLSearchParams([...query, ['scope', scopes.join(' ')], ['client_id', 'slipway']]);
      form.set('grant_type', 'refresh_token');
      form.set('refresh_token', credentials.identityToken);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return sendPatiently(this.transport, realm, { method: 'POST', headers, body: form.toString(), signal });
    }
    const url = new URL(realm);
    for (const [name, value] of [...query, ...scopes.map((scope) => ['scope', scope] as const)])
      url.searchParams.append(name, value);
    const headers = credentials ? { authorization: `Basic ${encoded(credentials)}` } : {};
    return sendPatiently(this.transport, url, { method: 'GET', headers, signal });
  }
}

interface TokenWish {
  service: string;
  scopes: readonly Scope[];
  credentials: Credentials | undefined;
}

function keyOf(scopes: readonly Scope[]): string {
  return [...scopes].sort().join(' ');
}

function encoded(credentials: { username: string; password: string }): string {
  return Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
}

function parsed(body: string): { token?: unknown; access_token?: unknown; expires_in?: unknown } | undefined {
  try {
    return JSON.parse(body) as { token?: unknown };
  } catch {
    return undefined;
  }
}

function odd(host: string, why: string): SlipwayError {
  return new SlipwayError('registry_failed', `The registry ${host} cannot be used: ${why}.`);
}
