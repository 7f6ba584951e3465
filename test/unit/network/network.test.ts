import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createConnection } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createNetwork, isPublicAddress } from '../../../src/network.ts';

const PRIVATE =
  `0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.254 127.0.0.1 127.255.0.1 169.254.169.254 172.16.0.1 172.31.9.9
  192.0.0.1 192.168.1.1 198.18.0.1 198.19.255.255 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1
  ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe::
  fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 100::1 2001::1 4000::1 localhost nonsense`.split(/\s+/);

const PUBLIC = `1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 192.0.2.10 198.51.100.7 203.0.113.4 2001:db8::1 2606:4700::1111
  ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1`.split(/\s+/);

test.each(PRIVATE)('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(PUBLIC)('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

const tlsFile = (name: string) => new URL(`../../support/tls/${name}.pem`, import.meta.url).pathname;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A network that counts what it would dial, and dials a server of ours instead. */
async function counted(settings: Record<string, string>, names: Record<string, string[][]> = {}) {
  const server = createServer((_, response) => response.end('hello'));
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const port = (server.address() as AddressInfo).port;
  const dialled: string[] = [];
  const lookups: string[] = [];
  const network = createNetwork(loadConfig(settings), {
    async lookup(host) {
      lookups.push(host);
      const answers = names[host];
      const addresses = answers && answers.length > 1 ? answers.shift() : answers?.[0];
      if (!addresses) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
    connect({ host, port: wanted }) {
      dialled.push(`${host}:${wanted}`);
      return createConnection(port, '127.0.0.1');
    },
  });
  const open = async (url: string) => {
    const opened = await network.open(new URL(url));
    opened.socket.destroy();
    return opened;
  };
  return { open, dialled, lookups, network };
}

describe('the rule for a URL', () => {
  const forbidden = [
    'https://127.0.0.1/x',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://0x7f.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest',
    'https://127.0.0.1./',
    'https://10.1.2.3/',
    'https://１２７.0.0.1/',
    'http://example.org/',
    'http://1.1.1.1/',
    'ssh://example.org/x',
    'file:///etc/passwd',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://inner.example/',
    'https://mixed.example/',
  ];
  test.each(forbidden)('%s is refused, and nothing is dialled', async (url) => {
    const names = {
      localhost: [['127.0.0.1']],
      'inner.example': [['10.0.0.7']],
      'mixed.example': [['8.8.8.8', '127.0.0.1']],
    };
    const { open, dialled } = await counted({}, names);
    await expect(open(url)).rejects.toMatchObject({ code: 'host_not_allowed' });
    expect(dialled).toEqual([]);
  });

  test('https to a public host is dialled at the address that was checked', async () => {
    const { open, dialled } = await counted({}, { 'example.org': [['203.0.113.9']] });
    await open('https://EXAMPLE.org./x');
    expect(dialled).toEqual(['203.0.113.9:443']);
  });

  test('a name is looked up once per connection, and a second answer is checked anew', async () => {
    const { open, dialled, lookups } = await counted({}, { 'rebind.example': [['203.0.113.9'], ['127.0.0.1']] });
    await open('https://rebind.example/');
    expect(lookups).toEqual(['rebind.example']);
    await expect(open('https://rebind.example/')).rejects.toMatchObject({ code: 'host_not_allowed' });
    expect(dialled).toEqual(['203.0.113.9:443']);
  });

  test('an unknown name is unreachable, and says which', async () => {
    const { open } = await counted({});
    await expect(open('https://nowhere.example/')).rejects.toMatchObject({
      code: 'host_unreachable',
      message: expect.stringContaining('nowhere.example'),
    });
  });
});

describe('SLIPWAY_ALLOWED_HOSTS', () => {
  test.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/x'],
    ['127.0.0.1', 'http://127.0.0.1:9/x'],
    ['127.0.0.1', 'http://0x7f.0.0.1:9/x'],
    ['[::1]:81', 'http://[::1]:81/x'],
    ['::1', 'https://[0:0::1]/x'],
    ['GIT.Example', 'http://git.example./x'],
    ['git.example:443', 'https://git.example/x'],
    ['other, git.example:80', 'http://git.example/x'],
  ])('%s allows %s', async (allowed, url) => {
    const { open, dialled } = await counted({ SLIPWAY_ALLOWED_HOSTS: allowed }, { 'git.example': [['10.0.0.1']] });
    await open(url);
    expect(dialled).toHaveLength(1);
  });

  test.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8081/x'],
    ['git.example:8443', 'https://git.example/x'],
    ['example', 'https://git.example/x'],
    ['git.example', 'https://git.example.evil/x'],
  ])('%s does not allow %s', async (allowed, url) => {
    const names = { 'git.example': [['10.0.0.1']], 'git.example.evil': [['10.0.0.1']] };
    const { open, dialled } = await counted({ SLIPWAY_ALLOWED_HOSTS: allowed }, names);
    await expect(open(url)).rejects.toMatchObject({ code: 'host_not_allowed' });
    expect(dialled).toEqual([]);
  });
});

describe("the operator's proxy", () => {
  /** A proxy that keeps the tunnels asked of it. */
  async function proxyServer(status = '200 OK', tls?: { key: Buffer; cert: Buffer }) {
    const asked: string[] = [];
    const server = tls ? createSecureServer(tls) : createServer();
    server.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
      socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return { asked, port: (server.address() as AddressInfo).port };
  }

  test('gets a tunnel to the host by its name, with its credentials', async () => {
    const proxy = await proxyServer();
    const config = loadConfig({ HTTPS_PROXY: `http://me:s%40cret@127.0.0.1:${proxy.port}` });
    const network = createNetwork(config, { lookup: async () => [{ address: '203.0.113.9', family: 4 }] });
    (await network.open(new URL('https://example.org/x'))).socket.destroy();
    expect(proxy.asked).toEqual([`example.org:443 Basic ${Buffer.from('me:s@cret').toString('base64')}`]);
  });

  test('is trusted by the certificates that SLIPWAY_CA_BUNDLE names', async () => {
    const proxy = await proxyServer('200 OK', {
      key: readFileSync(tlsFile('key')),
      cert: readFileSync(tlsFile('cert')),
    });
    const dial = async (settings: Record<string, string>) => {
      const config = loadConfig({ HTTPS_PROXY: `https://127.0.0.1:${proxy.port}`, ...settings });
      const network = createNetwork(config, { lookup: async () => [{ address: '203.0.113.9', family: 4 }] });
      (await network.open(new URL('https://example.org/x'))).socket.destroy();
    };
    await expect(dial({})).rejects.toMatchObject({ code: 'host_unreachable' });
    await dial({ SLIPWAY_CA_BUNDLE: tlsFile('cert') });
    expect(proxy.asked).toEqual(['example.org:443 -']);
  });

  test('does not lift the policy', async () => {
    const proxy = await proxyServer();
    const config = loadConfig({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    const network = createNetwork(config, { lookup: async () => [{ address: '10.0.0.1', family: 4 }] });
    await expect(network.open(new URL('https://inner.example/'))).rejects.toMatchObject({ code: 'host_not_allowed' });
    await expect(network.open(new URL('https://169.254.169.254/'))).rejects.toMatchObject({ code: 'host_not_allowed' });
    expect(proxy.asked).toEqual([]);
  });

  test('that refuses is named as the reason, its password is not', async () => {
    const proxy = await proxyServer('403 No');
    const config = loadConfig({ HTTPS_PROXY: `http://me:hunter2@127.0.0.1:${proxy.port}` });
    const network = createNetwork(config, { lookup: async () => [{ address: '203.0.113.9', family: 4 }] });
    const error = await network.open(new URL('https://example.org/')).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'host_unreachable', message: expect.stringContaining('403') });
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  test.each(['example.org', '.example.org', '*.org', '*', 'other, example.org:443', '203.0.113.0/24'])(
    'NO_PROXY=%s goes past it',
    async (rule) => {
      const host = rule.includes('/') ? '203.0.113.9' : 'example.org';
      const { open, dialled } = await counted(
        { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: rule },
        { 'example.org': [['203.0.113.9']] },
      );
      await open(`https://${host}/`);
      expect(dialled).toEqual(['203.0.113.9:443']);
    },
  );

  test('answers plain requests itself', async () => {
    const { open, dialled } = await counted(
      { HTTP_PROXY: 'http://u:p@127.0.0.1:3128', SLIPWAY_ALLOWED_HOSTS: 'git.example' },
      { 'git.example': [['203.0.113.9']] },
    );
    const { viaProxy } = await open('http://git.example/x');
    expect(viaProxy).toEqual({ authorization: `Basic ${Buffer.from('u:p').toString('base64')}` });
    expect(dialled).toEqual(['127.0.0.1:3128']);
  });
});
