/** A real package index (simple API as JSON, with upload times) that hands out test packages, and PyPI's for the rest. */
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Docker, { type NetworkInspectInfo } from 'dockerode';
import { SETTINGS } from '../../src/config.ts';
import type { BuiltDistribution } from './python-packages.ts';

export interface IndexServer {
  /** The index, as SLIPWAY_MIRROR_PYPI takes it: it also has every package of the public index. */
  url: string;
  /** A second index on the same host and port that has only what was added to it. */
  otherUrl: string;
  /** `<address>:<port>`. */
  host: string;
  /** Path of every request so far. */
  requests: string[];
  /** Adds files of one package, uploaded on that day (default 2020-01-01). */
  add(name: string, files: BuiltDistribution[], options?: { uploaded?: string; index?: 'main' | 'other' }): void;
  close(): Promise<void>;
}

interface Entry extends BuiltDistribution {
  uploaded: string;
}

/** Address of the host on the engine's default bridge: the only one of ours that a build can reach. */
export async function bridgeAddress(): Promise<string> {
  const bridge: NetworkInspectInfo = await new Docker().getNetwork('bridge').inspect();
  const [first] = bridge.IPAM?.Config ?? [];
  // An engine that has not run a container yet names no gateway: it will take the subnet's first address.
  const address = first?.Gateway ?? first?.Subnet?.replace(/\.\d+\/\d+$/, '.1');
  if (!address) throw new Error('The engine has no default bridge.');
  return address;
}

/** Starts an index on the bridge's address. */
export async function startIndexServer(): Promise<IndexServer> {
  const packages = new Map<string, Entry[]>();
  const requests: string[] = [];
  const listener = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push(path);
    answer(packages, path, request.headers.accept ?? '', response).catch((error) => {
      response.writeHead(502).end(String(error));
    });
  });
  const address = await bridgeAddress();
  await new Promise<void>((done) => listener.listen(0, address, done));
  const host = `${address}:${(listener.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/main`,
    otherUrl: `http://${host}/other`,
    host,
    requests,
    add(name, files, { uploaded = '2020-01-01', index = 'main' } = {}) {
      const key = `${index}/${name}`;
      const entries = files.map((file) => ({ ...file, uploaded: `${uploaded}T00:00:00Z` }));
      packages.set(key, [...(packages.get(key) ?? []), ...entries]);
    },
    async close() {
      listener.closeAllConnections();
      await new Promise((done) => listener.close(done));
    },
  };
}

async function answer(packages: Map<string, Entry[]>, path: string, accept: string, response: ServerResponse) {
  const [, index = '', name = '', filename = ''] = path.split('/');
  const entries = packages.get(`${index}/${name}`);
  const file = entries?.find((entry) => entry.filename === filename);
  if (file) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(file.bytes);
  else if (entries && filename === '') listing(path, name, entries, response);
  else if (index === 'main' && filename === '') await passOn(name, accept, response);
  else response.writeHead(404).end();
}

function listing(path: string, name: string, entries: Entry[], response: ServerResponse): void {
  const files = entries.map(({ filename, bytes, uploaded }) => ({
    filename,
    url: `${path.replace(/\/?$/, '/')}${filename}`,
    hashes: { sha256: createHash('sha256').update(bytes).digest('hex') },
    size: bytes.length,
    'upload-time': uploaded,
  }));
  response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' });
  response.end(JSON.stringify({ meta: { 'api-version': '1.1' }, name, versions: [], files }));
}

/** Pages of the public index hold absolute addresses of files, so files need no passing on. */
async function passOn(name: string, accept: string, response: ServerResponse): Promise<void> {
  const from = process.env.SLIPWAY_MIRROR_PYPI || (SETTINGS.SLIPWAY_MIRROR_PYPI.default as string);
  const page = await fetch(`${from}/${name}/`, { headers: { accept } });
  const body = Buffer.from(await page.arrayBuffer());
  response.writeHead(page.status, { 'content-type': page.headers.get('content-type') ?? 'text/html' }).end(body);
}
