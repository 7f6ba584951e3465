/** Workers that are killed (-9) in each stage of a build: another takes it up, it is done once, and its readers miss nothing. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Health, QueueState } from '../../../src/service/types.ts';
import { building, DAY, plain } from '../../support/builds.ts';
import { checkNumbers, follow, type Heard, isEnd, listen, phasesOf } from '../../support/event-stream.ts';
import { once as unlike } from '../../support/scenario.ts';
import {
  type BuildFacts,
  freePorts,
  type LaunchFacts,
  openServed,
  type Part,
  type Served,
} from '../../support/served.ts';

let served: Served;

beforeAll(async () => {
  served = await openServed();
  await served.serve(['--no-worker']);
});
afterAll(async () => {
  await served?.close();
});

/** Waits until each build is where it is to be interrupted, kills its worker, and has another one go on. */
async function interrupted(
  launches: readonly LaunchFacts[],
  worker: Part,
  inPlace: Promise<unknown>[],
  release = () => {},
): Promise<Heard[][]> {
  const told = launches.map(({ events }) => follow(() => served.url, events));
  await Promise.all(inPlace);
  // It is there before the other dies, as it would be where there are several.
  const other = await served.worker();
  await worker.kill();
  release();
  const all = await Promise.all(told);
  await other.stop();
  return all;
}

async function checkOnce({ id, build }: LaunchFacts, heard: Heard[]): Promise<BuildFacts> {
  expect(checkNumbers(heard)).toBe(id);
  expect(heard.filter(isEnd)).toHaveLength(1);
  expect(phasesOf(heard).slice(-3), JSON.stringify(heard.at(-1))).toEqual(['built', 'launching', 'ready']);
  const { body } = await served.call<BuildFacts>(`/api/v1/builds/${build}`);
  expect(body).toMatchObject({ state: 'completed', attempts: [{}, {}], tiers: { content: 'built' } });
  return body;
}

const refreshed = async ({ id }: LaunchFacts) => (await served.call<LaunchFacts>(`/api/v1/launches/${id}`)).body;
const says = (launch: LaunchFacts, wanted: (heard: Heard) => boolean) =>
  listen(served.url + launch.events, { until: wanted });

/** An index that accepts and never answers. */
async function silentIndex(): Promise<{ url: string; asked: Promise<unknown>; close(): void }> {
  const server: Server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
    asked: once(server, 'request'),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('a service without a worker', () => {
  const check = ({ checks }: Health, name: string) => checks.find(({ service }) => service === name);

  it('says that nothing can be built, and to its operator who waits; whoever asked may take that back', async () => {
    const { status, body } = await served.call<Health>('/health');
    expect(status).toBe(503);
    expect(body.checks.filter(({ ok }) => !ok)).toMatchObject([{ service: 'Workers', message: expect.any(String) }]);
    const { url } = await served.world.repo('idle', plain('idle'));
    const asked = { method: 'POST', body: { repo: url } };
    const { body: build } = await served.call<BuildFacts & { cancel: string }>('/api/v1/builds', asked);
    const queue = async (asOperator: boolean) => (await served.call<QueueState>('/api/v1/queue', { asOperator })).body;
    const [shown] = (await queue(true)).builds;
    expect(shown).toMatchObject({ id: build.id, repo: url.replace(/\.git$/, ''), askedBy: '127.0.0.1' });
    expect(JSON.stringify(await queue(false))).not.toContain('askedBy');
    const path = `/api/v1/builds/${build.id}`;
    expect((await served.call(path, { asOperator: true })).body).toMatchObject({ askedBy: '127.0.0.1' });
    expect(JSON.stringify((await served.call(path)).body)).not.toMatch(/asks|askedBy|cancel"/);
    expect((await served.call(path, { method: 'DELETE' })).status).toBe(403);
    expect((await served.call(build.cancel, { method: 'DELETE' })).status).toBe(204);
    expect((await served.call<BuildFacts>(path)).body.state).toBe('cancelled');
  });

  it('is well once there is one, which counts what it builds; launches count what was there', async () => {
    const port = await freePorts();
    const worker = await served.worker({ SLIPWAY_WORKER_PORT: `${port}` });
    const origin = `http://127.0.0.1:${port}`;
    await served.until<Health>('/health', ({ ok }) => ok);
    expect((await served.call<Health>('/health', { origin })).body.ok).toBe(true);
    const { url } = await served.world.repo('counted', building({ lines: 20, pause: 0.1 }));
    const request = { repo: url, buildOnly: true };
    const { events } = await served.launch(request);
    const heard = listen(served.url + events);
    await served.until<Health>('/health', (health) => check(health, 'Pod quota')?.build_pods === 1);
    expect(phasesOf(await heard).at(-1)).toBe('ready');
    const counted = (await served.call<string>('/metrics', { origin })).body;
    expect(counted).toMatch(/^slipway_builds_total\{provider="git",outcome="completed"\} 1$/m);
    expect(counted).toMatch(
      /^slipway_build_stage_seconds_count\{stage="content",provider="git",outcome="completed"\} 1$/m,
    );
    expect(counted).toMatch(/^slipway_tiers_total\{tier="content",state="built"\} 1$/m);
    await listen(served.url + (await served.launch(request)).events);
    for (const tier of ['base', 'environment', 'content'])
      await expect
        .poll(async () => (await served.call<string>('/metrics')).body)
        .toMatch(new RegExp(`^slipway_tiers_total\\{tier="${tier}",state="cached"\\} 1$`, 'm'));
    await worker.stop();
  });
});

describe('a worker that is killed', () => {
  it('while it fetches, and while it plans', async () => {
    const { world } = served;
    const index = await silentIndex();
    const worker = await served.worker({ SLIPWAY_MIRROR_PYPI: index.url });
    const fetching = await world.repo('fetching', plain('fetching'));
    // The same environment as that of another test, so that nothing has to be built for it.
    const planning = await world.repo('planning', [
      { date: '2024-03-10', files: { 'requirements.txt': 'six==1.15.0\ncowsay==5.0\n' } },
    ]);
    const asked = new Promise<void>((resolve) => {
      world.server.intercept = ({ url }) => {
        const isHeld = url === '/fetching.git/git-upload-pack';
        if (isHeld) resolve();
        return isHeld;
      };
    });
    // A full commit is not looked up: what is asked of the server is the fetch.
    const launches = [
      await served.launch({ repo: fetching.url, ref: fetching.shas[0] }),
      await served.launch({ repo: planning.url, ref: planning.shas[0] }),
    ];
    const release = () => {
      world.server.intercept = undefined;
      index.close();
    };
    const told = await interrupted(launches, worker, [asked, index.asked], release);
    for (const [place, launch] of launches.entries()) await checkOnce(await refreshed(launch), told[place] ?? []);
  });

  it('while it builds an environment, and while it builds a content', async () => {
    const { world } = served;
    const worker = await served.worker();
    const environment = await world.repo('environment', [
      { date: DAY, files: { 'requirements.txt': `${unlike('six==1.17.0')}\n` } },
    ]);
    const content = await world.repo('content', building({ lines: 25, pause: 0.1 }));
    const launches = [await served.launch({ repo: environment.url }), await served.launch({ repo: content.url })];
    const [first, second] = launches as [LaunchFacts, LaunchFacts];
    const inPlace = [
      says(first, ({ data }) => data.phase === 'building'),
      says(second, ({ data }) => /line 5\b/.test(data.message ?? '')),
    ];
    const told = await interrupted(launches, worker, inPlace);
    // An attempt at an environment is one of its own job: the build itself may have been with the other worker.
    for (const [place, launch] of launches.entries()) await checkOnce(await refreshed(launch), told[place] ?? []);
    const log = told[1]?.map(({ data }) => (data.phase === 'building' ? data.message : '')).join('') ?? '';
    // What the first worker said stays, then all of it comes again from the second.
    expect(log.match(/line 1\b/g)).toHaveLength(2);
    expect(log.match(/line 25\b/g)).toHaveLength(1);
  });
});

describe('afterwards', () => {
  it('there is one session for each launch, and nothing of any worker that died', async () => {
    // Whoever reads from images has a name that is not a session's.
    expect(await served.containers()).toEqual(Array(4).fill(expect.stringMatching(/^container \/slipway-(?!build-)/)));
    expect(await served.world.traces()).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^image slipway\/build:|temporary file/)]),
    );
    expect((await served.call('/api/v1/queue')).body).toMatchObject({ waiting: 0, active: 0 });
  });
});
