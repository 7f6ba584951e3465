/** Web processes that are killed (-9) in mid-stream: another one, or the same one started again, goes on where it was. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { building, plain } from '../../support/builds.ts';
import { checkNumbers, follow, type Heard, isEnd, listen, phasesOf } from '../../support/event-stream.ts';
import { callServer } from '../../support/kernel.ts';
import { type BuildFacts, freePorts, type LaunchFacts, openServed, type Served } from '../../support/served.ts';

let served: Served;

beforeAll(async () => {
  served = await openServed();
});
afterAll(async () => {
  await served?.close();
});

const lines = (heard: readonly Heard[]) =>
  heard
    .map(({ data }) => (data.phase === 'building' ? data.message : ''))
    .join('')
    .match(/line \d+\b/g);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

describe('a web process that is killed', () => {
  it('in mid-build leaves its launch to another, and its reader reads on there', async () => {
    const [first, worker] = [await served.serve(['--no-worker']), await served.worker()];
    const second = await served.serve(['--no-worker'], { SLIPWAY_PORT: `${await freePorts()}` });
    const { url } = await served.world.repo('web', building({ lines: 30, pause: 0.1 }));
    const { id, events } = await served.launch({ repo: url });
    let origin = first.url;
    const told = follow(() => origin, events);
    await listen(first.url + events, { until: ({ data }) => /line 5\b/.test(data.message ?? '') });
    await first.kill();
    origin = second.url;
    const heard = await told;
    expect(checkNumbers(heard)).toBe(id);
    expect(lines(heard)).toEqual(upTo(30));
    expect(phasesOf(heard).slice(-3)).toEqual(['built', 'launching', 'ready']);
    const session = heard.at(-1)?.data as { url: string; token: string };
    expect(await callServer(session, 'api/status')).toMatchObject({ started: expect.any(String) });
    expect(await served.containers()).toHaveLength(1);

    const launch = await served.call<LaunchFacts>(`/api/v1/launches/${id}`, { origin: second.url });
    expect(launch.body).toMatchObject({ state: 'ready' });
    const build = await served.call<BuildFacts>(`/api/v1/builds/${launch.body.build}`, { origin: second.url });
    expect(build.body.attempts).toHaveLength(1);
    await Promise.all([second.stop(), worker.stop()]);
  });

  it('while a session starts leaves one session, not two', async () => {
    const before = (await served.containers()).length;
    const first = await served.serve();
    const { url } = await served.world.repo('starting', plain('starting'));
    const { id, events } = await served.launch({ repo: url });
    const told = follow(() => served.url, events);
    await listen(served.url + events, { until: ({ data }) => data.phase === 'launching' });
    await first.kill();
    const again = await served.serve();
    const heard = await told;
    expect(checkNumbers(heard)).toBe(id);
    expect(heard.filter(isEnd)).toHaveLength(1);
    expect(heard.at(-1)?.data).toMatchObject({ phase: 'ready' });
    await callServer(heard.at(-1)?.data as { url: string; token: string }, 'api/status');
    expect(await served.containers()).toHaveLength(before + 1);
    await again.stop();
  });

  it('together with its worker, in one process, goes on when it is started again', async () => {
    const first = await served.serve();
    const { url } = await served.world.repo('both', building({ lines: 25, pause: 0.1 }));
    const { id, events } = await served.launch({ repo: url });
    const told = follow(() => served.url, events);
    await listen(served.url + events, { until: ({ data }) => /line 5\b/.test(data.message ?? '') });
    await first.kill();
    const again = await served.serve();
    const heard = await told;
    expect(checkNumbers(heard)).toBe(id);
    expect(heard.filter(isEnd)).toHaveLength(1);
    expect(heard.at(-1)?.data).toMatchObject({ phase: 'ready' });
    expect(lines(heard)?.slice(-25)).toEqual(upTo(25));
    expect(await again.stop()).toBe(0);
  });
});

describe('a web process that is told to end', () => {
  it('hands over what it has: the launch goes on with the next one, and nothing is built twice', async () => {
    const [first, worker] = [await served.serve(['--no-worker']), await served.worker()];
    const { url } = await served.world.repo('told', building({ lines: 30, pause: 0.1 }));
    const { id, events } = await served.launch({ repo: url });
    const told = follow(() => served.url, events);
    await listen(served.url + events, { until: ({ data }) => /line 5\b/.test(data.message ?? '') });
    expect(await first.stop()).toBe(0);
    const second = await served.serve(['--no-worker']);
    const heard = await told;
    expect(checkNumbers(heard)).toBe(id);
    expect(lines(heard)).toEqual(upTo(30));
    expect(heard.at(-1)?.data).toMatchObject({ phase: 'ready' });
    await Promise.all([second.stop(), worker.stop()]);
  });
});
