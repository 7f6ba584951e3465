/** What is made of a hub's answers, and what a session is on its way there and back. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { HubClient, pauseAsked } from '../../../src/launch/hub-client.ts';
import { eventsOf } from '../../../src/launch/hub-events.ts';
import { identityOf, optionsOf, sessionOf } from '../../../src/launch/hub-session.ts';
import type { Resolved } from '../../../src/types.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

interface Answer {
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

const OURS = { 'x-jupyterhub-version': '6.1.1', 'content-type': 'application/json' };

/** A client of a server that gives these answers in turn, the last of them for ever, and what it was asked. */
async function answering(...answers: Answer[]): Promise<{ client: HubClient; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const { status, body = '', headers = OURS } = (answers.length > 1 ? answers.shift() : answers[0]) as Answer;
    response.writeHead(status, headers).end(body);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const SLIPWAY_HUB_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  return { client: new HubClient(loadConfig({ SLIPWAY_HUB_URL, SLIPWAY_HUB_TOKEN: 'secret' })), asked };
}

const signal = new AbortController().signal;
const message = (text: string) => JSON.stringify({ status: 0, message: text });

describe('the client', () => {
  it('asks below the hub with its token', async () => {
    const { client, asked } = await answering({ status: 200, body: '{"a": 1}' });
    expect(await client.ask('GET', 'user', { signal })).toMatchObject({ status: 200, body: { a: 1 } });
    expect(asked).toEqual(['GET /base/hub/api/user token secret']);
  });

  it('asks again what stands before a hub that is away, and no more than some seconds', async () => {
    const { client, asked } = await answering({ status: 503 }, { status: 502 }, { status: 201 });
    expect(await client.ask('POST', 'users/a', { signal })).toMatchObject({ status: 201 });
    expect(new Set(asked).size).toBe(1);
    expect(asked).toHaveLength(3);
    const away = await answering({ status: 504, body: '<html>', headers: {} });
    await expect(away.client.ask('GET', 'user', { signal })).rejects.toMatchObject({ code: 'hub_unreachable' });
    expect(away.asked).toHaveLength(4);
  });

  it('asks once more after a spawn that failed, since hubs count them', async () => {
    const { client, asked } = await answering({ status: 500, body: message('no') });
    expect(await client.ask('POST', 'users/a/server', { signal })).toMatchObject({ status: 500 });
    expect(asked).toHaveLength(2);
  });

  it.each([
    [
      { status: 403, body: message('Action is not authorized; requires any of [admin:users]') },
      'hub_token_refused',
      /lacks the scope admin:users/,
    ],
    [{ status: 403, body: message('Missing or invalid credentials.') }, 'hub_token_refused', /none that the hub knows/],
    [{ status: 404, body: '<html>', headers: {} }, 'hub_unreachable', /no hub answers there, but 404/],
    [{ status: 404, body: '<html>', headers: { 'x-jupyterhub-version': '6' } }, 'hub_unreachable', /404/],
    [{ status: 429, body: message('Active user limit exceeded.') }, 'hub_full', /Active user limit/],
  ])('makes of %j %s', async (answer, code, said) => {
    const { client } = await answering(answer as Answer);
    const failure = await client.ask('GET', 'users', { signal }).catch((error) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(said) });
  });

  it.each([message('No such user'), '{"status": 404, "message": null}'])('leaves to who asked: %s', async (body) => {
    const { client, asked } = await answering({ status: 404, body });
    expect(await client.ask('GET', 'users/a', { signal })).toMatchObject({ status: 404 });
    expect(asked).toHaveLength(1);
  });

  it('waits for a busy hub as long as it says, if there is that much time', async () => {
    const busy: Answer = { status: 429, body: message('throttled'), headers: { ...OURS, 'retry-after': '1' } };
    const told: number[] = [];
    const asked = { signal, busy: (seconds: number) => told.push(seconds) };
    const began = Date.now();
    const { client } = await answering(busy, { status: 201 });
    expect(await client.ask('POST', 'users/a/server', asked)).toMatchObject({ status: 201 });
    expect([told, Date.now() - began >= 1000]).toEqual([[1], true]);
    const late = await answering(busy);
    const until = Date.now() + 500;
    await expect(late.client.ask('POST', 'users/a/server', { ...asked, until })).rejects.toMatchObject({
      code: 'hub_full',
    });
    expect(late.asked).toHaveLength(1);
  });

  it('stops waiting when nobody wants it any more', async () => {
    const { client } = await answering({ status: 429, body: message(''), headers: { ...OURS, 'retry-after': '60' } });
    const over = new AbortController();
    setTimeout(() => over.abort(new Error('cancelled')), 50);
    const asked = client.ask('POST', 'users/a/server', { signal: over.signal, busy: () => {} });
    await expect(asked).rejects.toThrow('cancelled');
  });

  it.each([{ SLIPWAY_HUB_TOKEN: 'x' }, { SLIPWAY_HUB_URL: 'http://127.0.0.1:1' }])(
    'needs both: %j is too little',
    (env) => {
      expect(() => new HubClient(loadConfig(env))).toThrow(expect.objectContaining({ code: 'bad_setting' }));
    },
  );
});

it.each([
  ['7', 7000],
  ['0', 100],
  [undefined, undefined],
  ['soon', 10_000],
  ['Sat, 01 Jan 2000 00:00:00 GMT', 100],
])('Retry-After: %s', (value, expected) => {
  expect(pauseAsked(value)).toBe(expected);
});

describe('the story of a spawn', () => {
  const read = async (...chunks: string[]) => {
    const events = [];
    for await (const event of eventsOf(Readable.from(chunks, { objectMode: false }))) events.push(event);
    return events;
  };

  it('is read however it is cut, and nothing of it steers a terminal', async () => {
    const stream =
      'data: {"progress": 0, "message": "Pulling \\u001b[31mred\\u202e"}\n\n\n\ndata: {"ready": true, "message": "x"}\n\n';
    const whole = await read(stream);
    expect(whole).toEqual([
      { message: 'Pulling  [31mred', ready: false, failed: false },
      { message: 'x', ready: true, failed: false },
    ]);
    expect(await read(...stream)).toEqual(whole);
  });

  it('passes over what is none, and ends with a line without end', async () => {
    expect(await read('event: x\n\ndata: {no}\n\ndata: {"failed": true}\n\n')).toEqual([
      { message: '', ready: false, failed: true },
    ]);
    expect(await read(`data: ${'x'.repeat(70_000)}`, '\ndata: {"ready": true}\n')).toEqual([]);
  });
});

describe('a session', () => {
  const config = loadConfig({
    SLIPWAY_HUB_URL: 'https://hub.example.org/jupyter',
    SLIPWAY_BASE_URL: 'https://b.example.org',
  });
  const spec = {
    provider: 'gh' as const,
    name: 'org/tides',
    cloneUrl: '',
    canonicalUrl: 'https://github.com/org/tides',
  };
  const resolved: Resolved = { spec, ref: 'main/x', commit: 'c'.repeat(40) };
  const launch = {
    name: 'tides-abc',
    image: 'r.example.org/s/content:1',
    resolved,
    launchId: 'l',
    client: '192.0.2.1',
    urlpath: 'lab/a b',
  };
  const options = optionsOf(launch, 'token', 'me', config);

  it("goes to the hub as BinderHub's would, flat", () => {
    expect(options).toMatchObject({
      image: launch.image,
      token: 'token',
      repo_url: 'https://github.com/org/tides',
      binder_ref_url: `https://github.com/org/tides/tree/${resolved.commit}`,
      binder_launch_host: 'https://b.example.org/',
      binder_request: 'v2/gh/org/tides/main/x',
      binder_persistent_request: `v2/gh/org/tides/${resolved.commit}`,
      binder_client_ip: '192.0.2.1',
    });
    expect(Object.values(options).every((value) => typeof value === 'string')).toBe(true);
  });

  it('comes back from it', () => {
    const server = {
      name: '',
      ready: true,
      pending: null,
      started: '2026-01-01T00:00:00Z',
      last_activity: null,
      user_options: options,
    };
    expect(sessionOf('tides-abc', server, config)).toMatchObject({
      id: 'tides-abc',
      url: 'https://hub.example.org/jupyter/user/tides-abc/',
      link: 'https://hub.example.org/jupyter/user/tides-abc/lab/a%20b?token=token',
      ...{ image: launch.image, repo: spec.canonicalUrl, ref: 'main/x', commit: resolved.commit },
      ...{ provider: 'gh', spec: 'org/tides', launchId: 'l', client: '192.0.2.1', state: 'running' },
    });
    const named = sessionOf('é/x', { ...server, name: 'tides-abc', ready: false, pending: 'stop' }, config);
    expect(named).toMatchObject({ id: 'tides-abc', state: 'ended', path: '/jupyter/user/%C3%A9%2Fx/tides-abc/' });
  });

  it('is counted with others of its repository, however that was spelled', () => {
    const asked = { ...resolved, spec: { ...spec, cloneUrl: 'https://github.com/Org/Tides' } };
    const user_options = optionsOf({ ...launch, resolved: asked }, 'token', 'me', config);
    expect(user_options.repo_url).toBe('https://github.com/Org/Tides');
    const server = { name: '', ready: true, pending: null, started: null, last_activity: null, user_options };
    expect(sessionOf('tides-abc', server, config).repo).toBe(spec.canonicalUrl);
  });

  it('belongs to all processes of a service, or to one data folder', () => {
    expect(identityOf(config, 'i')).toBe('https://b.example.org/');
    expect(identityOf(loadConfig({}), 'i')).toBe('i');
  });
});
