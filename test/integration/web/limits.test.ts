/** How much one address may ask for, and how the service ends. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { building } from '../../support/builds.ts';
import { checkNumbers, follow, listen, openEvents } from '../../support/event-stream.ts';
import { openServed, type Served } from '../../support/served.ts';

const PAGE = { accept: 'text/html' };

let served: Served;
let nowhere: string;
let folder: string;
let events: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-limits-'));
  events = join(folder, 'launches.jsonl');
  served = await openServed({
    SLIPWAY_EVENT_LOG: events,
    SLIPWAY_LAUNCHES_PER_HOUR: '3',
    SLIPWAY_STREAMS_PER_ADDRESS: '4',
    SLIPWAY_TRUSTED_PROXIES: '127.0.0.1',
  });
  await served.serve();
  nowhere = served.spec(served.world.server.url('nowhere'));
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true });
});

/** What a proxy says of who asks. */
const from = (address: string) => ({ 'x-forwarded-for': address });

async function code(path: string, address: string): Promise<unknown> {
  const heard = await listen(served.url + path, { headers: from(address) });
  return heard.at(-1)?.data.code;
}

describe('launches of an address', () => {
  it('are counted, said in the headers, and refused with the time to wait', async () => {
    const ask = () => fetch(`${served.url}/build/${nowhere}`, { headers: from('198.51.100.1') });
    for (const left of ['2', '1', '0']) {
      const answer = await ask();
      expect(answer.headers.get('x-ratelimit-limit')).toBe('3');
      expect(answer.headers.get('x-ratelimit-remaining')).toBe(left);
      const reset = Number(answer.headers.get('x-ratelimit-reset')) * 1000;
      expect(reset).toBeGreaterThan(Date.now());
      expect(reset).toBeLessThan(Date.now() + 3_602_000);
      expect(await answer.text()).toMatch(/repo_not_found/);
    }
    const refused = await ask();
    expect(refused.status).toBe(200);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3000);
    const data = JSON.parse(/^data: (.*)$/m.exec(await refused.text())?.[1] ?? '');
    expect(data).toMatchObject({ phase: 'failed', code: 'rate_limited', status_code: 429 });
    const api = await fetch(`${served.url}/api/v1/launches`, {
      method: 'POST',
      headers: { ...from('198.51.100.1'), 'content-type': 'application/json' },
      body: JSON.stringify({ repo: nowhere }),
    });
    expect(api.status).toBe(429);
    expect(await code(`/build/${nowhere}`, '198.51.100.2')).toBe('repo_not_found');
  });

  it('of one network of IPv6 are one', async () => {
    for (const host of ['1', '2', '3']) await code(`/build/${nowhere}`, `2001:db8:1:2::${host}`);
    expect(await code(`/build/${nowhere}`, '2001:db8:1:2:ffff::4')).toBe('rate_limited');
    expect(await code(`/build/${nowhere}`, '2001:db8:1:3::1')).toBe('repo_not_found');
  });

  it('from our own page count for its repository alone: a class shares an address', async () => {
    const address = '198.51.100.3';
    const text = await (await fetch(`${served.url}/v2/${nowhere}`, { headers: { ...PAGE, ...from(address) } })).text();
    const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
    expect(token).not.toBe('');
    for (let student = 0; student < 10; student += 1)
      expect(await code(`/build/${nowhere}?build_token=${token}`, address)).toBe('repo_not_found');
    const other = served.spec(served.world.server.url('elsewhere'));
    for (let launch = 0; launch < 3; launch += 1)
      expect(await code(`/build/${other}?build_token=${token}`, address)).toBe('repo_not_found');
    expect(await code(`/build/${other}?build_token=${token}`, address)).toBe('rate_limited');
    expect(await code(`/build/${nowhere}?build_token=${token}`, address)).toBe('repo_not_found');
    for (let launch = 0; launch < 17; launch += 1) await code(`/build/${nowhere}?build_token=${token}`, address);
    await code(`/build/${nowhere}?build_token=${token}`, address);
    await code(`/build/${nowhere}?build_token=${token}`, address);
    expect(await code(`/build/${nowhere}?build_token=${token}`, address)).toBe('rate_limited');
    // Which came from our page is in the event log.
    const lines = (await readFile(events, 'utf8')).trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line) as { spec: string; build_token: boolean });
    const ours = told.filter(({ build_token }) => build_token).map(({ spec }) => spec);
    expect([...new Set(ours)]).toEqual([`${encodeURIComponent(served.world.server.url('nowhere'))}/HEAD`]);
    expect(told.filter(({ build_token }) => !build_token).length).toBeGreaterThan(5);
  });

  it('are not used up by previews, which have room for a class from our own pages', async () => {
    const preview = async (address: string, token?: string) => {
      const headers = { ...from(address), ...(token !== undefined && { 'x-build-token': token }) };
      const answer = await fetch(`${served.url}/api/v1/plan/${nowhere}`, { headers });
      return (await answer.json()) as { code: string; message: string };
    };
    const address = '198.51.100.4';
    for (let look = 0; look < 3; look += 1) expect((await preview(address)).code).toBe('repo_not_found');
    const refused = await preview(address);
    expect(refused).toMatchObject({ code: 'rate_limited', message: expect.stringMatching(/^More than 3 previews of/) });
    expect(await code(`/build/${nowhere}`, address)).toBe('repo_not_found');

    const front = await (await fetch(served.url, { headers: { ...PAGE, ...from(address) } })).text();
    const token = /data-token="([^"]+)"/.exec(front)?.[1] ?? '';
    for (let student = 0; student < 10; student += 1)
      expect((await preview(address, token)).code).toBe('repo_not_found');
    // It is good for nothing else.
    for (let launch = 0; launch < 2; launch += 1) await code(`/build/${nowhere}?build_token=${token}`, address);
    expect(await code(`/build/${nowhere}?build_token=${token}`, address)).toBe('rate_limited');
  });
});

describe('streams of an address', () => {
  it('have a limit, by which nobody else is held up', async () => {
    const { url } = await served.world.repo('watched', building({ lines: 300, pause: 0.1 }));
    const { body } = await served.call<{ id: string; events: string }>('/api/v1/launches', {
      method: 'POST',
      body: { repo: url },
      asOperator: true,
    });
    const mine = from('198.51.100.9');
    const path = served.url + body.events;
    const open = await Promise.all(Array.from({ length: 4 }, () => openEvents(path, { headers: mine })));
    const refused = await fetch(path, { headers: mine });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'too_many_streams' });
    expect(await code(`/build/${nowhere}`, '198.51.100.9')).toBe('too_many_streams');
    const other = await openEvents(path, { headers: from('198.51.100.10') });
    expect(other.response.statusCode).toBe(200);
    other.close();
    for (const stream of open) stream.close();
    await served.call(`/api/v1/launches/${body.id}`, { method: 'DELETE' });
  });
});

describe('a service that is told to end', () => {
  it('sends its readers away with a hint, and the next process goes on with the launch', async () => {
    const again = await openServed();
    const first = await again.serve();
    const { url } = await again.world.repo('handed-over', building({ lines: 60, pause: 0.1 }));
    const { body } = await again.call<{ events: string }>('/api/v1/launches', { method: 'POST', body: { repo: url } });
    const reader = follow(() => again.url, body.events);
    const raw = await new Promise<IncomingMessage>((resolve) => get(again.url + body.events, resolve));
    let text = '';
    raw.on('data', (chunk) => {
      text += chunk;
    });
    await expect.poll(() => text, { timeout: 60_000 }).toMatch(/line 5\b/);
    const stopped = first.stop();
    await expect.poll(() => raw.readableEnded, { timeout: 10_000 }).toBe(true);
    expect(text).toMatch(/\n\nretry: 1000\n\n$/);
    expect(await stopped).toBe(0);
    await sleep(200);
    await again.serve();
    const heard = await reader;
    checkNumbers(heard);
    expect(heard.at(-1)?.data).toMatchObject({ phase: 'ready' });
    await again.close();
  });
});
