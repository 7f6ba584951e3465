/** Reads pages of a package index's simple API, through the operator's proxy and with the host's certificates. */
import { readFile } from 'node:fs/promises';
import { get as httpGet, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';
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

async function throughProxy(proxy: URL, url: URL, ca: string | undefined): Promise<Socket> {
  const socket = connect(portOfProxy(proxy), proxy.hostname);
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

async function requestOnce(url: URL, config: Config, ca: string | undefined): Promise<IncomingMessage> {
  const proxy = operatorProxy(config, url);
  const socket = proxy && (await throughProxy(proxy, url, ca));
  const options: RequestOptions & { ca?: string } = {
    headers: { accept: ACCEPT },
    signal: AbortSignal.timeout(TIME),
    ...(ca === undefined ? {} : { ca }),
    ...(socket ? { createConnection: () => socket, agent: false } : {}),
  };
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  return new Promise((done, fail) => get(url, options, done).once('error', fail));
}

async function page(address: string, config: Config, ca: string | undefined): Promise<IndexPage> {
  let url = new URL(address);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await requestOnce(url, config, ca);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status < 300 || status >= 400 || location === undefined) {
      return { status, type: String(response.headers['content-type'] ?? ''), text: await body(response) };
    }
    response.resume();
    url = new URL(location, url);
  }
  throw new Error('too many redirects');
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
