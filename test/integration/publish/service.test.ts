/** The service with a registry: builds are published, launches pull, health tells of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { notebook } from '../../support/notebook.ts';
import { openRegistry } from '../../support/publishing.ts';
import { NONCE } from '../../support/scenario.ts';
import { type BuildFacts, openServed, type Part, type Served } from '../../support/served.ts';

let registry: DockerRegistry;
let proxy: FaultProxy;
let served: Served;
let worker: Part;
const FILES = { 'requirements.txt': `six; python_version != "9.${NONCE}"\n` };

beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startFaultProxy(registry.host);
  const settings = {
    SLIPWAY_REGISTRY: `${proxy.host}/hub`,
    SLIPWAY_REGISTRY_INSECURE: 'on',
    // A gigabyte goes through it on two cores; tiers.test.ts has both ways.
    SLIPWAY_REGISTRY_COMPRESSION: 'zstd',
    SLIPWAY_WARM: '0',
  };
  served = await openServed(settings);
  await served.serve(['--no-worker']);
  worker = await served.worker();
});
afterAll(async () => {
  await served.close();
  proxy.close();
  await registry.close();
});

type Blob = { digest: string };
type Health = { ok: boolean; checks: { service: string; ok: boolean; message?: string }[] };

const course = (text: string) =>
  served.world.repo(`course-${text}`, [{ date: '2024-03-10', files: { ...FILES, 'index.ipynb': notebook(text) } }]);

/** What the registry itself has, whoever stands before it. */
const published = () => openRegistry(registry.host, { SLIPWAY_REGISTRY: `${registry.host}/hub` });

async function launch(text: string): Promise<{ events: string; link: string }> {
  const { url } = await course(text);
  const { id, events } = await served.launch({ repo: url });
  const path = `/api/v1/launches/${id}`;
  const { state, link = '' } = await served.until<{ state: string; link?: string }>(
    path,
    (one) => ['ready', 'failed'].includes(one.state),
    300_000,
  );
  const story = String((await served.call(events)).body);
  if (state !== 'ready') throw new Error(story);
  return { events: story, link };
}

it('publishes what a launch had to build, and starts the session from it', async () => {
  const { events } = await launch('1');
  expect(events).toContain('"phase":"pushing"');
  const image = /"phase":"built".*?"imageName":"([^"]+)"/.exec(events)?.[1] ?? '';
  expect(image).toContain(`${proxy.host}/hub/content:`);
  const tags = await published().tags('content');
  // Beside it stands the tag of what is attached to it.
  expect(tags.filter((tag) => !tag.startsWith('sha256-'))).toEqual([image.split(':').at(-1)]);
});

it('starts another repository on the published environment, its image pulled', async () => {
  const { events } = await launch('2');
  expect(events).toMatch(/"tiers":\{"base":"cached","environment":"cached","content":"built"\}/);
});

it('leaves no tag half-published by a worker that is killed, and the next one publishes it whole', async () => {
  // Beside a tag stand those of what is attached to its image.
  const tags = async () => (await published().tags('content')).filter((tag) => !tag.startsWith('sha256-'));
  const known = await tags();
  const build = async (text: string) => {
    const { url } = await course(text);
    return (await served.call<BuildFacts>('/api/v1/builds', { method: 'POST', body: { repo: url } })).body;
  };
  const held: string[] = [];
  const hold = (method: string, pattern: RegExp) =>
    new Promise<void>((resolve) => {
      proxy.fault = (request) => {
        if (request.method !== method || !pattern.test(request.path)) return undefined;
        held.push(request.path);
        resolve();
        return { hold: true };
      };
    });
  // Of one all but the tag is there, of the other not even the layer.
  let inPlace = hold('PUT', /\/content\/manifests\/[0-9a-f]{40}$/);
  const builds = [await build('3')];
  await inPlace;
  inPlace = hold('PUT', /\/content\/blobs\/uploads\//);
  builds.push(await build('4'));
  await inPlace;
  expect(held).toHaveLength(2);
  const other = await served.worker();
  await worker.kill();
  expect(await tags()).toEqual(known);
  proxy.fault = () => undefined;
  const digests: string[] = [];
  for (const { id } of builds) {
    const ended = ({ state }: BuildFacts) => !['waiting', 'active'].includes(state);
    const { state, attempts, digest = '' } = await served.until<BuildFacts>(`/api/v1/builds/${id}`, ended);
    expect([state, attempts.length]).toEqual(['completed', 2]);
    const manifest = await published().manifest('content', digest);
    const { config, layers } = JSON.parse(String(manifest?.bytes)) as { config: Blob; layers: Blob[] };
    for (const { digest } of [config, ...layers]) expect(await published().hasBlob('content', digest)).toBe(true);
    digests.push(digest);
  }
  const added = (await tags()).filter((tag) => !known.includes(tag));
  const named = await Promise.all(added.map((tag) => published().hasManifest('content', tag)));
  expect(named.sort()).toEqual(digests.sort());
  worker = other;
});

it('tells in its health whether the registry answers', async () => {
  const { body } = await served.call<Health>('/health');
  expect(body.checks.find(({ service }) => service === 'Docker registry')).toMatchObject({ ok: true });
  await registry.stop();
  const ofRegistry = ({ checks }: Health) => checks.find(({ service }) => service === 'Docker registry');
  const ill = await served.until<Health>('/health', (health) => ofRegistry(health)?.ok === false, 20_000);
  expect(ill.ok).toBe(false);
  await registry.start();
});
