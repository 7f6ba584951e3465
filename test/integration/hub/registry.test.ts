/** A hub that pulls from the registry what was published there: the machine that launches has no engine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plain } from '../../support/builds.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { startHub, type TestHub, WITH_OURS } from '../../support/hub.ts';
import { runCode } from '../../support/kernel.ts';
import { openWorld, type World } from '../../support/world.ts';

let [registry, hub, world]: [DockerRegistry, TestHub, World] = [] as never;

beforeAll(async () => {
  registry = await startRegistry();
  const images = `${registry.host}/team`;
  [world, hub] = await Promise.all([
    openWorld({ SLIPWAY_REGISTRY: images, SLIPWAY_REGISTRY_INSECURE: 'on' }),
    startHub(`c.DockerSpawner.pull_policy = "ifnotpresent"\n${WITH_OURS}`, { SLIPWAY_IMAGES: images }),
  ]);
  Object.assign(world.settings, hub.settings);
});

afterAll(async () => {
  await world?.stopAll();
  await hub?.close();
  for (const { RepoTags } of (await world?.docker.listImages()) ?? [])
    for (const tag of RepoTags ?? []) if (tag.startsWith(registry.host)) await world.docker.getImage(tag).remove();
  await world?.close();
  await registry?.close();
});

it('starts a commit that was never in any engine of ours', async () => {
  const { url } = await world.repo('published', plain('published'));
  const { imageName } = await world.build([url]);
  expect(imageName).toMatch(new RegExp(`^${registry.host}/team/content:`));
  const folder = await mkdtemp(join(tmpdir(), 'slipway-engineless-'));
  // The same commit by somebody who has neither an engine nor anything kept.
  const settings = { DOCKER_HOST: `unix://${folder}/none.sock`, SLIPWAY_DATA: folder };
  try {
    const { session } = await world.launch([url], settings);
    expect(session.image).toBe(imageName);
    expect(session.url).toBe(`${hub.url}/user/${session.session}/`);
    expect(await runCode(session, 'print(6 * 7)')).toBe('42\n');
    expect((await world.run(['stop', session.session], settings)).exitCode).toBe(0);
    expect(await hub.servers()).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
