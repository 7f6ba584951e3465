/** A real `git http-backend` behind node:http on loopback, with the ways in which servers misbehave. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gitEnv, tempFolder } from './repo.ts';

export interface GitServerOptions {
  /** Answers to `--filter`; default yes, as the large hosts do. */
  filters?: boolean;
  /** Hands out any commit, not only a ref's; default yes, as the large hosts do. False also turns protocol 2 off. */
  anySha?: boolean;
  /** Asks for this name and password. */
  auth?: { user: string; password: string };
  /** Listens there; default loopback, which no build can reach. */
  address?: string;
  /** Speaks https with this key and certificate (PEM). */
  tls?: { key: string; cert: string };
}

/** Looks at a request first; true when it has answered (or never will). */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface GitServer {
  /** Clone URL of `<root>/<name>.git`. */
  url(name: string): string;
  /** `127.0.0.1:<port>`, as SLIPWAY_ALLOWED_HOSTS takes it. */
  host: string;
  /** Folder of the bare repositories. */
  root: string;
  /** `<method> <path>` of every request so far. */
  requests: string[];
  /** May be set and cleared at any time. */
  intercept: Intercept | undefined;
  /** Stores an LFS object and gives the pointer file's text. */
  addLfs(content: string | Buffer): string;
  /** LFS objects by their sha256; a test may change them. */
  lfsObjects: Map<string, Buffer>;
  /** Address that the LFS batch answer gives for an object; default: this server. */
  lfsHref: ((oid: string) => string) | undefined;
  close(): Promise<void>;
}

const execPath = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();

/** Starts a server with an empty root; `close` also removes the root. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const folder = await tempFolder('git-server');
  const handler = (request: IncomingMessage, response: ServerResponse) => handle(server, options, request, response);
  const listener = options.tls ? createTlsServer(options.tls, handler) : createServer(handler);
  const { address = '127.0.0.1' } = options;
  await new Promise<void>((done) => listener.listen(0, address, done));
  const host = `${address}:${(listener.address() as AddressInfo).port}`;
  const origin = `${options.tls ? 'https' : 'http'}://${host}`;
  const server: GitServer = {
    url: (name) => `${origin}/${name}.git`,
    host,
    root: folder.path,
    requests: [],
    intercept: undefined,
    lfsObjects: new Map(),
    lfsHref: undefined,
    addLfs(content) {
      const bytes = Buffer.from(content as string);
      const oid = createHash('sha256').update(bytes).digest('hex');
      server.lfsObjects.set(oid, bytes);
      return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
    },
    async close() {
      listener.closeAllConnections();
      await new Promise((done) => listener.close(done));
      await folder.remove();
    },
  };
  return server;
}

/** Answers every matching request with a redirect. */
export function redirectTo(target: (path: string) => string): Intercept {
  return (request, response) => {
    response.writeHead(302, { location: target(request.url ?? '') }).end();
    return true;
  };
}

/** Sends a pack that never ends, in side-band progress packets. */
export const endless: Intercept = (request, response) => {
  if (!request.url?.endsWith('/git-upload-pack')) return false;
  request.resume();
  response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
  const packet = Buffer.concat([Buffer.from('ffec\x02'), Buffer.alloc(0xffec - 5, 'x')]);
  response.write('000dpackfile\n');
  const more = () => {
    while (!response.destroyed && response.write(packet));
  };
  response.on('drain', more);
  more();
  return true;
};

/** Accepts and never answers. */
export const silent: Intercept = () => true;

function handle(
  server: GitServer,
  options: GitServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  server.requests.push(`${request.method} ${request.url}`);
  if (server.intercept?.(request, response)) return;
  if (options.auth && request.headers.authorization !== basic(options.auth)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return;
  }
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path.endsWith('/info/lfs/objects/batch')) lfsBatch(server, options, request, response);
  else if (path.startsWith('/_lfs/')) lfsObject(server, path.slice('/_lfs/'.length), response);
  else backend(server, options, request, response);
}

function basic({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function backendEnv(server: GitServer, options: GitServerOptions, request: IncomingMessage): NodeJS.ProcessEnv {
  const url = new URL(request.url ?? '/', 'http://host');
  const anySha = options.anySha !== false;
  return {
    ...gitEnv(),
    GIT_PROJECT_ROOT: server.root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: request.headers['content-length'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    REMOTE_ADDR: '127.0.0.1',
    ...(anySha ? { GIT_PROTOCOL: (request.headers['git-protocol'] as string | undefined) ?? '' } : {}),
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_0: 'uploadpack.allowFilter',
    GIT_CONFIG_VALUE_0: String(options.filters !== false),
    GIT_CONFIG_KEY_1: 'uploadpack.allowAnySHA1InWant',
    GIT_CONFIG_VALUE_1: String(anySha),
    GIT_CONFIG_KEY_2: 'safe.directory',
    GIT_CONFIG_VALUE_2: '*',
  };
}

function backend(
  server: GitServer,
  options: GitServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const child = spawn(join(execPath, 'git-http-backend'), [], { env: backendEnv(server, options, request) });
  response.on('close', () => child.kill());
  child.stdin.on('error', () => undefined);
  request.pipe(child.stdin);
  let head: Buffer = Buffer.alloc(0);
  const onHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', onHead);
    const lines = head.subarray(0, end).toString().split('\r\n');
    const headers = lines.map((line) => line.split(/:\s*/, 2) as [string, string]);
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on('data', onHead);
  child.stdout.on('end', () => response.end());
}

function lfsBatch(
  server: GitServer,
  options: GitServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const wanted = (JSON.parse(body) as { objects: { oid: string; size: number }[] }).objects;
    const origin = `${options.tls ? 'https' : 'http'}://${server.host}`;
    const objects = wanted.map(({ oid, size }) =>
      server.lfsObjects.has(oid)
        ? { oid, size, actions: { download: { href: server.lfsHref?.(oid) ?? `${origin}/_lfs/${oid}` } } }
        : { oid, size, error: { code: 404, message: 'Object does not exist' } },
    );
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' });
    response.end(JSON.stringify({ transfer: 'basic', objects }));
  });
}

function lfsObject(server: GitServer, oid: string, response: ServerResponse): void {
  const bytes = server.lfsObjects.get(oid);
  response.writeHead(bytes ? 200 : 404, { 'content-type': 'application/octet-stream' }).end(bytes);
}
