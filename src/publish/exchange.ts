/** Requests to one registry: authentication, redirects, refusals as errors of ours. */
import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { Authorizer, type Scope } from './authorizer.ts';
import { type Location, readLocation } from './location.ts';
import { patiently, readBody, refuseBusy } from './patience.ts';
import { type Ask, Transport } from './transport.ts';

/** What is being done, for authentication and for messages. */
export interface Errand {
  /** Repository that it is about; '' for the registry as a whole. */
  repository: string;
  /** `pull`, `pull,push`, `delete`. */
  actions: string;
  /** Repository that a blob is taken from. */
  from?: string;
}

const REDIRECTS = 5;
const ERROR_BODY = 64 * 1024;

/** An answer that is no failure of the registry: its status is the caller's to judge. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: IncomingMessage;
  /** Where it came from, redirects followed. */
  url: URL;
}

/** A connection to the registry, kept for all who use it. */
export class Exchange {
  readonly location: Location;
  private readonly transport: Transport;
  private readonly authorizer: Authorizer;

  constructor(config: Config) {
    this.location = readLocation(config);
    this.transport = new Transport(config);
    this.authorizer = new Authorizer(config, this.location, this.transport);
  }

  get host(): string {
    return this.location.host;
  }

  /** Tries until the registry neither is busy nor fails; only for what may be done twice. */
  ask(path: string | URL, errand: Errand, ask: Ask): Promise<Answer> {
    return patiently(this.host, ask.signal, () => this.once(path, errand, ask));
  }

  /** One try. Throws Passing, or what a connection throws, for what may pass. */
  async once(path: string | URL, errand: Errand, ask: Ask): Promise<Answer> {
    const url = new URL(path, this.location.api);
    const scopes = scopesOf(errand);
    const known = await this.authorizer.header(scopes);
    const first = await this.follow(url, ask, known);
    if (first.status !== 401) return this.judged(first, errand);
    const challenge = String(first.headers['www-authenticate'] ?? '');
    first.body.resume();
    const fresh = await this.authorizer.answer(challenge, scopes, known, ask.signal);
    const second = await this.follow(url, ask, fresh);
    if (second.status !== 401) return this.judged(second, errand);
    const { code, message } = await refusalOf(second.body);
    if (code === 'DENIED' || /insufficient_scope/.test(String(second.headers['www-authenticate'])))
      throw this.denied(errand, message);
    throw await this.authorizer.refusal();
  }

  /** Redirects are followed; what authenticates us is for the registry's own origin alone. */
  private async follow(url: URL, ask: Ask, authorization: string | undefined, hops = REDIRECTS): Promise<Answer> {
    const isOwn = url.origin === this.location.api.origin;
    const headers = { ...ask.headers, ...(isOwn && authorization !== undefined && { authorization }) };
    const body = await this.transport.send(url, { ...ask, headers });
    await refuseBusy(body);
    const status = body.statusCode ?? 0;
    const to = body.headers.location;
    const isRedirect = [301, 302, 303, 307, 308].includes(status) && to !== undefined && ask.method !== 'PATCH';
    if (!isRedirect) return { status, headers: body.headers, body, url };
    body.resume();
    const next = new URL(to, url);
    if (hops === 0 || (next.protocol !== 'https:' && next.protocol !== url.protocol))
      throw new SlipwayError('registry_failed', `The registry ${this.host} redirects without end or to plain http.`);
    return this.follow(next, ask, authorization, hops - 1);
  }

  private async judged(answer: Answer, errand: Errand): Promise<Answer> {
    if (answer.status < 400 || [404, 405, 416].includes(answer.status)) return answer;
    throw await this.refused(answer, errand);
  }

  /** An answer that refuses what was asked for, as an error. */
  async refused({ status, body }: Answer, errand: Errand): Promise<SlipwayError> {
    const { code, message } = await refusalOf(body);
    const what = errand.repository === '' ? '' : ` ${errand.repository}`;
    if (status === 403 || code === 'DENIED') return this.denied(errand, message);
    if (code === 'NAME_INVALID' || code === 'NAME_UNKNOWN' || code === 'TAG_INVALID')
      return new SlipwayError('registry_name_refused', `The registry ${this.host} takes no image named${what}.`, {
        hint: 'Change the prefix in SLIPWAY_REGISTRY, or create the repository there if it has to exist before.',
      });
    const said = message === '' ? '' : `: ${message}`;
    return new SlipwayError('registry_failed', `The registry ${this.host} answers ${status} for${what}${said}.`);
  }

  private denied({ repository, actions }: Errand, message: string): SlipwayError {
    const verb = actions.includes('push') ? 'push to' : actions === 'delete' ? 'delete from' : 'pull from';
    const said = message === '' ? '' : ` (${message})`;
    const what = repository === '' ? 'it' : repository;
    return new SlipwayError('registry_denied', `The registry ${this.host} does not let us ${verb} ${what}${said}.`, {
      hint: 'Give the account of SLIPWAY_REGISTRY that right there, or change the prefix to one where it has it.',
    });
  }
}

function scopesOf({ repository, actions, from }: Errand): Scope[] {
  if (repository === '') return [];
  const own = `repository:${repository}:${actions}`;
  return from === undefined || from === repository ? [own] : [own, `repository:${from}:pull`];
}

/** The first error of a registry's body; its text is the registry's, so it is cut and made one line. */
async function refusalOf(body: IncomingMessage): Promise<{ code: string; message: string }> {
  const text = await readBody(body, ERROR_BODY).then(String, () => '');
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] };
    const { code = '', message = '' } = errors?.[0] ?? {};
    const line = String(message)
      .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
      .slice(0, 200);
    return { code: String(code), message: line };
  } catch {
    return { code: '', message: '' };
  }
}
