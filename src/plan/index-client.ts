/** Reads pages of a package index's simple API, through the operator's proxy and with the host's certificates. */
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { hostCaBundle } from '../certificates.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { portOf } from '../hosts.ts';
import { operatorProxy, proxyAuthorization, tunnel } from '../operator-proxy.ts';

/** JSON first; an index that has HTML only gives upload times there only to those who ask for JSON. */
const ACCEPT = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01';
const TIME = 20_000;
/** For what a plan can do without. */
const SHORT_TIME = 5000;
const LARGEST = 64 << 20;
const MOST_REDIRECTS = 4;
const TRIES = 3;

export interface IndexPage {
  status: number;
  /** Content-Type. */
  type: string;
  text: string;
}

export type FetchPage = (url: string) => Promise<IndexPage>;

function portOfProxy(proxy: URL): number {
  return Number(proxy.port) || 80;
}

async function throughProxy(proxy: URL, url: URL, { ca, signal }: Asking): Promise<Socket> {
  const socket = connect({ port: portOfProxy(proxy), host: proxy.hostname, signal });
  await new Promise<void>((done, fail) => socket.once('connect', done).once('error', fail));
  await tunnel(socket, url.hostname, portOf(url), proxyAuthorization(proxy));
  if (url.protocol !== 'https:') return socket;
  return secure({ socket, servername: url.hostname, ...(ca === undefined ? {} : { ca }) });
}

function body(response: IncomingMessage): Promise<string> {
  return new Promise((done, fail) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      size += part.length;
      if (size > LARGEST) response.destroy(new Error(`a page larger than ${LARGEST >> 20} MB`));
      else parts.push(part);
    });
    response.on('end', () => done(Buffer.concat(parts).toString('utf8')));
    response.on('error', fail);
  });
}

interface Asking {
  config: Config;
  ca: string | undefined;
  method: 'GET' | 'HEAD';
  signal: AbortSignal;
}

async function requestOnce(url: URL, asking: Asking): Promise<IncomingMessage> {
  const { config, ca, method, signal } = asking;
  const proxy = operatorProxy(config, url);
  const socket = proxy && (await throughProxy(proxy, url, asking));
  const options: RequestOptions & { ca?: string } = {
    method,
    headers: { accept: ACCEPT },
    signal,
    ...(ca === undefined ? {} : { ca }),
    ...(socket ? { createConnection: () => socket, agent: false } : {}),
  };
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((done, fail) => send(url, options, done).once('error', fail).end());
}

/** The answer after redirects. */
async function answerOf(address: string, asking: Omit<Asking, 'signal'>, time: number): Promise<IncomingMessage> {
  let url = new URL(address);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await requestOnce(url, { ...asking, signal: AbortSignal.timeout(time) });
    const { statusCode: status = 0, headers } = response;
    if (status < 300 || status >= 400 || headers.location === undefined) return response;
    response.resume();
    url = new URL(headers.location, url);
  }
  throw new Error('too many redirects');
}

async function page(address: string, config: Config, ca: string | undefined): Promise<IndexPage> {
  const response = await answerOf(address, { config, ca, method: 'GET' }, TIME);
  const type = String(response.headers['content-type'] ?? '');
  return { status: response.statusCode ?? 0, type, text: await body(response) };
}

/** Whether somebody has something at this address, asked once and without its content; never fails. */
export async function isThere(address: string, config: Config): Promise<boolean> {
  try {
    const bundle = hostCaBundle(config);
    const ca = bundle === undefined ? undefined : await readFile(bundle, 'utf8');
    for (const method of ['HEAD', 'GET'] as const) {
      const response = await answerOf(address, { config, ca, method }, SHORT_TIME);
      response.destroy();
      if (response.statusCode !== 405 && response.statusCode !== 501) return response.statusCode === 200;
    }
    return false;
  } catch {
    return false;
  }
}

/**
 * A reader of index pages. 404 is an answer; what is no answer (network, 5xx, 429) is tried again, then thrown.
 * @throws SlipwayError `index_unreachable`
 */
export function createIndexClient(config: Config): FetchPage {
  const bundle = hostCaBundle(config);
  let ca: Promise<string> | undefined;
  return async (url) => {
    let why: unknown;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await new Promise((done) => setTimeout(done, 500 * 2 ** attempt));
      try {
        if (bundle !== undefined) ca ??= readFile(bundle, 'utf8');
        const answer = await page(url, config, await ca);
        if (answer.status < 500 && answer.status !== 429) return answer;
        why = new Error(`it answered ${answer.status}`);
      } catch (error) {
        why = error;
      }
    }
    const { host } = new URL(url);
    throw new SlipwayError(
      'index_unreachable',
      `The package index ${host} could not be asked: ${(why as Error).message}.`,
      {
        cause: why,
        hint: 'Try again later, or name another index with SLIPWAY_MIRROR_PYPI.',
      },
    );
  };
}
