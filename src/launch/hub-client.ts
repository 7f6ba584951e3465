/** One JupyterHub by its REST API: asks with our token, asks again what may be asked again, and says what is wrong. */
import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { trusted } from '../certificates.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { retryAfter } from '../retry-after.ts';
import { eventsOf, type HubEvent } from './hub-events.ts';

/** Pauses before a hub is asked again that was not there: it may just be starting anew. */
const PAUSES = [200, 600, 1500];
/** What the hub does not say of its own. */
const RETRY_AFTER = 10_000;
/** Spawns apart, nothing takes a hub that long. */
const PATIENCE = 20_000;
/** Characters of an answer of a session's server. */
const LARGEST = 262_144;

export interface HubAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed where it is JSON. */
  body: unknown;
}

export interface Asked {
  signal: AbortSignal;
  body?: object;
  /** May take as long as the signal lets it. */
  isSlow?: boolean;
  /** Told when the hub has too much to do; without it that is an error at once. */
  busy?(seconds: number): void;
  /** Time (since 1970) after which nobody wants it any more. */
  until?: number;
}

interface Sent {
  method: string;
  body?: object | undefined;
  token: string;
  accept?: string;
  signal: AbortSignal;
}

export class HubClient {
  readonly #config: Config;
  readonly #base: string;
  readonly #agents: { http: Agent; https: SecureAgent };

  constructor(config: Config) {
    const { SLIPWAY_HUB_URL: hub, SLIPWAY_HUB_API_URL: api, SLIPWAY_HUB_TOKEN: token } = config;
    if (hub === '' || token === '') {
      throw new SlipwayError('bad_setting', `${hub === '' ? 'SLIPWAY_HUB_URL' : 'SLIPWAY_HUB_TOKEN'} is not set.`, {
        hint: 'SLIPWAY_LAUNCHER=jupyterhub needs the address of the hub and the token of a service there.',
      });
    }
    this.#config = config;
    this.#base = api === '' ? `${hub}/hub/api` : api;
    this.#agents = {
      http: new Agent({ keepAlive: true }),
      https: new SecureAgent({ keepAlive: true, ...trusted(config) }),
    };
  }

  /**
   * Asks the API; a hub that is away is asked again for some seconds, one that is busy when it says.
   * @returns whatever it answers but the below
   * @throws hub_unreachable, hub_token_refused, hub_full
   */
  async ask(method: string, path: string, asked: Asked): Promise<HubAnswer> {
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#once(method, path, asked).catch((error: Error) => {
        asked.signal.throwIfAborted();
        return error;
      });
      const pause = pauseAfter(answer, tries, asked);
      if (pause === undefined) return this.#accepted(answer);
      await sleep(pause, undefined, { signal: asked.signal }).catch(() => asked.signal.throwIfAborted());
    }
  }

  async #once(method: string, path: string, { signal, body, isSlow = false }: Asked): Promise<HubAnswer> {
    const limited = isSlow ? signal : AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    const token = this.#config.SLIPWAY_HUB_TOKEN;
    const response = await this.#send(`${this.#base}/${path}`, { method, body, token, signal: limited });
    return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) };
  }

  /** What a server that starts is doing, as far as the hub tells it now; nothing when it starts none. */
  async *progress(path: string, signal: AbortSignal): AsyncGenerator<HubEvent> {
    const token = this.#config.SLIPWAY_HUB_TOKEN;
    const sent = { method: 'GET', token, accept: 'text/event-stream', signal };
    const response = await this.#send(`${this.#base}/${path}`, sent).catch(() => signal.throwIfAborted());
    if (response?.statusCode === 200) yield* eventsOf(response);
    else response?.resume();
    signal.throwIfAborted();
  }

  /** What a session's server answers behind the hub's proxy; undefined when that cannot be reached from here. */
  async askServer(url: string, token: string, signal: AbortSignal): Promise<HubAnswer | undefined> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(5000)]);
    const response = await this.#send(url, { method: 'GET', token, signal: limited }).catch(() => undefined);
    // Whatever runs there has a say in its answers.
    const body = response && (await bodyOf(response, LARGEST).catch(() => undefined));
    signal.throwIfAborted();
    return response && { status: response.statusCode ?? 0, headers: response.headers, body };
  }

  #send(address: string, { method, body, token, accept, signal }: Sent): Promise<IncomingMessage> {
    const isSecure = address.startsWith('https:');
    const bytes = body && Buffer.from(JSON.stringify(body));
    const options = {
      method,
      signal,
      agent: isSecure ? this.#agents.https : this.#agents.http,
      headers: {
        authorization: `token ${token}`,
        accept: accept ?? 'application/jupyterhub-pagination+json, application/json',
        'content-length': bytes?.length ?? 0,
        ...(bytes && { 'content-type': 'application/json' }),
      },
    };
    return new Promise((resolve, reject) => {
      const request = isSecure ? httpsRequest(address, options, resolve) : httpRequest(address, options, resolve);
      request.on('error', reject);
      request.end(bytes);
    });
  }

  #accepted(answer: HubAnswer | Error): HubAnswer {
    if (answer instanceof Error)
      throw this.#unreachable((answer as NodeJS.ErrnoException).code ?? answer.message, answer);
    const { status, body } = answer;
    const said = messageOf(body);
    if (isAway(answer)) throw this.#unreachable(`no hub answers there, but ${status}`);
    if (status === 429) {
      throw new SlipwayError('hub_full', `The hub starts no server now: ${said}`, {
        hint: 'Try again in some minutes; its limits are JupyterHub.concurrent_spawn_limit and active_server_limit.',
      });
    }
    if (status === 401 || status === 403) throw tokenRefused(said);
    return answer;
  }

  #unreachable(why: string, cause?: Error): SlipwayError {
    return new SlipwayError('hub_unreachable', `The JupyterHub at ${this.#base} cannot be asked: ${why}.`, {
      ...(cause && { cause }),
      hint: 'Is it running, and is SLIPWAY_HUB_API_URL (or SLIPWAY_HUB_URL) where it is?',
    });
  }
}

/** What the hub says, in an answer that is JSON. */
export function messageOf(body: unknown): string | undefined {
  const said = (body as { message?: unknown } | undefined)?.message;
  return typeof said === 'string' ? said.slice(0, 500) : undefined;
}

/** `said` names the scopes: "Action is not authorized with current scopes; requires any of [admin:users]". */
export function tokenRefused(said: string | undefined): SlipwayError {
  const scopes = /\[([^\]]+)\]/.exec(said ?? '')?.[1];
  const why = scopes ? `lacks the scope ${scopes}` : 'is none that the hub knows';
  return new SlipwayError('hub_token_refused', `The token in SLIPWAY_HUB_TOKEN ${why}.`, {
    hint: 'Give the service at the hub that token, and a role with the scopes servers and admin:users (k8s/hub/slipway_hub.py does).',
  });
}

/** Nothing of an answer that has more than `most` characters. */
async function bodyOf(response: IncomingMessage, most = Number.POSITIVE_INFINITY): Promise<unknown> {
  let all = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    all += chunk;
    if (all.length > most) return undefined;
  }
  if (!/^[{["]/.test(all)) return undefined;
  try {
    return JSON.parse(all);
  } catch {
    return undefined;
  }
}

/** Something else answers in its place: the proxy of a hub that is just starting, or another site. */
function isAway({ status, headers, body }: HubAnswer): boolean {
  if (status >= 502 && status <= 504) return true;
  // Its API says the status in its answers and sends nobody elsewhere; its pages do neither, and some answers are empty.
  const isApi = (body as { status?: number } | undefined)?.status !== undefined;
  return status >= 300 && !isApi && (status < 400 || status === 404 || headers['x-jupyterhub-version'] === undefined);
}

/** Milliseconds to wait before the same is asked once more; undefined when the answer counts. */
function pauseAfter(answer: HubAnswer | Error, tries: number, { busy, until }: Asked): number | undefined {
  if (answer instanceof Error || isAway(answer)) return PAUSES[tries];
  // A server that failed may have failed by chance, but hubs count failures and give up at the fifth.
  if (answer.status === 500) return tries === 0 ? PAUSES[1] : undefined;
  if (answer.status !== 429 || !busy) return undefined;
  const pause = pauseAsked(answer.headers['retry-after']);
  if (pause === undefined || Date.now() + pause > (until ?? Number.POSITIVE_INFINITY)) return undefined;
  busy(Math.ceil(pause / 1000));
  return pause;
}

/** Milliseconds of a Retry-After; undefined when the hub gives no hope. */
export function pauseAsked(value: string | undefined): number | undefined {
  const time = retryAfter(value);
  if (time === undefined) return undefined;
  return Number.isNaN(time) ? RETRY_AFTER : Math.max(100, time);
}
