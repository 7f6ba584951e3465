/** Debian's docker-registry on loopback, with a storage of its own that ends with it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface DockerRegistry {
  /** `127.0.0.1:<port>`. */
  host: string;
  /** PEM file of its authority, with `tls`. */
  ca: string;
  /** Its configuration; another process with it has the same images. */
  config: string;
  /** Requests that its token service answered, with `auth: 'token'`: scopes asked for. */
  asked: string[][];
  /** Ends the process; `start` runs it again at the same place. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface RegistryOptions {
  auth?: 'htpasswd' | 'token';
  tls?: boolean;
  delete?: boolean;
}

/** Who may push and pull where anybody is asked. */
export const ACCOUNT = { username: 'ada', password: 's3cret-of-ada', identityToken: 'identity-of-ada' };
/** What htpasswd -B makes of it. */
const HTPASSWD = 'ada:$2y$05$abcdefghijklmnopqrstuuitFbFC.tJuUuBIoKqGq8ZH9Y5KVtvNK';
const START_TIME = 20_000;

export async function startRegistry(options: RegistryOptions = {}): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-registry-'));
  const port = await freePort();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  if (options.tls || options.auth === 'token') await makeCertificate(cert, key);
  const asked: string[][] = [];
  const tokens = options.auth === 'token' ? await startTokens(cert, key, asked) : undefined;
  const auth = {
    none: '',
    htpasswd: `auth: {htpasswd: {realm: test, path: ${join(folder, 'htpasswd')}}}\n`,
    token: `auth: {token: {realm: "${tokens?.url}", service: test, issuer: test, rootcertbundle: ${cert}}}\n`,
  }[options.auth ?? 'none'];
  const tls = options.tls ? `, tls: {certificate: ${cert}, key: ${key}}` : '';
  const config = [
    'version: 0.1',
    'log: {level: error}',
    `storage: {filesystem: {rootdirectory: ${join(folder, 'data')}}, delete: {enabled: ${options.delete ?? true}}}`,
    `http: {addr: "127.0.0.1:${port}", secret: test${tls}}`,
    auth,
  ].join('\n');
  await writeFile(join(folder, 'config.yml'), config);
  await writeFile(join(folder, 'htpasswd'), `${HTPASSWD}\n`);
  let child: ChildProcess | undefined;
  const registry: DockerRegistry = {
    host: `127.0.0.1:${port}`,
    ca: cert,
    config: join(folder, 'config.yml'),
    asked,
    async start() {
      child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
      await untilListening(port, child);
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async close() {
      await registry.stop();
      tokens?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await registry.start();
  return registry;
}

export async function freePort(): Promise<number> {
  const server = createTcp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const { connect } = await import('node:net');
  for (const limit = Date.now() + START_TIME; Date.now() < limit; await sleep(30)) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
  }
  throw new Error('docker-registry does not listen');
}

/** A certificate for 127.0.0.1 that signed itself. */
async function makeCertificate(cert: string, key: string): Promise<void> {
  const words = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1`;
  await promisify(execFile)('openssl', [...words.split(' '), '-keyout', key, '-out', cert]);
}

/** A token service as registries have one beside them: basic authentication, then a signed token for what was asked. */
async function startTokens(cert: string, key: string, asked: string[][]) {
  const [pem, secret] = [new X509Certificate(await readFile(cert)), createPrivateKey(await readFile(key))];
  const right = `Basic ${Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64')}`;
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const server = createServer(async (request, response) => {
    // Identity tokens come by POST, and all scopes in one word.
    const form = new URLSearchParams(request.method === 'POST' ? await text(request) : '');
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const scopes = request.method === 'POST' ? (form.get('scope') ?? '').split(' ') : query.getAll('scope');
    asked.push(scopes);
    const isKnown = request.headers.authorization === right || form.get('refresh_token') === ACCOUNT.identityToken;
    if (!isKnown) return void response.writeHead(401).end();
    const access = scopes.map((scope) => {
      const [type, name = '', actions = ''] = scope.split(':');
      // One place where nobody may push, as registries have them.
      const granted = actions.split(',').filter((action) => action !== 'push' || !name.startsWith('forbidden'));
      return { type, name, actions: granted };
    });
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now - 10, exp: now + 300 };
    const claims = { iss: 'test', sub: 'ada', aud: 'test', ...times, jti: createHash('md5').digest('hex'), access };
    const head = encode({ typ: 'JWT', alg: 'RS256', x5c: [pem.raw.toString('base64')] });
    const signed = `${head}.${encode(claims)}`;
    const token = `${signed}.${sign('sha256', Buffer.from(signed), secret).toString('base64url')}`;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ token, expires_in: 300 }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/token`, close: () => server.close() };
}
