/** Requests of our own (LFS, DOIs), through the gate: every hop of a redirect is checked and every byte counted. */
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { trusted } from '../certificates.ts';
import type { Config } from '../config.ts';
import { hostOf } from '../hosts.ts';
import type { Gate } from './proxy.ts';

export interface Ask {
  method: 'GET' | 'POST';
  headers: OutgoingHttpHeaders;
  body?: string;
  signal?: AbortSignal;
}

const MAX_REDIRECTS = 5;

/** Sends a request and gives the first answer that is no redirect; headers with credentials stay with their origin. */
export async function ask(
  gate: Gate,
  config: Config,
  url: URL,
  what: Ask,
  hops = MAX_REDIRECTS,
): Promise<IncomingMessage> {
  const answer = await askOnce(gate, config, url, what);
  const status = answer.statusCode ?? 0;
  const location = answer.headers.location;
  if (status < 300 || status > 399 || location === undefined) return answer;
  answer.destroy();
  if (hops === 0) throw new Error('too many redirects');
  const next = new URL(location, url);
  const headers = { ...what.headers };
  if (next.origin !== url.origin) delete headers.authorization;
  const rest: Ask =
    status === 307 || status === 308
      ? { ...what, headers }
      : { method: 'GET', headers, ...(what.signal ? { signal: what.signal } : {}) };
  return ask(gate, config, next, rest, hops - 1);
}

/** The whole of an answer, of at most `most` bytes. */
export async function bodyText(answer: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The same, but follows no redirect. */
export async function askOnce(
  gate: Gate,
  config: Config,
  url: URL,
  { method, headers, body, signal }: Ask,
): Promise<IncomingMessage> {
  const { socket, viaProxy } = await gate.open(url);
  const isTls = url.protocol === 'https:';
  const stream = isTls ? await secured(socket, hostOf(url), config) : socket;
  const path = viaProxy ? url.href : url.pathname + url.search;
  const proxyLogin = viaProxy?.authorization ? { 'proxy-authorization': viaProxy.authorization } : {};
  return new Promise((done, fail) => {
    const all = { 'user-agent': 'slipway', ...headers, ...proxyLogin, host: url.host, connection: 'close' };
    const options = { method, path, headers: all, setHost: false, ...(signal ? { signal } : {}) };
    const sent = request({ createConnection: () => stream, ...options });
    sent.on('response', done).on('error', fail);
    sent.end(body);
  });
}

function secured(socket: Duplex, host: string, config: Config): Promise<TLSSocket> {
  const trust = trusted(config);
  return new Promise((done, fail) => {
    const tls = connectTls({ socket, servername: /^[\d.:]*$/.test(host) ? '' : host, host, ...trust }, () => done(tls));
    tls.on('error', fail);
  });
}
