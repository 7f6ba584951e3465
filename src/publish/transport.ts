/** Single requests to the registry: its certificates, the operator's proxy, connections that are kept. */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';
import { hostCaBundle } from '../certificates.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { hostOf, portOf } from '../hosts.ts';
import { createNetwork } from '../network.ts';
import { operatorProxy, proxyAuthorization } from '../operator-proxy.ts';
import { VERSION } from '../root.ts';

export interface Ask {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: OutgoingHttpHeaders;
  body?: Buffer | string;
  signal: AbortSignal;
}

/** A registry that has said nothing for so long has hung up; what it does with the end of a large upload takes a while. */
const SILENCE = 120_000;

type Opening = (error: Error | null, socket?: Socket) => void;

/** Sends requests and gives the answers as they come, redirects included; no answer is an error by its status. */
export class Transport {
  private readonly config: Config;
  private readonly plain: HttpAgent;
  private readonly secure: HttpsAgent;
  private readonly trusted: string[];

  constructor(config: Config) {
    this.config = config;
    this.trusted = trustedCertificates(config);
    this.plain = agent(HttpAgent, (url) => this.connect(url));
    this.secure = agent(HttpsAgent, (url) => this.connect(url));
  }

  /** @throws registry_untrusted; anything else that it throws is a connection that failed, and may be tried again */
  async send(url: URL, { method, headers = {}, body, signal }: Ask): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const isTls = url.protocol === 'https:';
    const proxy = isTls ? undefined : operatorProxy(this.config, url);
    const login = proxy && proxyAuthorization(proxy);
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const own = { 'user-agent': `slipway/${VERSION}`, ...length, ...headers };
    const options = {
      method,
      host: hostOf(url),
      port: portOf(url),
      path: proxy ? url.href : `${url.pathname}${url.search}`,
      headers: { host: url.host, ...own, ...(login && { 'proxy-authorization': login }) },
      timeout: SILENCE,
    };
    return new Promise((resolve, reject) => {
      const sent = isTls
        ? requestHttps({ ...options, agent: this.secure })
        : requestHttp({ ...options, agent: this.plain });
      // By hand: what http does with a signal stays on it for as long as the connection is kept.
      const abort = () => sent.destroy(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      sent.on('close', () => signal.removeEventListener('abort', abort));
      sent.on('timeout', () => sent.destroy(Object.assign(new Error('it fell silent'), { code: 'ETIMEDOUT' })));
      sent.on('response', resolve).on('error', (error) => reject(signal.aborted ? signal.reason : refused(url, error)));
      sent.end(body);
    });
  }

  private async connect(url: URL): Promise<Socket> {
    // An operator's registry may be anywhere, unlike what a repository names.
    const network = createNetwork({ ...this.config, SLIPWAY_ALLOWED_HOSTS: [`${url.hostname}:${portOf(url)}`] });
    const { socket } = await network.open(url);
    if (url.protocol === 'http:') return socket;
    const host = hostOf(url);
    const tls = connectTls({ socket, host, servername: isIP(host) === 0 ? host : '', ca: this.trusted });
    return new Promise((resolve, reject) => {
      tls.once('secureConnect', () => resolve(tls)).once('error', reject);
    });
  }
}

function agent<T extends HttpAgent>(Kind: new (options: object) => T, connect: (url: URL) => Promise<Socket>): T {
  const made = new Kind({ keepAlive: true, maxSockets: 16 });
  const scheme = made instanceof HttpsAgent ? 'https' : 'http';
  const createConnection = ({ host, port }: { host: string; port: number }, opened: Opening) => {
    const url = new URL(`${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
    connect(url).then((socket) => opened(null, socket), opened);
  };
  return Object.assign(made, { createConnection });
}

function trustedCertificates(config: Config): string[] {
  const bundle = hostCaBundle(config);
  const host = bundle === undefined ? [...rootCertificates] : [readFileSync(bundle, 'utf8')];
  const own = config.SLIPWAY_REGISTRY_CA;
  if (own === '') return host;
  try {
    return [...host, readFileSync(own, 'utf8')];
  } catch (error) {
    throw new SlipwayError('bad_setting', `SLIPWAY_REGISTRY_CA: ${(error as Error).message}.`);
  }
}

function refused(url: URL, error: NodeJS.ErrnoException): Error {
  const { code = '' } = error;
  if (/CERT|ISSUER|SIGNATURE|ALTNAME/.test(code))
    return new SlipwayError('registry_untrusted', `The certificate of ${url.host} is not trusted (${code}).`, {
      cause: error,
      hint: 'Set SLIPWAY_REGISTRY_CA to a PEM file with the certificate of the authority that signed it.',
    });
  if (/EPROTO|WRONG_VERSION/.test(code))
    return new SlipwayError('registry_untrusted', `${url.host} does not speak TLS.`, {
      cause: error,
      hint: 'Set SLIPWAY_REGISTRY_INSECURE=on if the registry is to be spoken to in plain http.',
    });
  return error;
}
