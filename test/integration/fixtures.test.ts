/** Every fixture of every buildpack, really built: a session answers, and `verify` inside it exits 0. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/root.ts';
import { type CondaChannel, startCondaChannel } from '../support/conda-channel.ts';
import { PACKAGES } from '../support/conda-packages.ts';
import { runsNow } from '../support/full.ts';
import { callServer } from '../support/kernel.ts';
import { openWorld, type World } from '../support/world.ts';

const root = join(PACKAGE_ROOT, 'buildpacks');
const packs = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const cases = packs.flatMap(({ name }) =>
  readdirSync(join(root, name, 'fixtures')).map((one) => join(root, name, 'fixtures', one)),
);

let world: World;
let channel: CondaChannel;
beforeAll(async () => {
  channel = await startCondaChannel(PACKAGES);
  world = await openWorld({ SLIPWAY_MIRROR_CONDA: channel.url });
});
afterAll(async () => {
  await world?.close();
  await channel?.close();
});

function readRepo(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

async function verify(container: string, script: string): Promise<void> {
  const archive = (await import('tar-stream')).pack();
  archive.entry({ name: 'verify', mode: 0o755 }, script);
  archive.finalize();
  await world.docker.getContainer(container).putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/tmp' });
  await promisify(execFile)('docker', ['exec', container, '/tmp/verify']);
}

const named = cases.map((folder): [string, string] => [relative(root, folder).replace('/fixtures', ''), folder]);

test.each(named.filter(([name]) => runsNow(name)))('%s', async (name, folder) => {
  const files = readRepo(join(folder, 'repo'));
  const { url } = await world.repo(name.replace('/', '-'), [{ date: '2024-03-15', files }]);
  const { session } = await world.launch([url]);
  expect(await callServer<{ version: string }>(session, 'api')).toMatchObject({
    version: expect.stringMatching(/^\d/),
  });
  await verify(`slipway-${session.session}`, readFileSync(join(folder, 'verify'), 'utf8'));
  await world.run(['stop', session.session]);
});
