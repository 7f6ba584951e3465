/** One request as git and builds would make it: through the operator's proxy, trusting the same certificates. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { trusted } from '../../certificates.ts';
import type { Config } from '../../config.ts';
import { hostOf as hostName, portOf } from '../../hosts.ts';
import { createNetwork, type Opened } from '../../network.ts';

/** Answers beyond this many bytes are not read; what a check looks for stands near the beginning. */
const READ = 256 * 1024;

export interface Probed {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Asks a URL that an operator configured; unlike a repository's it may be anywhere. Follows no redirect. */
async function probe(address: string, config: Config, signal: AbortSignal, accept = '*/*'): Promise<Probed> {
  const url = new URL(address);
  const named = `${url.hostname}:${portOf(url)}`;
  const opened = await createNetwork({ ...config, SLIPWAY_ALLOWED_HOSTS: [named] }).open(url, signal);
  try {
    return await ask(url, opened, config, signal, accept);
  } finally {
    opened.socket.destroy();
  }
}

function ask(url: URL, opened: Opened, config: Config, signal: AbortSignal, accept: string): Promise<Probed> {
  const { socket, viaProxy } = opened;
  const headers: Record<string, string> = { host: url.host, accept, 'user-agent': 'slipway doctor' };
  if (viaProxy?.authorization) headers['proxy-authorization'] = viaProxy.authorization;
  const path = viaProxy ? url.href : `${url.pathname}${url.search}`;
  const isTls = url.protocol === 'https:';
  const trust = isTls ? trusted(config) : {};
  const createConnection = () => (isTls ? connectTls({ socket, servername: hostName(url), ...trust }) : socket);
  return new Promise((resolve, reject) => {
    const request = (isTls ? requestHttps : requestHttp)({ path, headers, createConnection, signal }, (response) => {
      let body = '';
      const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      response.setEncoding('utf8').on('end', done).on('error', reject);
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > READ) done();
      });
    });
    request.on('error', reject).end();
  });
}

/** Host and port of an address, for people. */
export function hostOf(address: string): string {
  return new URL(address).host;
}

export type Answer = { answer: Probed } | { error: unknown };

/** The same as `probe`; a fault is an answer too. */
export function attempt(address: string, config: Config, signal: AbortSignal, accept?: string): Promise<Answer> {
  return probe(address, config, signal, accept).then(
    (answer) => ({ answer }),
    (error) => ({ error }),
  );
}

/** Why an answer is none, for people. */
export function faultOf(result: Answer): string | undefined {
  if ('error' in result) return reasonOf(result.error);
  return result.answer.status >= 400 ? `it answers ${result.answer.status}` : undefined;
}

/** What went wrong with a request, for people. */
export function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message: string; cause?: { code?: string } };
  const known: Record<string, string> = {
    ABORT_ERR: 'it did not answer in time',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'its name could not be looked up',
    ECONNREFUSED: 'it refuses connections',
    ETIMEDOUT: 'it did not answer in time',
    SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that the bundle does not hold',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that the bundle does not hold',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that the bundle does not hold',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself',
    CERT_HAS_EXPIRED: 'its certificate has expired',
  };
  return known[code ?? ''] ?? known[cause?.code ?? ''] ?? message;
}

/** Whether a request failed at the certificate rather than on the way. */
export function isCertificateFault(error: unknown): boolean {
  return /CERT|ISSUER|SIGNATURE/.test((error as { code?: string }).code ?? '');
}
