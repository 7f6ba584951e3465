/** One command ends what a repository or an address has in the service. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../../src/service/service.ts';
import { openService, type ServiceUnderTest, streamOf } from '../../support/service.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
let under: ServiceUnderTest;
let service: Service;

beforeAll(async () => {
  world = await openWorld();
  // Without a worker: what is to be built waits.
  under = await openService(world, { SLIPWAY_MIRROR_ZENODO: `http://${world.server.host}/zenodo` }, { worker: false });
  service = under.service;
});

afterAll(async () => {
  await under?.close();
  await world?.close();
});

afterEach(async () => {
  await service.stopAll({ repo: '*' });
});

/** A launch that waits for its build. */
async function waiting(
  name: string,
  address: string,
  repo?: string,
): Promise<{ id: string; build: string; url: string }> {
  const { url } = await world.repo(name, [{ date: '2024-05-10', files: { 'requirements.txt': 'six\n' } }]);
  const { id } = await service.launch({ repo: repo ?? url }, { address, isOperator: false });
  for (;;) {
    const record = await service.launchRecord(id);
    if (record?.error) throw new Error(record.error.message);
    if (record?.build && (await service.buildRecord(record.build))) return { id, build: record.build, url };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('of a repository, from the command line; others go on', async () => {
  const [bad, good] = [await waiting('miner', '192.0.2.1'), await waiting('course', '192.0.2.1')];
  const run = await world.run(['stop', '--repo', bad.url]);
  expect(run.exitCode, run.stderr).toBe(0);
  expect(run.stderr).toContain('Ended: 1 launches');
  const told = await streamOf((from, signal) => service.watch(bad.id, from, signal), { limit: 20_000 });
  expect(told.at(-1)).toMatchObject({ phase: 'failed', code: 'cancelled' });
  expect((await service.buildRecord(bad.build))?.state).toBe('cancelled');
  expect((await service.launchRecord(good.id))?.state).toBe('building');
  expect((await service.buildRecord(good.build))?.state).toBe('waiting');
});

test('of a repository, also where a DOI has led to it', async () => {
  const identifier = `http://${world.server.host}/cited/-/tree/main`;
  world.server.intercept = ({ url = '' }, response) => {
    if (!url.startsWith('/zenodo/')) return false;
    response.end(JSON.stringify({ metadata: { related_identifiers: [{ relation: 'isSupplementTo', identifier }] } }));
    return true;
  };
  const { id, url } = await waiting('cited', '192.0.2.1', '10.5281/zenodo.1234');
  expect((await world.run(['stop', '--repo', url])).exitCode).toBe(0);
  expect((await service.launchRecord(id))?.state).toBe('cancelled');
  world.server.intercept = undefined;
});

test('of an address; a build that somebody else waits for too goes on', async () => {
  const first = await waiting('shared', '192.0.2.1');
  const second = await service.launch({ repo: first.url }, { address: '192.0.2.2', isOperator: false });
  await expect.poll(async () => (await service.launchRecord(second.id))?.build).toBe(first.build);
  const run = await world.run(['stop', '--client', '192.0.2.1']);
  expect(run.exitCode, run.stderr).toBe(0);
  expect((await service.launchRecord(first.id))?.state).toBe('cancelled');
  expect((await service.launchRecord(second.id))?.state).toBe('building');
  expect((await service.buildRecord(first.build))?.state).toBe('waiting');
});

test('a build that was asked for without a launch ends with its repository', async () => {
  const { url } = await world.repo('asked', [{ date: '2024-05-10', files: { 'requirements.txt': 'six\n' } }]);
  const { id } = await service.build({ repo: url }, { address: '192.0.2.3', isOperator: false });
  const run = await world.run(['stop', '--repo', '*/asked*']);
  expect(run.stdout.trim(), run.stderr).toBe(id);
  expect((await service.buildRecord(id))?.state).toBe('cancelled');
});

test('a build that was asked for without a launch waits until all who asked have taken that back', async () => {
  const { url } = await world.repo('ci', [{ date: '2024-05-10', files: { 'requirements.txt': 'six\n' } }]);
  const by = (address: string) => service.build({ repo: url }, { address, isOperator: false });
  const [one, other] = [await by('192.0.2.4'), await by('192.0.2.5')];
  expect(other.id).toBe(one.id);
  expect(other.ask).not.toBe(one.ask);
  const state = async () => (await service.buildRecord(one.id))?.state;
  expect(await service.takeBackBuild(one.id, 'f'.repeat(32))).toBe(false);
  expect(await service.takeBackBuild(one.id, one.ask ?? '')).toBe(true);
  expect(await service.takeBackBuild(one.id, one.ask ?? '')).toBe(false);
  expect(await state()).toBe('waiting');
  const launch = await service.launch({ repo: url }, { address: '192.0.2.6', isOperator: false });
  await expect.poll(async () => (await service.launchRecord(launch.id))?.build).toBe(one.id);
  await service.takeBackBuild(one.id, other.ask ?? '');
  expect(await state()).toBe('waiting');
  await service.cancel(launch.id);
  await expect.poll(state).toBe('cancelled');
});

test('neither nor is bad usage', async () => {
  expect((await world.run(['stop'])).exitCode).toBe(2);
  expect((await world.run(['stop', '--all', '--client', '192.0.2.1'])).exitCode).toBe(2);
});
