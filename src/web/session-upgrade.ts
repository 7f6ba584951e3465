/** Websockets of sessions: handed through as they are, so that both ends agree on protocol and compression themselves. */
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { connectTarget, type SessionTarget } from '../session-target.ts';
import { requestHeaders, responseHeaders } from './session-headers.ts';

/** Time that a session's server may take to agree. */
const HANDSHAKE = 30_000;
/** Kind of a websocket's frame that answers a server's ping: sent by a browser in whose tab nothing happens. */
const PONG = 0x0a;

export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  target: SessionTarget;
  /** `/user/<name>/` */
  path: string;
  protocol: string;
  /** Told whenever the reader does something. */
  used(): void;
}

/** Lines of a response as HTTP writes them. */
export function responseHead(status: number, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}`),
  );
  return `${[`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines].join('\r\n')}\r\n\r\n`;
}

/** Ends a request for a websocket with a plain answer. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(responseHead(status, { connection: 'close', 'content-length': 0 }));
}

/** Passes a request for a websocket on to a session's server, and then everything in both directions. */
export function passUpgrade({ request, socket, head, target, path, protocol, used }: Upgrade): void {
  const asked = httpRequest({
    createConnection: () => connectTarget(target),
    method: 'GET',
    path: request.url,
    headers: requestHeaders(request.headers, protocol),
    timeout: HANDSHAKE,
  });
  socket.on('error', () => asked.destroy());
  socket.on('close', () => asked.destroy());
  asked.on('timeout', () => asked.destroy());
  asked.on('error', () => refuseUpgrade(socket, 502));
  asked.on('response', (answer) => {
    const headers = responseHeaders(answer.headers, path);
    delete headers['transfer-encoding'];
    socket.write(responseHead(answer.statusCode ?? 502, { ...headers, connection: 'close' }));
    answer.pipe(socket);
  });
  asked.on('upgrade', (answer, server, first) => {
    const headers = { ...responseHeaders(answer.headers, path), connection: 'Upgrade' };
    socket.write(responseHead(101, headers));
    if (first.length > 0) socket.write(first);
    if (head.length > 0) server.write(head);
    socket.on('data', (chunk: Buffer) => {
      if (((chunk[0] ?? 0) & 0x0f) !== PONG) used();
    });
    server.on('error', () => socket.destroy());
    server.on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    socket.pipe(server).pipe(socket);
  });
  asked.end();
}
