/** Webs and workers that share a Redis and a registry and nothing else: what one knows all know, and any of them may be killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Copies, openCopies } from '../../support/copies.ts';
import { checkNumbers, follow, type Heard, listen } from '../../support/event-stream.ts';
import { WORKERS } from '../../support/full.ts';
import { notebook } from '../../support/notebook.ts';
import type { BuildFacts } from '../../support/served.ts';

let copies: Copies;

beforeAll(async () => {
  copies = await openCopies({ webs: 3, workers: WORKERS });
  // The base goes to the registry from the engine that all tests share, which has it.
  const { url } = await copies.served.world.repo('base', commit('hello'));
  await copies.served.world.build([url], { SLIPWAY_EGRESS: 'auto' });
});
afterAll(() => copies?.close());

/** A commit with an environment of its own: one small package, for what is tested is not what is in it. */
function commit(name: string, text = '') {
  return [{ date: '2024-03-10', files: { 'apt.txt': `${name}\n`, 'index.ipynb': notebook(`print("${text}")`) } }];
}

const isBuilt = ({ data }: Heard) => data.phase === 'built' || data.phase === 'failed';
const origin = (web: number) => copies.webs[web]?.url ?? '';

async function ask(repo: string, web = 0, more: object = {}): Promise<{ status: number; body: BuildFacts }> {
  const body = { repo, ...more };
  return copies.served.call<BuildFacts>('/api/v1/builds', { method: 'POST', body, origin: origin(web) });
}

async function factsOf(id: string, web = 0): Promise<BuildFacts> {
  return (await copies.served.call<BuildFacts>(`/api/v1/builds/${id}`, { origin: origin(web) })).body;
}

/** Asks for a build and waits until it is done. */
async function built(repo: string, web = 0, more: object = {}): Promise<BuildFacts> {
  const { body } = await ask(repo, web, more);
  await follow(() => origin(web), body.events, { until: isBuilt });
  const facts = await factsOf(body.id, web);
  expect(facts, JSON.stringify(facts.error)).toMatchObject({ state: 'completed' });
  return facts;
}

/** At which engines environments appeared meanwhile; those that were only found are with nobody. */
async function builtAt(work: () => Promise<unknown>): Promise<number[]> {
  const before = await copies.environments();
  await work();
  const after = await copies.environments();
  return after.flatMap((keys, place) => keys.filter((key) => !before[place]?.includes(key)).map(() => place));
}

describe('a build', () => {
  it('is told by any web, every event in order, and its log and its plan are with all of them', async () => {
    const { url } = await copies.served.world.repo('told', commit('tree'));
    const { body } = await ask(url, 0);
    const told = await Promise.all([0, 1, 2].map((web) => follow(() => origin(web), body.events, { until: isBuilt })));
    for (const heard of told) {
      expect(checkNumbers(heard)).toBe(body.id);
      expect(heard).toEqual(told[0]);
      expect(heard.at(-1)?.data.phase).toBe('built');
    }
    const path = `/api/v1/builds/${body.id}/log`;
    const logs = await Promise.all([0, 1, 2].map((web) => copies.served.call<string>(path, { origin: origin(web) })));
    expect(String(logs[0]?.body)).toContain('tree');
    for (const log of logs) expect(log.body).toBe(logs[0]?.body);
    // No journal any more.
    const { client } = await copies.redis.link();
    await expect.poll(() => client.exists(`slipway:logs:${body.id}`), { timeout: 10_000 }).toBe(1);
    // No web has built it, and no data folder is another's.
    for (const web of [0, 1, 2]) expect(await ask(url, web)).toMatchObject({ status: 200, body: { id: body.id } });
  });

  it('of a new commit finds the environment that any worker has built', async () => {
    const { url, shas } = await copies.served.world.repo('told', commit('tree', 'another'));
    const places = await builtAt(async () => {
      const { tiers, timings } = await built(url, 1, { ref: shas.at(-1) });
      expect(tiers).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
      expect(timings.environment).toBeUndefined();
    });
    expect(places).toEqual([]);
  });
});

describe('an environment', () => {
  it('is built where the last of its repository was', async () => {
    const { world } = copies.served;
    const places: number[] = [];
    for (const [web, name] of ['bc', 'dc', 'ed'].entries()) {
      const { url, shas } = await world.repo('local', commit(name));
      places.push(...(await builtAt(() => built(url, web, { ref: shas.at(-1) }))));
    }
    expect(places).toHaveLength(3);
    expect(new Set(places).size).toBe(1);
  });

  it('is built once, whoever asks where and when', async () => {
    const { world } = copies.served;
    const repos = await Promise.all(['one', 'two', 'three'].map((name) => world.repo(name, commit('figlet', name))));
    const places = await builtAt(() =>
      Promise.all(repos.flatMap(({ url }) => [0, 1, 2].map((web) => built(url, web)))),
    );
    expect(places).toHaveLength(1);
  });
});

describe('who is killed', () => {
  it('loses nothing: the worker that builds, and a web that tells of it', async () => {
    const { served, webs, workers } = copies;
    const { url } = await served.world.repo('killed', commit('pv'));
    const { body } = await ask(url, 2);
    const ended = follow(() => origin(0), body.events, { until: isBuilt });
    // What goes on after a kill is told by another web.
    let web = 2;
    const elsewhere = follow(() => origin(web), body.events, { until: isBuilt });
    const isBuilding = ({ data }: Heard) => data.phase === 'building';
    await listen(origin(0) + body.events, { until: isBuilding });
    await webs[2]?.kill();
    web = 1;
    // Which of them has it is not known from outside: one after the other dies, and another stands in.
    for (const place of workers.keys()) {
      await workers[place]?.kill();
      workers[place] = await copies.startWorker(place);
    }
    webs[2] = await copies.startWeb();
    const [heard, other] = await Promise.all([ended, elsewhere]);
    expect(checkNumbers(heard)).toBe(body.id);
    expect(other).toEqual(heard);
    expect(heard.filter(isBuilt)).toHaveLength(1);
    expect(heard.at(-1)?.data.phase, JSON.stringify(heard.at(-1))).toBe('built');
    expect(await factsOf(body.id, 2)).toMatchObject({ state: 'completed', tiers: { content: 'built' } });
    // A job ends after its story.
    const queue = async () => (await served.call('/api/v1/queue', { origin: origin(2) })).body;
    await expect.poll(queue, { timeout: 20_000 }).toMatchObject({ waiting: 0, active: 0 });
  });

  it('does not come back for what was cancelled: wherever it is built', async () => {
    const { url } = await copies.served.world.repo('cancelled', commit('sl'));
    const { body } = await ask(url, 0);
    const told = follow(() => origin(1), body.events, { until: isBuilt });
    await listen(origin(1) + body.events, { until: ({ data }) => data.phase === 'building' });
    const path = `/api/v1/builds/${body.id}`;
    const cancel = { method: 'DELETE', asOperator: true, origin: origin(2) };
    expect((await copies.served.call(path, cancel)).status).toBe(204);
    expect((await told).at(-1)?.data).toMatchObject({ phase: 'failed', code: 'cancelled' });
    await sleep(1000);
    expect(await factsOf(body.id)).toMatchObject({ state: 'cancelled' });
    // And it can be had all the same afterwards.
    await built(url, 1);
  });
});
