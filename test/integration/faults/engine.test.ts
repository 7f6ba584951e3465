/** An engine that is restarted under the service: its build is done once all the same, and what had to die leaves nothing. */
import type Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { INSTANCE_LABEL } from '../../../src/instance.ts';
import { watchEvents } from '../../../src/launch/events.ts';
import { building, plain } from '../../support/builds.ts';
import { checkNumbers, follow, isEnd, listen, phasesOf } from '../../support/event-stream.ts';
import { type OwnEngine, startEngine } from '../../support/own-engine.ts';
import { type BuildFacts, type LaunchFacts, openServed, type Served } from '../../support/served.ts';

/** Longer than all pauses between the tries of a job. */
const AWAY = 8000;
const LINES = 30;
const WARM = 'org.slipway.warm';

let served: Served;
let engine: OwnEngine;

beforeAll(async () => {
  engine = await startEngine({ network: true });
  served = await openServed({
    DOCKER_HOST: engine.host,
    // The engine's network is not ours: sessions are reached by their sockets.
    SLIPWAY_EGRESS: 'off',
    SLIPWAY_SESSION_NETWORK: 'none',
    SLIPWAY_SESSION_IDLE: '120s',
    SLIPWAY_WARM: '1',
  });
});
afterAll(async () => {
  await served?.close();
  await engine?.close();
});

/** Moves environments from the machine's engine, where others have them as well, into the other. */
async function moveEnvironments(urls: string[]): Promise<void> {
  const names: string[] = [];
  for (const url of urls) {
    const { tiers } = await served.world.plan([url]);
    const { image } = tiers.guessed ?? tiers.environment;
    const found = await served.world.docker
      .getImage(image)
      .inspect()
      .catch(() => undefined);
    if (!found) await served.world.build([url], { DOCKER_HOST: '' });
    names.push(image);
  }
  // The types do not have it.
  const docker = served.world.docker as unknown as Record<
    'getImages',
    (what: object) => Promise<NodeJS.ReadableStream>
  >;
  const stream = await docker.getImages({ names });
  const loaded = await engine.docker.loadImage(stream);
  for await (const chunk of loaded) if (/"error"/.test(String(chunk))) throw new Error(String(chunk));
}

const containers = (label: string, all = true): Promise<Docker.ContainerInfo[]> =>
  engine.docker.listContainers({ all, filters: { label: [label] } });

/** A container of another installation, which ends. */
async function endOne(name: string): Promise<void> {
  const [image] = await engine.docker.listImages();
  const Labels = { [INSTANCE_LABEL]: name };
  const container = await engine.docker.createContainer({ Image: image?.Id, name: `slipway-${name}`, Labels });
  await container.remove();
}

it('finishes the build once, ends the session, and has a server wait again', async () => {
  const { world } = served;
  const { url: first } = await world.repo('first', plain('engine'));
  const { url: second } = await world.repo('second', building({ lines: LINES, pause: 0.2 }));
  const { url: other } = await world.repo('other', building({ lines: 1 }));
  await moveEnvironments([first, other]);
  await served.serve();
  const before = await served.launch({ repo: first });
  const opened = await listen(served.url + before.events);
  expect(phasesOf(opened).at(-1), JSON.stringify(opened.at(-1))).toBe('ready');
  const waits = async () => (await containers(WARM, false)).map(({ Id }) => Id);
  await expect.poll(waits, { timeout: 60_000 }).toHaveLength(1);
  const [waited] = await waits();
  const ends: (string | undefined)[] = [];
  const unwatch = await watchEvents(engine.docker, 'watched', (name) => ends.push(name));

  const { id, events } = await served.launch({ repo: second });
  const told = [follow(() => served.url, events), follow(() => served.url, events)];
  await listen(served.url + events, { until: ({ data }) => /line 5\b/.test(data.message ?? '') });
  await engine.restart(AWAY);
  // Whoever watches is told that any may have ended, and then of each again.
  await expect.poll(() => ends).toEqual([undefined]);
  await endOne('watched');
  await expect.poll(() => ends.at(-1)).toBe('watched');
  unwatch();

  const [one = [], same = []] = await Promise.all(told);
  expect(one).toEqual(same);
  expect(checkNumbers(one)).toBe(id);
  expect(one.filter(isEnd)).toHaveLength(1);
  expect(phasesOf(one).slice(-3), JSON.stringify(one.at(-1))).toEqual(['built', 'launching', 'ready']);
  const log = one.map(({ data }) => (data.phase === 'building' ? data.message : '')).join('');
  // What was said before stays, then all of it comes again.
  expect(log.match(/line 1\b/g)).toHaveLength(2);
  expect(log.match(/line 30\b/g)).toHaveLength(1);
  const { build } = (await served.call<LaunchFacts>(`/api/v1/launches/${id}`)).body;
  const { body } = await served.call<BuildFacts>(`/api/v1/builds/${build}`);
  expect(body).toMatchObject({ state: 'completed', attempts: [{}], tiers: { content: 'built' } });

  // Of what there was nothing is left but the session that came afterwards and a server that waits anew.
  const running = async () => (await containers('org.slipway.session')).map(({ State }) => State);
  await expect.poll(running, { timeout: 60_000 }).toEqual(['running', 'running']);
  expect(await waits()).toEqual([expect.not.stringMatching(waited ?? '-')]);
  const all = await engine.docker.listContainers({ all: true });
  expect(all).toHaveLength(2);
  const images = (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  expect(images.filter((tag) => /:.*-plain$|^slipway\/build:/.test(tag))).toEqual([]);
});
