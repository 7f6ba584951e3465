/**
 * The gate: a small forward proxy on loopback, the only way out that git is given. So redirects, submodules and a name
 * that resolves differently the second time all meet the one policy, and every byte is counted.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ErrorCode, SlipwayError, toSlipwayError } from '../errors.ts';
import type { Network, Opened } from '../network.ts';

export interface GateLimits {
  /** Bytes that may come in together. */
  bytes: number;
  /** Milliseconds without any byte. */
  idle: number;
}

export interface Gate {
  /** The variables that send git through the gate; they hold a credential that is good for this gate only. */
  variables(): Promise<Record<string, string>>;
  /** Connects under the policy, counted; for what does not go through git. @throws host_not_allowed, host_unreachable */
  open(url: URL): Promise<Opened>;
  /** What the gate refused or cut off first: the real reason of a failure that git reports later. */
  failure(): SlipwayError | undefined;
  /** Bytes that came in so far. */
  bytes(): number;
  close(): void;
}

/** Opens a gate; closed by `close` or when `signal` aborts. It listens from when git is first sent through it. */
export function openGate(network: Network, limits: GateLimits, signal?: AbortSignal): Gate {
  const sockets = new Set<Socket | Duplex>();
  let failure: SlipwayError | undefined;
  let bytes = 0;

  const stop = (code: ErrorCode, message: string, hint: string) => {
    failure ??= new SlipwayError(code, message, { hint });
    for (const socket of sockets) socket.destroy();
  };
  const idle = setTimeout(() => {
    const busy = sockets.size > 0;
    if (busy) stop('fetch_timeout', `The git server sent nothing for ${limits.idle / 1000} s.`, 'Try again later.');
  }, limits.idle).unref();

  async function open(url: URL): Promise<Opened> {
    try {
      const opened = await network.open(url, signal);
      track(opened.socket);
      return opened;
    } catch (error) {
      failure ??= toSlipwayError(error);
      throw error;
    }
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    idle.refresh();
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    // Counted where the bytes arrive; a 'data' listener would start the flow before anybody reads.
    const push = socket.push.bind(socket);
    socket.push = (chunk, encoding) => {
      idle.refresh();
      bytes += chunk?.length ?? 0;
      if (bytes > limits.bytes) tooLarge();
      return push(chunk, encoding);
    };
  }

  function tooLarge(): void {
    const limit = Math.round(limits.bytes / 2 ** 20);
    stop(
      'repo_too_large',
      `The repository is larger than ${limit} MB, the limit of SLIPWAY_FETCH_SIZE.`,
      'Move large data out of the repository.',
    );
  }

  let proxy: Promise<Proxy> | undefined;
  const close = () => {
    clearTimeout(idle);
    signal?.removeEventListener('abort', close);
    for (const socket of sockets) socket.destroy();
    proxy?.then((one) => one.close()).catch(() => undefined);
  };
  signal?.addEventListener('abort', close);
  return {
    async variables() {
      proxy ??= startProxy(open, sockets);
      const { address } = await proxy;
      return { http_proxy: address, https_proxy: address, no_proxy: '', GIT_HTTP_PROXY_AUTHMETHOD: 'basic' };
    },
    open,
    failure: () => failure,
    bytes: () => bytes,
    close,
  };
}

interface Proxy {
  address: string;
  close(): void;
}

/** @param sockets where those of its clients are noted */
async function startProxy(open: Open, sockets: Set<Socket | Duplex>): Promise<Proxy> {
  const credential = randomBytes(16).toString('hex');
  const login = `Basic ${Buffer.from(`git:${credential}`).toString('base64')}`;
  const isOurs = (message: IncomingMessage) => message.headers['proxy-authorization'] === login;
  const server = createServer((message, response) => {
    if (!isOurs(message)) return void response.writeHead(407, { 'proxy-authenticate': 'Basic realm="gate"' }).end();
    forward(open, message, response);
  });
  server.on('connect', (message: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => undefined);
    if (!isOurs(message))
      return void client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="gate"\r\nContent-Length: 0\r\n\r\n',
      );
    sockets.add(client);
    client.on('close', () => sockets.delete(client));
    tunnel(open, message.url ?? '', client, head);
  });
  await new Promise<void>((done, fail) => server.on('error', fail).listen(0, '127.0.0.1', done));
  server.unref();
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://git:${credential}@127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

type Open = (url: URL) => Promise<Opened>;

async function tunnel(open: Open, target: string, client: Duplex, head: Buffer): Promise<void> {
  try {
    const { socket } = await open(new URL(`https://${target}`));
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.write(head);
    socket.pipe(client).pipe(socket);
    socket.on('close', () => client.destroy());
    client.on('close', () => socket.destroy());
  } catch {
    client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  }
}

/** Headers that belong to one connection and not to the message. */
const HOP = ['proxy-authorization', 'proxy-connection', 'keep-alive', 'expect', 'te', 'upgrade'];

async function forward(open: Open, message: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(message.url ?? '');
    if (url.protocol !== 'http:') throw new Error('only http is asked for in the open');
    const { socket, viaProxy } = await open(url);
    const headers: OutgoingHttpHeaders = { ...message.headers, host: url.host, connection: 'close' };
    for (const name of HOP) delete headers[name];
    if (viaProxy?.authorization) headers['proxy-authorization'] = viaProxy.authorization;
    const path = viaProxy ? url.href : url.pathname + url.search;
    const onward = request({ createConnection: () => socket, method: message.method, path, headers, setHost: false });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy()).pipe(response);
    });
    onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
    response.on('close', () => socket.destroy());
    message.pipe(onward);
  } catch {
    response.writeHead(403).end();
  }
}
