import { type AddressInfo, createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import type { Read } from '../../../src/service/types.ts';
import { lastSeen, Streams } from '../../../src/web/sse.ts';
import { checkNumbers, type Heard, listen, openEvents } from '../../support/event-stream.ts';

const STORY = 'a'.repeat(32);
const READY = '{"phase":"ready","message":"\\n"}';

type Tell = (from: number, signal: AbortSignal) => AsyncGenerator<Read[]>;

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

function line(n: number, text = `line ${n}\n`): Read {
  return { n, json: JSON.stringify({ phase: 'building', message: text }) };
}

/** A story that is over. */
function told(reads: Read[]): Tell {
  return async function* tell(from) {
    yield reads.slice(from);
  };
}

async function serve(tell: Tell, streams: Streams): Promise<string> {
  app = fastify({ forceCloseConnections: true });
  app.get('/', async (request, reply) => {
    const seen = lastSeen(request.headers['last-event-id'])?.n;
    await streams.tell(reply, request.ip, { story: STORY, seen }, tell);
  });
  app.addHook('preClose', async () => streams.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** A client that asks and never reads. */
async function deafClient(url: string): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) });
  socket.on('error', () => undefined);
  socket.pause();
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

const all = () => false;

describe('a stream', () => {
  it('gives each entry an id, and the end a hint not to come back soon', async () => {
    const reads = [line(0), { n: 1, event: 'queue', json: '{"place":2}' }, { n: 2, json: READY }];
    const url = await serve(told(reads), new Streams(10));
    const text = await (await fetch(url)).text();
    expect(text).toBe(
      [
        `id: ${STORY}-0\ndata: {"phase":"building","message":"line 0\\n"}\n\n`,
        `event: queue\nid: ${STORY}-1\ndata: {"place":2}\n\n`,
        `retry: 3600000\nid: ${STORY}-2\ndata: ${READY}\n\n`,
      ].join(''),
    );
  });

  it('resumes after the last id; who has the end gets it again', async () => {
    const reads = [line(0), line(1), { n: 2, json: READY }];
    const url = await serve(told(reads), new Streams(10));
    const numbers = async (last: number) =>
      (await listen(url, { lastEventId: `${STORY}-${last}`, until: all })).map(({ id }) => id.split('-')[1]);
    expect(await numbers(0)).toEqual(['1', '2']);
    expect(await numbers(1)).toEqual(['2']);
    expect(await numbers(2)).toEqual(['2']);
  });

  it('takes a log line that looks like an end for a log line', async () => {
    const message = 'data: {"phase":"ready"}\n\nid: 99\n\n{"phase":"failed"';
    const url = await serve(told([line(0, message), line(1)]), new Streams(10));
    const heard = await listen(url, { until: all });
    expect(heard.map(({ data }) => data.message)).toEqual([message, 'line 1\n']);
    expect(await listen(url, { lastEventId: `${STORY}-1`, until: all })).toEqual([]);
  });

  it('says that it lives while there is nothing to say', async () => {
    const never: Tell = async function* tell(_from, signal) {
      yield [line(0)];
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const url = await serve(never, new Streams(10, { sweep: 20, silent: 50, stalled: 10_000 }));
    const { response, close } = await openEvents(url);
    let text = '';
    for await (const chunk of response) {
      text += chunk;
      if ((text.match(/^:keepalive$/gm)?.length ?? 0) >= 2) break;
    }
    close();
    expect(text.replace(/^id.*\ndata.*\n\n/, '')).toMatch(/^(:keepalive\n\n)+$/);
  });
});

describe('a client that never reads', () => {
  it('costs a few lines, is let go, and holds up nobody', async () => {
    let asked = 0;
    const endless: Tell = async function* tell(from, signal) {
      for (let n = from; !signal.aborted && n < 20_000; n += 1) {
        asked += 1;
        yield [line(n, `${'x'.repeat(4000)}\n`)];
      }
      yield [{ n: 20_000, json: READY }];
    };
    const streams = new Streams(10, { sweep: 50, silent: 100_000, stalled: 600 });
    const url = await serve(endless, streams);
    const deaf = await deafClient(url);
    await sleep(300);
    const before = asked;
    expect(before).toBeGreaterThan(0);
    // 80 MB to come: what the kernel's buffers take is a small part of it.
    expect(before).toBeLessThan(10_000);
    const heard = await listen(url);
    expect(checkNumbers(heard)).toBe(STORY);
    expect(heard).toHaveLength(20_001);
    await expect.poll(() => streams.count, { timeout: 5000 }).toBe(0);
    deaf.destroy();
  });
});

describe('streams', () => {
  const waiting: Tell = async function* tell(_from, signal) {
    yield [line(0)];
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };

  it('are limited per address, and a place is free again when one has gone', async () => {
    const streams = new Streams(2);
    const url = await serve(waiting, streams);
    const open = await Promise.all([openEvents(url), openEvents(url)]);
    const refused = await fetch(url);
    expect(refused.status).toBe(500);
    expect(await refused.json()).toMatchObject({ message: expect.stringMatching(/Too many event streams/) });
    open[0]?.close();
    await expect.poll(() => streams.count).toBe(1);
    const third = await openEvents(url);
    expect(third.response.statusCode).toBe(200);
    third.close();
    open[1]?.close();
  });

  it('end with a hint to come back soon when the process does', async () => {
    const url = await serve(waiting, new Streams(10));
    const text = fetch(url).then((response) => response.text());
    await sleep(100);
    await app?.close();
    expect(await text).toMatch(/\n\nretry: 1000\n\n$/);
  });

  it('give every watcher every line in order', async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => line(n));
    const live: Tell = async function* tell(from) {
      for (let at = from; at < lines.length; at += 37) {
        yield lines.slice(at, at + 37);
        await sleep(1);
      }
      yield [{ n: lines.length, json: READY }];
    };
    const url = await serve(live, new Streams(1000));
    const heard: Heard[][] = await Promise.all(Array.from({ length: 50 }, () => listen(url)));
    for (const one of heard) {
      checkNumbers(one);
      expect(one).toHaveLength(3001);
    }
  });
});

describe('Last-Event-ID', () => {
  it('is what we gave, or nothing', () => {
    expect(lastSeen(`${STORY}-7`)).toEqual({ story: STORY, n: 7 });
    for (const other of [
      undefined,
      '',
      '7',
      'x-7',
      `${STORY}-`,
      `${STORY}--1`,
      `${STORY}-1e9`,
      `${STORY}-1\n`,
      '0'.repeat(5000),
    ])
      expect(lastSeen(other)).toBeUndefined();
  });
});
