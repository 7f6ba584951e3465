/** Clients that misbehave and queues that are long: the others are served, and memory stays bounded. */
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { building, plain } from '../../support/builds.ts';
import { checkNumbers, isEnd, listen } from '../../support/event-stream.ts';
import { type BuildFacts, type LaunchFacts, openServed, type Part, type Served } from '../../support/served.ts';

const MB = 2 ** 20;

let served: Served;

afterAll(async () => {
  await served?.close();
});
beforeAll(async () => {
  served = await openServed();
});
afterEach(() => served.stop());

/** Asks for a stream so many times on one connection, and reads nothing of it, ever. */
function deaf(path: string, times: number): Socket {
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\n\r\n`.repeat(times));
  return socket;
}

describe('clients that never read', () => {
  it('cost nothing: a build of a long log ends, and who reads gets all of it', async () => {
    const service = await served.serve();
    const [commit] = building({});
    // As much as the engine lets through: more than 200 kB a second it cuts off.
    const burst = 'for i in $(seq 1000); do echo "line $i $(printf y%.0s {1..170})"; done';
    const postBuild = `#!/bin/bash\nfor second in 1 2 3 4; do ${burst}; sleep 1; done\n`;
    const files = { ...commit?.files, postBuild: { content: postBuild, mode: '755' as const } };
    const { url } = await served.world.repo('long', [{ date: commit?.date ?? '', files }]);
    const { events, id } = await served.launch({ repo: url, buildOnly: true });
    const before = await service.peak();
    const sockets = Array.from({ length: 10 }, () => deaf(events, 40));
    const heard = await listen(served.url + events);
    expect(checkNumbers(heard)).toBe(id);
    expect(heard.at(-1)?.data).toMatchObject({ phase: 'ready' });
    const size = heard.reduce((sum, { data }) => sum + (data.message?.length ?? 0), 0);
    expect(size).toBeGreaterThan(MB / 2);
    // Were each given what it has not read, that would be four hundred times the log.
    expect((await service.peak()) - before).toBeLessThan(100 * MB);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a thousand different repositories', () => {
  const COUNT = 1000;
  const KEPT = 5;

  it('wait in a queue that says where each is, are cancelled, and leave nothing behind; somebody else comes soon', async () => {
    const { world } = served;
    const web: Part = await served.serve(['--no-worker'], { SLIPWAY_TRUSTED_PROXIES: '127.0.0.1' });
    const { shas } = await world.repo('many', plain('many'));
    const other = await world.repo('other', plain('other'));
    // As many repositories as anybody asks for, all with the same content.
    world.server.intercept = (request) => {
      request.url = request.url?.replace(/^\/many-\d+\.git\//, '/many.git/') ?? '/';
      return false;
    };
    const launches: LaunchFacts[] = [];
    for (let first = 0; first < COUNT; first += 50) {
      const some = Array.from({ length: 50 }, (_, index) => first + index).map((index) =>
        served.launch({ repo: world.server.url(`many-${index}`), ref: shas[0] }),
      );
      launches.push(...(await Promise.all(some)));
    }
    await served.until<{ waiting: number }>('/api/v1/queue', ({ waiting }) => waiting === COUNT);
    const last = await listen(served.url + (launches.at(-1)?.events ?? ''), {
      until: ({ event }) => event === 'queue',
    });
    expect(last.at(-1)?.data.place).toBeGreaterThan(COUNT / 2);

    const late = await fetch(`${served.url}/api/v1/launches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.9' },
      body: JSON.stringify({ repo: other.url, ref: other.shas[0], buildOnly: true }),
    });
    const somebody = (await late.json()) as LaunchFacts;
    const place = await listen(served.url + somebody.events, { until: ({ event }) => event === 'queue' });
    expect(place.at(-1)?.data.place).toBeLessThan(COUNT / 20);

    const [kept, dropped] = [launches.slice(0, KEPT), launches.slice(KEPT)];
    for (let first = 0; first < dropped.length; first += 50) {
      const cancel = dropped
        .slice(first, first + 50)
        .map(({ id }) => served.call(`/api/v1/launches/${id}`, { method: 'DELETE' }));
      expect((await Promise.all(cancel)).every(({ status }) => status === 204)).toBe(true);
    }
    await served.until<{ waiting: number }>('/api/v1/queue', ({ waiting }) => waiting === KEPT + 1);
    const gone = await listen(served.url + (dropped.at(-1)?.events ?? ''));
    expect(gone.at(-1)?.data).toMatchObject({ phase: 'failed', code: 'cancelled' });
    checkNumbers(gone);

    await served.worker();
    for (const { events, id } of [...kept, somebody]) {
      const heard = await listen(served.url + events);
      expect(checkNumbers(heard)).toBe(id);
      expect(heard.filter(isEnd)).toMatchObject([{ data: { phase: 'ready' } }]);
    }
    expect((await served.call('/api/v1/queue')).body).toMatchObject({ waiting: 0, active: 0 });
    expect(await served.containers()).toHaveLength(KEPT);
    expect(await web.peak()).toBeLessThan(400 * MB);
  });
});

describe('a disk that is full', () => {
  it('fails the build with a reason that is not the reader’s fault, and leaves nothing', async () => {
    const before = await served.containers();
    await served.serve([], { SLIPWAY_DISK_FREE: '9000T' });
    const { url } = await served.world.repo('full', building({ lines: 1 }));
    const { body } = await served.call<BuildFacts>('/api/v1/builds', { method: 'POST', body: { repo: url } });
    const failed = await served.until<BuildFacts>(`/api/v1/builds/${body.id}`, ({ error }) => error !== undefined);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'disk_full', blame: 'operator' } });
    expect(await served.containers()).toEqual(before);
  });
});
