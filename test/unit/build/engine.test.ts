/** What answers at DOCKER_HOST, told by hand-written servers on real sockets. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { connectEngine, localSocket } from '../../../src/engine.ts';
import { instanceId } from '../../../src/instance.ts';

const folder = mkdtempSync(join(tmpdir(), 'engine-'));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function answering(headers: Record<string, string>): Promise<string> {
  const path = join(folder, `${servers.length}.sock`);
  const server = createServer((_request, response) => response.writeHead(200, headers).end('OK'));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return `unix://${path}`;
}

const connect = (address: string) => connectEngine(loadConfig({ DOCKER_HOST: address }));

describe('connectEngine', () => {
  it('takes a Docker engine', async () => {
    const docker = await connect(await answering({ Server: 'Docker/20.10.24 (linux)' }));
    expect(docker.modem).toBeDefined();
  });

  it('over https is trusted by the certificates that SLIPWAY_CA_BUNDLE names', async () => {
    const file = (name: string) => new URL(`../../support/tls/${name}.pem`, import.meta.url).pathname;
    const tls = { key: readFileSync(file('key')), cert: readFileSync(file('cert')) };
    const headers = { Server: 'Docker/20.10.24 (linux)' };
    const server = createSecureServer(tls, (_request, response) => response.writeHead(200, headers).end('OK'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connect(address)).rejects.toMatchObject({ code: 'engine_missing' });
    await connectEngine(loadConfig({ DOCKER_HOST: address, SLIPWAY_CA_BUNDLE: file('cert') }));
  });

  it('tells of one that goes away later, wherever it is asked for something', async () => {
    const address = await answering({ Server: 'Docker/20.10.24 (linux)' });
    const docker = await connect(address);
    const server = servers.at(-1);
    server?.removeAllListeners('request').on('request', (_request, response) => response.socket?.destroy());
    const lost = { code: 'engine_missing', message: expect.stringContaining(address) };
    await expect(docker.getImage('x').inspect()).rejects.toMatchObject(lost);
    server?.removeAllListeners('request').on('request', (_request, response) => response.writeHead(404).end('{}'));
    await expect(docker.getImage('x').inspect()).rejects.toMatchObject({ statusCode: 404 });
    await new Promise((resolve) => server?.close(resolve));
    await expect(docker.listContainers()).rejects.toMatchObject({ ...lost, hint: expect.any(String) });
  });

  it.each([
    [{ Server: 'Libpod/4.3.1 (linux)', 'Libpod-API-Version': '4.3.1' }, /Podman/],
    [{ Server: 'nginx/1.22' }, /nginx/],
    [{}, /without a name/],
  ])('refuses %j by name', async (headers, name) => {
    const error = await connect(await answering(headers as Record<string, string>)).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'engine_not_docker', message: expect.stringMatching(name) });
  });

  it.each([
    ['unix:///nonexistent/docker.sock', /no such socket/],
    ['tcp://127.0.0.1:9', /nothing answers/],
    ['ssh://me:word@host', /ssh/],
    ['nonsense', /no address/],
  ])('says what is wrong with %s', async (address, why) => {
    const error = await connect(address).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'engine_missing', message: expect.stringMatching(why) });
    expect(error.message).not.toContain('word');
    expect(error.hint).toBeTruthy();
  });

  it('knows which engines are on this machine', () => {
    expect(localSocket({ DOCKER_HOST: '' })).toBe('/var/run/docker.sock');
    expect(localSocket({ DOCKER_HOST: 'tcp://10.0.0.1:2375' })).toBeUndefined();
  });
});

it('instanceId is made once, also by processes that start together', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, () => instanceId({ SLIPWAY_DATA: join(folder, 'data') })));
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
});
