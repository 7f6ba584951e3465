/** A stand-in for every host outside that builds take something from, and for an engine elsewhere. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Authority of the certificate that a stand-in over TLS shows, for 127.0.0.1; no machine trusts it. */
export const TLS_CA = new URL('tls/cert.pem', import.meta.url).pathname;

export interface StandIn {
  url: string;
  /** Path of every request so far. */
  asked: string[];
  close(): Promise<void>;
}

/**
 * Answers whatever is asked as an index would that tells upload times.
 * @param options.late milliseconds by which its clock is behind ours
 */
export async function startMirror(options: { late?: number; isTls?: boolean } = {}): Promise<StandIn> {
  const files = { files: [{ filename: 'a-1.tar.gz', 'upload-time': '2024-01-01T00:00:00Z' }] };
  const key = () => ({ cert: readFileSync(TLS_CA), key: readFileSync(TLS_CA.replace('cert.pem', 'key.pem')) });
  const server = options.isTls ? createTlsServer(key()) : createServer();
  return started(server, options.isTls ? 'https' : 'http', () => ({
    headers: { date: new Date(Date.now() - (options.late ?? 0)).toUTCString() },
    body: files,
  }));
}

/** Answers what is asked before anything is built, as Docker's engine does; `root` is its data folder. */
export async function startEngine(protocol: string, root: string): Promise<StandIn> {
  const answers: Record<string, unknown> = {
    '/version': { Version: '24.0.7', ApiVersion: '1.43' },
    '/info': { DockerRootDir: root, CgroupDriver: 'systemd' },
  };
  const answer = (path: string) => ({ headers: { server: 'Docker/24.0.7 (linux)' }, body: answers[path] ?? 'OK' });
  return started(createServer(), protocol, answer);
}

type Answer = (path: string) => { headers: Record<string, string>; body: unknown };

/** On a port of loopback, or on a socket whose path `protocol` is. */
async function started(server: Server, protocol: string, answer: Answer): Promise<StandIn> {
  const asked: string[] = [];
  server.on('request', (request, response) => {
    asked.push(request.url ?? '');
    const { headers, body } = answer(request.url ?? '');
    response.writeHead(200, headers).end(JSON.stringify(body));
  });
  if (protocol.startsWith('/')) server.listen(protocol);
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return {
    url: typeof address === 'string' ? `unix://${address}` : `${protocol}://127.0.0.1:${address.port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
