/** The service's own Redis, killed (-9) while builds go on: it is started again, and nothing is lost, doubled or built twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { building } from '../../support/builds.ts';
import { checkNumbers, follow, isEnd, listen, phasesOf } from '../../support/event-stream.ts';
import { type BuildFacts, type LaunchFacts, openServed, type Served } from '../../support/served.ts';

const LINES = 40;

let served: Served;

beforeAll(async () => {
  served = await openServed();
  await served.serve();
});
afterAll(async () => {
  await served?.close();
});

describe('Redis, killed in mid-build', () => {
  it('comes back with every event of builds and launches; a second time as well', async () => {
    const { url } = await served.world.repo('redis', building({ lines: LINES, pause: 0.1 }));
    const { id, events } = await served.launch({ repo: url });
    const told = [follow(() => served.url, events), follow(() => served.url, events)];
    const first = await served.redisPid();
    for (const line of [5, 20]) {
      const said = new RegExp(`line ${line}\\b`);
      await listen(served.url + events, { until: ({ data }) => said.test(data.message ?? '') });
      process.kill(await served.redisPid(), 'SIGKILL');
    }
    const [one = [], other = []] = await Promise.all(told);
    expect(one).toEqual(other);
    expect(checkNumbers(one)).toBe(id);
    const log = one.map(({ data }) => (data.phase === 'building' ? data.message : '')).join('');
    expect(log.match(/line \d+\b/g)).toEqual(Array.from({ length: LINES }, (_, index) => `line ${index + 1}`));
    expect(phasesOf(one).slice(-3)).toEqual(['built', 'launching', 'ready']);
    expect(one.filter(isEnd)).toHaveLength(1);
    expect(await served.redisPid()).not.toBe(first);

    const { body: launch } = await served.call<LaunchFacts>(`/api/v1/launches/${id}`);
    expect(launch).toMatchObject({ state: 'ready' });
    const { body: build } = await served.call<BuildFacts>(`/api/v1/builds/${launch.build}`);
    expect(build).toMatchObject({ state: 'completed', tiers: { content: 'built' }, attempts: [{}] });
    const log2 = (await served.call<string>(build.log)).body;
    expect(log2.match(/line \d+\b/g)).toHaveLength(LINES);
    expect(await served.containers()).toHaveLength(1);
    expect((await served.call('/health')).status).toBe(200);
  });
});
