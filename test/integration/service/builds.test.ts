/** Builds that many want, that fail, and that nobody wants any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildRecord, Observation } from '../../../src/service/types.ts';
import { notebook } from '../../support/notebook.ts';
import { once } from '../../support/scenario.ts';
import {
  launched,
  openService,
  parsed,
  phases,
  type ServiceUnderTest,
  SOMEBODY,
  streamOf,
  type Told,
  until,
} from '../../support/service.ts';
import { openWorld, type World } from '../../support/world.ts';

const slow = (steps: number) =>
  `#!/bin/bash\nfor i in $(seq ${steps}); do echo "step $i of the build"; sleep 0.5; done\n`;

let world: World;
let under: ServiceUnderTest;

beforeAll(async () => {
  world = await openWorld();
  under = await openService(world, { SLIPWAY_BUILD_CONCURRENCY: '1', SLIPWAY_WATCH_GRACE: '2s' });
});

afterAll(async () => {
  await under.close();
  await world.close();
});

let count = 0;

/** A repository whose build takes some six seconds, or half as many as there are steps, in its content tier. */
function slowRepo(steps = 12) {
  count += 1;
  const postBuild = { content: `${slow(steps)}# ${count}\n`, mode: '755' as const };
  return world.repo(`slow-${count}`, [{ date: '2024-05-10', files: { postBuild } }]);
}

/** A repository with an environment of its own to build. */
function ownEnvironment(name: string, requirements: string) {
  return world.repo(name, [{ date: '2024-05-10', files: { 'requirements.txt': requirements, 'a.txt': name } }]);
}

async function buildOf(id: string): Promise<BuildRecord> {
  const { build } = await until(async () => {
    const record = await under.service.launchRecord(id);
    return record?.build ? record : undefined;
  });
  const record = await under.service.buildRecord(build ?? '');
  if (!record) throw new Error('the build has no record');
  return record;
}

/** A stream as far as the event that is waited for. */
async function watchUntil(id: string, wanted: (told: Told) => boolean): Promise<Told[]> {
  const seen: Told[] = [];
  const enough = new AbortController();
  for await (const reads of under.service.watch(id, 0, AbortSignal.any([enough.signal, AbortSignal.timeout(60_000)]))) {
    seen.push(...parsed(reads));
    if (seen.some(wanted)) enough.abort();
  }
  if (!enough.signal.aborted) throw new Error(`it never came: ${JSON.stringify(seen)}`);
  return seen;
}

describe('identical launches', () => {
  it('share one build, and each is told all of it', async () => {
    const { service } = under;
    const { url, shas } = await slowRepo();
    const ref = shas[0] ?? '';
    let waiting = 0;
    // By its hash: a launch whose look-up takes long says so to itself alone.
    const ask = async () => {
      const { id } = await service.launch({ repo: url, ref, buildOnly: true }, SOMEBODY);
      const told = streamOf((from, signal) => service.watch(id, from, signal));
      const joined = buildOf(id).then(() => {
        waiting += 1;
      });
      return { id, told: (await Promise.all([told, joined]))[0] };
    };
    // The only worker has something else to do until a thousand of them wait; ten thousand are in the benchmark.
    const other = await service.launch({ repo: (await slowRepo(600)).url, buildOnly: true }, SOMEBODY);
    await watchUntil(other.id, ({ message }) => message?.includes('step 1 of') ?? false);
    const begun = until(async () => (waiting < 1000 ? undefined : true)).then(() => service.cancel(other.id));
    const all = await Promise.all([
      ...Array.from({ length: 1000 }, ask),
      ...Array.from({ length: 60 }, (_, index) => begun.then(() => sleep(index * 20)).then(ask)),
    ]);
    const lines = (told: Told[]) => told.map(({ message }) => message ?? '').join('');
    for (const { told } of all) {
      expect(told.map(({ n }) => n)).toEqual(told.map((_, index) => index));
      expect(lines(told)).toBe(lines(all[0]?.told ?? []));
      expect(lines(told).match(/step \d+ of the build\n/g)).toHaveLength(12);
      expect(phases(told).slice(-2)).toEqual(['built', 'ready']);
    }
    const builds = new Set(await Promise.all(all.map(async ({ id }) => (await buildOf(id)).id)));
    expect(builds.size).toBe(1);
    const [build] = builds;
    expect(await under.service.buildRecord(build ?? '')).toMatchObject({ attempts: [expect.anything()] });
  });

  it('of two repositories with one environment build it once', async () => {
    const requirements = `six==1.16.0 # ${world.data}\n`;
    const [one, other] = await Promise.all(['one', 'other'].map((name) => ownEnvironment(name, requirements)));
    const before = under.observed.length;
    const told = await Promise.all(
      [one, other].map((repo) => launched(under.service, { repo: repo?.url ?? '', buildOnly: true })),
    );
    const [first, second] = await Promise.all(told.map(({ id }) => buildOf(id)));
    expect(first?.id).not.toBe(second?.id);
    // The environment may be there from an earlier run; then neither builds it.
    expect(first?.tier).toBe(second?.tier);
    expect(first?.tiers?.environment).toBe(second?.tiers?.environment);
    const ended = () => under.observed.slice(before).filter(({ kind }) => kind === 'build');
    await until(async () => (ended().length === 2 ? true : undefined));
  });
});

describe('what is guessed', () => {
  it('stands on an environment that repositories with other guesses share', async () => {
    const requirements = `${once('six==1.16.0')}\n`;
    const repos = await Promise.all(
      ['emoji', 'humanize'].map((name) =>
        world.repo(`guess-${name}`, [
          { date: '2024-05-10', files: { 'requirements.txt': requirements, 'a.ipynb': notebook(`import ${name}`) } },
        ]),
      ),
    );
    const told = await Promise.all(repos.map(({ url }) => launched(under.service, { repo: url, buildOnly: true })));
    const said = told.map((one) => one.told.map(({ message = '' }) => message).join(''));
    expect(said[0]).toContain('Adding 1 package as a guess: emoji');
    expect(said[1]).toContain('Adding 1 package as a guess: humanize');
    const builds = await Promise.all(told.map(({ id }) => buildOf(id)));
    const tiers = { base: expect.any(String), environment: 'built', content: 'built' };
    expect(builds.map((build) => build.tiers)).toEqual([tiers, tiers]);
    // What both waited for is told to both, word for word, and what was guessed for the other to neither.
    const declared = said.map((text) => text.split('Adding 1 package')[0]?.split('Choosing versions')[1]);
    expect(declared[0]).toBe(declared[1]);
    expect(said[0]).not.toContain('humanize');
    expect(builds[0]?.tier).not.toBe(builds[1]?.tier);
  });
});

describe('a build that fails', () => {
  it('for a reason of the repository is not tried again, and says so once', async () => {
    const { url } = await world.repo('bad', [{ date: '2024-05-10', files: { 'apt.txt': 'x; curl evil\n' } }]);
    const { id, told } = await launched(under.service, { repo: url, buildOnly: true });
    expect(told.filter(({ phase }) => phase === 'failed')).toHaveLength(1);
    expect(told.at(-1)).toMatchObject({ code: 'bad_environment_file', status_code: 400 });
    const build = await buildOf(id);
    expect(build).toMatchObject({
      state: 'failed',
      error: { blame: 'user' },
      attempts: [{ endedAt: expect.any(String) }],
    });
    expect(await under.service.readiness({ repo: url })).toBe('failed');
  });

  it('for a reason that passes is tried again, in one stream', async () => {
    const { url, shas } = await world.repo('shaky', [{ date: '2024-05-10', files: { 'a.txt': 'a' } }]);
    const better = Date.now() + 1500;
    world.server.intercept = (request, response) => {
      if (!request.url?.includes('shaky') || Date.now() > better) return false;
      response.writeHead(503).end();
      return true;
    };
    const { id, told } = await launched(under.service, { repo: url, ref: shas[0] ?? '', buildOnly: true });
    world.server.intercept = undefined;
    expect(told.at(-1)).toMatchObject({ phase: 'ready' });
    expect(told.map(({ n }) => n)).toEqual(told.map((_, index) => index));
    expect((await buildOf(id)).attempts.length).toBeGreaterThan(1);
  });
});

describe('a build that nobody wants', () => {
  it('goes on while one of two still waits for it', async () => {
    const { url } = await slowRepo();
    const [one, other] = await Promise.all([1, 2].map(() => under.service.launch({ repo: url }, SOMEBODY)));
    if (!one || !other) throw new Error('no launches');
    const build = await buildOf(one.id);
    const stream = streamOf((from, signal) => under.service.watch(one.id, from, signal));
    await sleep(2000);
    await under.service.cancel(one.id);
    const told = await stream;
    expect(told.at(-1)).toMatchObject({ phase: 'failed', code: 'cancelled' });
    expect(await under.service.launchRecord(one.id)).toMatchObject({ state: 'cancelled' });
    expect((await under.service.buildRecord(build.id))?.state).toBe('active');
    await under.service.cancel(other.id);
    const ended = await until(async () => {
      const record = await under.service.buildRecord(build.id);
      return record?.endedAt ? record : undefined;
    });
    expect(ended.state).toBe('cancelled');
    // Whoever comes later begins another.
    const { told: again } = await launched(under.service, { repo: url, buildOnly: true });
    expect(again.at(-1)).toMatchObject({ phase: 'ready' });
  });

  it('is given up in the queue, with the place that it had', async () => {
    // It is still built when the other is given up, and then cancelled.
    const first = await slowRepo(120);
    const second = await ownEnvironment('queued-2', 'six==1.12.0\nuser-agents==2.2.0\n');
    const front = await under.service.launch({ repo: first.url, buildOnly: true, refresh: true }, SOMEBODY);
    await watchUntil(front.id, ({ phase }) => phase === 'building');
    const before = under.observed.length;
    const behind = await under.service.launch({ repo: second.url, buildOnly: true, refresh: true }, SOMEBODY);
    const seen = await watchUntil(behind.id, ({ event, place }) => event === 'queue' && place === 1);
    expect(seen.filter(({ phase }) => phase === 'building')).toEqual([]);
    // Asking for the record would count as watching. The launch is over first; then its build is ended by who has it.
    const isGivenUp = (one: Observation) =>
      one.outcome === 'cancelled' && (one.kind === 'build' || /queued-2/.test(one.spec));
    const given = () => under.observed.slice(before).filter(isGivenUp);
    await until(async () => (given().length === 2 ? true : undefined));
    expect(given().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['launch', 'build']));
    expect(await under.service.launchRecord(behind.id)).toMatchObject({ state: 'cancelled' });
    expect(await buildOf(behind.id)).toMatchObject({ state: 'cancelled' });
    await under.service.cancel(front.id);
  });
});
