/** The network of sessions is one, however many want it at once. */
import Docker from 'dockerode';
import { beforeEach, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { ensureSessionNetwork } from '../../../src/launch/network.ts';

const docker = new Docker();
const config = loadConfig({ SLIPWAY_SESSION_NETWORK: 'none' });
const NAME = 'slipway-sessions-none';

async function named() {
  return (await docker.listNetworks({ filters: { name: [NAME] } })).filter(({ Name }) => Name === NAME);
}

beforeEach(async () => {
  for (const { Id } of await named()) await docker.getNetwork(Id).remove();
});

it('is made once for all who come at the same time', async () => {
  const create = vi.spyOn(docker, 'createNetwork');
  await Promise.all(Array.from({ length: 10 }, () => ensureSessionNetwork(docker, config)));
  expect(await named()).toHaveLength(1);
  expect(create).toHaveBeenCalledTimes(1);
  create.mockRestore();
});

it('that was made twice becomes one again', async () => {
  for (let count = 0; count < 2; count += 1) await docker.createNetwork({ Name: NAME, Internal: true });
  expect(await named()).toHaveLength(2);
  await ensureSessionNetwork(docker, config);
  expect(await named()).toHaveLength(1);
});
