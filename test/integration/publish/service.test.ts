/** The service with a registry: builds are published, launches pull, health tells of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { notebook } from '../../support/notebook.ts';
import { openRegistry } from '../../support/publishing.ts';
import { NONCE } from '../../support/scenario.ts';
import { openServed, type Served } from '../../support/served.ts';

let registry: DockerRegistry;
let served: Served;
const FILES = { 'requirements.txt': `six; python_version != "9.${NONCE}"\n` };

beforeAll(async () => {
  registry = await startRegistry();
  const settings = { SLIPWAY_REGISTRY: `${registry.host}/hub`, SLIPWAY_REGISTRY_INSECURE: 'on', SLIPWAY_WARM: '0' };
  served = await openServed(settings);
  await served.serve();
});
afterAll(async () => {
  await served.close();
  await registry.close();
});

type Health = { ok: boolean; checks: { service: string; ok: boolean; message?: string }[] };

async function launch(text: string): Promise<{ events: string; link: string }> {
  const commit = { date: '2024-03-10', files: { ...FILES, 'index.ipynb': notebook(text) } };
  const { url } = await served.world.repo(`course-${text}`, [commit]);
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
  expect(image).toContain(`${registry.host}/hub/content:`);
  const tags = await openRegistry(registry.host, { SLIPWAY_REGISTRY: `${registry.host}/hub` }).tags('content');
  // Beside it stands the tag of what is attached to it.
  expect(tags.filter((tag) => !tag.startsWith('sha256-'))).toEqual([image.split(':').at(-1)]);
});

it('starts another repository on the published environment, its image pulled', async () => {
  const { events } = await launch('2');
  expect(events).toMatch(/"tiers":\{"base":"cached","environment":"cached","content":"built"\}/);
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
