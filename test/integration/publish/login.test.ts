/** Who we are, to registries that ask: basic authentication, tokens, certificates. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toSlipwayError } from '../../../src/errors.ts';
import { sha256, TYPES } from '../../../src/publish/manifest.ts';
import { ACCOUNT, type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { openRegistry } from '../../support/publishing.ts';

const login = { SLIPWAY_REGISTRY_USERNAME: ACCOUNT.username, SLIPWAY_REGISTRY_PASSWORD: ACCOUNT.password };
const wrong = { ...login, SLIPWAY_REGISTRY_PASSWORD: 'not-the-password' };

let basic: DockerRegistry;
let tokens: DockerRegistry;
let secure: DockerRegistry;
let proxy: FaultProxy;

beforeAll(async () => {
  [basic, tokens, secure] = await Promise.all([
    startRegistry({ auth: 'htpasswd' }),
    startRegistry({ auth: 'token' }),
    startRegistry({ tls: true }),
  ]);
  proxy = await startFaultProxy(basic.host);
});
afterAll(async () => {
  proxy.close();
  await Promise.all([basic.close(), tokens.close(), secure.close()]);
});

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = toSlipwayError(
    await work.then(
      () => new Error('it worked'),
      (thrown) => thrown,
    ),
  );
  const told = [error.message, error.hint, String(error.cause), error.stack].join('\n');
  expect(told).not.toContain(ACCOUNT.password);
  expect(told).not.toContain('not-the-password');
  expect(told).not.toContain(Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64'));
  return error.code;
}

it('logs in by name and password, and asks once', async () => {
  const registry = openRegistry(proxy.host, login);
  await registry.check('content');
  const bytes = Buffer.from('{}');
  await registry.upload('content', one(bytes));
  expect(await registry.hasBlob('content', sha256(bytes))).toBe(true);
  expect(proxy.seen.filter(({ authorization }) => authorization === undefined)).toHaveLength(1);
});

it('gets a token for just what it does', async () => {
  const registry = openRegistry(tokens.host, login);
  const bytes = Buffer.from('layer');
  await registry.upload('environment', one(bytes));
  await registry.copyBlob('content', { mediaType: TYPES.gzip, digest: sha256(bytes), size: 5 }, 'environment');
  expect(await registry.hasBlob('content', sha256(bytes))).toBe(true);
  expect(tokens.asked).toContainEqual(['repository:team/slipway/environment:pull,push']);
  expect(tokens.asked).toContainEqual([
    'repository:team/slipway/content:pull,push',
    'repository:team/slipway/environment:pull',
  ]);
  const before = tokens.asked.length;
  await registry.upload('environment', one(Buffer.from('another')));
  expect(tokens.asked).toHaveLength(before);
});

it.each(['basic', 'token'] as const)(
  'tells wrong credentials from none and from none for this host (%s)',
  async (kind) => {
    const { host } = kind === 'basic' ? basic : tokens;
    expect(await failure(openRegistry(host, wrong).check('content'))).toBe('registry_login_refused');
    expect(await failure(openRegistry(host).check('content'))).toBe('registry_login_missing');
  },
);

it('tells that an account may not push', async () => {
  const registry = openRegistry(tokens.host, { ...login, SLIPWAY_REGISTRY: `${tokens.host}/forbidden` });
  expect(await registry.hasManifest('base', 'x')).toBeUndefined();
  expect(await failure(registry.upload('base', one(Buffer.from('x'))))).toBe('registry_denied');
});

it.each(['basic', 'token'] as const)('takes up credentials that were renewed while it runs (%s)', async (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
  const { host } = kind === 'basic' ? basic : tokens;
  const write = (password: string) => {
    const auth = Buffer.from(`${ACCOUNT.username}:${password}`).toString('base64');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  };
  try {
    write('expired');
    const registry = openRegistry(host, { DOCKER_CONFIG: folder });
    expect(await failure(registry.check('content'))).toBe('registry_login_refused');
    write(ACCOUNT.password);
    await registry.check('content');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('names the setting for a certificate that nobody knows, and trusts it with that', async () => {
  const tls = { SLIPWAY_REGISTRY_INSECURE: 'off' };
  const error = toSlipwayError(
    await openRegistry(secure.host, tls)
      .check('content')
      .catch((thrown) => thrown),
  );
  expect(error.code).toBe('registry_untrusted');
  expect(error.hint).toContain('SLIPWAY_REGISTRY_CA');
  await openRegistry(secure.host, { ...tls, SLIPWAY_REGISTRY_CA: secure.ca }).check('content');
  expect(await failure(openRegistry(basic.host, tls).check('content'))).toBe('registry_untrusted');
});

it('takes its credentials to nobody else, wherever it is led', async () => {
  const heard: (string | undefined)[] = [];
  const stranger: Server = createServer((request, response) => {
    heard.push(request.headers.authorization);
    response.end('layer');
  }).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address() as AddressInfo;
  try {
    const bytes = Buffer.from('layer');
    const registry = openRegistry(proxy.host, login);
    await registry.upload('content', one(bytes));
    proxy.fault = ({ method, path }) =>
      method === 'GET' && path.includes('/blobs/sha256')
        ? { status: 307, headers: { location: `http://127.0.0.1:${port}/blob` } }
        : undefined;
    const blob = await registry.blob('content', { mediaType: TYPES.gzip, digest: sha256(bytes), size: 5 });
    expect(String(blob)).toBe('layer');
    proxy.fault = ({ method }) =>
      method === 'POST' ? { status: 202, headers: { location: `http://127.0.0.1:${port}/upload` } } : undefined;
    await registry.upload('content', one(Buffer.from('x'))).catch(() => undefined);
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.every((authorization) => authorization === undefined)).toBe(true);
  } finally {
    proxy.fault = () => undefined;
    stranger.close();
  }
});
