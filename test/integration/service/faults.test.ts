/** Processes of the service that die, freeze or stop in the middle: nothing is lost, doubled or left behind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { itInFull, runsNow } from '../../support/full.ts';
import {
  openService,
  parsed,
  phases,
  type ServiceUnderTest,
  SOMEBODY,
  type Told,
  until,
} from '../../support/service.ts';
import { type Role, type ServiceProcess, startServiceProcess } from '../../support/service-process.ts';
import { openWorld, type World } from '../../support/world.ts';

const POST_BUILD = '#!/bin/bash\nfor i in $(seq 16); do echo "step $i of the build"; sleep 0.5; done\n';

let world: World;
/** A process that the test itself is, and that neither drives nor works. */
let onlooker: ServiceUnderTest;
let processes: ServiceProcess[];
let url: string;

beforeEach(async () => {
  world = await openWorld();
  processes = [];
  const postBuild = { content: `${POST_BUILD}# ${Math.random()}\n`, mode: '755' as const };
  url = (await world.repo('slow', [{ date: '2024-05-10', files: { postBuild } }])).url;
});

afterEach(async () => {
  for (const one of processes) await one.stop();
  await onlooker.close();
  await world.close();
});

async function start(role: Role): Promise<ServiceProcess> {
  const one = await startServiceProcess(world, role);
  processes.push(one);
  return one;
}

/** Follows a launch from here; `until` settles at the first event that is wanted, `end` with all of them. */
function follow(id: string) {
  const told: Told[] = [];
  const end = (async () => {
    for await (const reads of onlooker.service.watch(id, 0, AbortSignal.timeout(180_000))) told.push(...parsed(reads));
    return told;
  })();
  return { end, seen: (text: string) => until(async () => told.find(({ message }) => message?.includes(text))) };
}

function expectWhole(told: Told[], attempts: number): void {
  expect(told.map(({ n }) => n)).toEqual(told.map((_, index) => index));
  const lines = told.map(({ message }) => message ?? '').join('');
  // Each try tells its own story, the last one to its end.
  expect(lines.match(/step 1 of the build\n/g)).toHaveLength(attempts);
  expect(lines.match(/step 16 of the build\n/g)).toHaveLength(1);
  expect(told.filter(({ phase }) => phase === 'built')).toHaveLength(1);
  expect(told.filter(({ phase }) => phase === 'ready')).toHaveLength(1);
}

describe('a worker', () => {
  itInFull('that is killed in mid-build is followed by another', async () => {
    onlooker = await openService(world, {}, { web: true, worker: false });
    const first = await start('worker');
    const { id } = await onlooker.service.launch({ repo: url, buildOnly: true }, SOMEBODY);
    const { seen, end } = follow(id);
    await seen('step 3 of the build');
    await first.kill();
    await start('worker');
    const told = await end;
    expectWhole(told, 2);
    const record = await onlooker.service.launchRecord(id);
    const build = await onlooker.service.buildRecord(record?.build ?? '');
    expect(build).toMatchObject({ state: 'completed', attempts: [{ endedAt: expect.any(String) }, expect.anything()] });
    expect((await world.traces()).filter((trace) => trace.includes('slipway/build'))).toEqual([]);
  });

  it('that is stopped gives its build to another', async () => {
    onlooker = await openService(world, {}, { web: true, worker: false });
    const first = await start('worker');
    const { id } = await onlooker.service.launch({ repo: url, buildOnly: true }, SOMEBODY);
    const { seen, end } = follow(id);
    await seen('step 1 of the build');
    await Promise.all([first.stop(), start('worker')]);
    expectWhole(await end, 2);
  });
});

describe('a web process', () => {
  /** Settles when the launch has gone its way; there is one session, and its stream is whole. */
  async function expectReady(id: string, end: Promise<Told[]>): Promise<void> {
    const told = await end;
    expectWhole(told, 1);
    expect(phases(told).slice(-3)).toEqual(['built', 'launching', 'ready']);
    const record = await until(async () => {
      const one = await onlooker.service.launchRecord(id);
      return one?.endedAt ? one : undefined;
    });
    expect(record).toMatchObject({ state: 'ready', session: told.at(-1)?.session });
    const { sessions } = onlooker.service;
    expect((await sessions.list()).filter(({ launchId }) => launchId === id)).toHaveLength(1);
    expect((await world.traces()).filter((trace) => trace.startsWith('container'))).toHaveLength(1);
    expect(await sessions.target(record.session ?? '')).toBeDefined();
  }

  it.each(['step 2 of the build', 'Starting the session'].filter(runsNow))(
    'that is killed at "%s": another takes its launch over, and there is one session',
    async (moment) => {
      onlooker = await openService(world);
      const driver = await start('web');
      const id = await driver.launch({ repo: url });
      const { seen, end } = follow(id);
      await seen(moment);
      await driver.kill();
      await expectReady(id, end);
    },
  );

  it('that freezes has nothing more to say when it goes on', async () => {
    onlooker = await openService(world);
    const driver = await start('web');
    const id = await driver.launch({ repo: url });
    const { seen, end } = follow(id);
    await seen('step 2 of the build');
    const before = (await onlooker.service.launchRecord(id))?.owner;
    driver.signal('SIGSTOP');
    await until(async () => ((await onlooker.service.launchRecord(id))?.owner === before ? undefined : true));
    driver.signal('SIGCONT');
    await expectReady(id, end);
  });

  it('that is stopped hands its launches over', async () => {
    onlooker = await openService(world);
    const driver = await start('web');
    const id = await driver.launch({ repo: url });
    const { seen, end } = follow(id);
    await seen('step 2 of the build');
    await driver.stop();
    await expectReady(id, end);
  });
});
