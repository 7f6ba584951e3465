/** Builds and launches with a registry: what one worker has built, another finds there. */
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { connectEngine } from '../../../src/engine.ts';
import { type DockerRegistry, startRegistry } from '../../support/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { itInFull } from '../../support/full.ts';
import { notebook } from '../../support/notebook.ts';
import { startEngine } from '../../support/own-engine.ts';
import { openRegistry } from '../../support/publishing.ts';
import { NONCE } from '../../support/scenario.ts';
import { fileOf } from '../../support/small-images.ts';
import { openWorld, type World } from '../../support/world.ts';

let server: DockerRegistry;
let proxy: FaultProxy;
let world: World;
const folders: string[] = [];

beforeAll(async () => {
  server = await startRegistry();
  proxy = await startFaultProxy(server.host);
  world = await openWorld({
    SLIPWAY_REGISTRY: `${proxy.host}/team/slipway`,
    SLIPWAY_REGISTRY_INSECURE: 'on',
    // A gigabyte goes through it on two cores; tiers.test.ts has both ways.
    SLIPWAY_REGISTRY_COMPRESSION: 'zstd',
  });
});
afterAll(async () => {
  await world.stopAll();
  // Pulled, so the engine has them under another name than a build tells.
  for (const trace of await world.traces())
    if (trace.startsWith('image ')) await world.docker.getImage(trace.slice('image '.length)).remove({ force: true });
  await world.close();
  proxy.close();
  await server.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  proxy.fault = () => undefined;
  proxy.seen.length = 0;
});

/** Settings of a worker that has nothing of what others have. */
async function stranger(engine = 'unix:///nonexistent/docker.sock'): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-stranger-'));
  folders.push(folder);
  await symlink(join(loadConfig().SLIPWAY_DATA, 'rootfs'), join(folder, 'rootfs'));
  return { SLIPWAY_DATA: folder, DOCKER_HOST: engine };
}

const FILES = { 'requirements.txt': `six; python_version != "9.${NONCE}"\n`, 'index.ipynb': notebook('1') };
const commits = (text: string) => [{ date: '2024-03-10', files: { ...FILES, 'index.ipynb': notebook(text) } }];
const registry = () => openRegistry(server.host);

it('publishes what it builds, and says how it goes', async () => {
  const { url } = await world.repo('one', commits('1'));
  const run = await world.run(['build', '--json', url]);
  const built = run.events.find((event) => event.phase === 'built');
  if (built?.phase !== 'built') throw new Error(run.stdout + run.stderr);
  expect(built.imageName).toMatch(new RegExp(`^${proxy.host}/team/slipway/content:[0-9a-f]{40}$`));
  const tag = built.imageName.split(':').at(-1) ?? '';
  expect(await registry().hasManifest('content', tag)).toBe(built.digest);
  const pushed = run.events.flatMap((event) => (event.phase === 'pushing' ? [event.message] : []));
  for (const tier of ['base', 'environment', 'content'])
    expect(pushed.some((message) => message.includes(`/${tier}:`))).toBe(true);
  const again = await world.build([url]);
  expect(again).toMatchObject({ digest: built.digest, tiers: { content: 'cached' } });
});

it('says of an image what it came from and what is in it, and locks it for its author', async () => {
  const url = world.server.url('one');
  const { imageName, digest } = await world.build([url]);
  const facts = JSON.parse((await world.run(['inspect', '--json', imageName])).stdout);
  expect(facts).toMatchObject({
    digest,
    labels: { 'org.slipway.tier': 'content', 'repo2docker.repo': expect.any(String) },
  });
  const shown = async (what: string) => (await world.run(['inspect', imageName, '--show', what])).stdout;
  const provenance = JSON.parse(await shown('provenance'));
  expect(provenance.subject[0].digest.sha256).toBe(digest.slice('sha256:'.length));
  expect(provenance.predicate.buildDefinition.resolvedDependencies).toHaveLength(2);
  const purls = (await shown('sbom')).match(/pkg:[^"]+/g) ?? [];
  expect(purls.some((purl) => purl.startsWith('pkg:pypi/six@'))).toBe(true);
  expect(purls.some((purl) => purl.startsWith('pkg:deb/debian/git@'))).toBe(true);
  expect(purls.some((purl) => purl.startsWith('pkg:pypi/jupyterlab@'))).toBe(true);
  const lock = await shown('lock');
  const files = JSON.parse((await world.run(['lock', '--json', url])).stdout) as Record<string, string>;
  expect(files['runtime.txt']).toMatch(/^python-3\.\d+-2024-03-10\n$/);
  expect(files['requirements.txt']?.split('\n').slice(1).join('\n')).toBe(lock);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-lock-'));
  folders.push(folder);
  expect((await world.run(['lock', url, '--output', folder])).exitCode).toBe(0);
  expect(await readFile(join(folder, 'requirements.txt'), 'utf8')).toBe(files['requirements.txt']);
  expect((await world.run(['lock', url, '--output', folder])).exitCode).toBe(2);
  expect((await world.run(['lock', url, '--output', folder, '--force'])).exitCode).toBe(0);
  // What was written is planned with the same Python and day, and names every package.
  const locked = await world.repo('locked', [{ date: '2024-09-01', files }]);
  const plan = await world.plan([locked.url]);
  expect(`python-${plan.era.python}-${plan.asOf}\n`).toBe(files['runtime.txt']);
});

it('builds a new commit with no engine at all, to the same bytes as any other worker', async () => {
  const { url } = await world.repo('one', commits('2'));
  const first = await world.build([url], await stranger());
  expect(first.tiers).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
  const tag = first.imageName.split(':').at(-1) ?? '';
  await registry().deleteManifest('content', first.digest);
  expect(await registry().hasManifest('content', tag)).toBeUndefined();
  expect((await world.build([url], await stranger())).digest).toBe(first.digest);
});

it('finds a built commit by one request', async () => {
  const { url } = await world.repo('one', commits('3'));
  const settings = await stranger();
  await world.build([url], settings);
  proxy.seen.length = 0;
  await world.build([url], settings);
  expect(proxy.seen.map(({ method, path }) => `${method} ${path.replace(/:?[0-9a-f]{40}$/, '')}`)).toEqual([
    'GET /v2/team/slipway/content/manifests/',
  ]);
});

itInFull('gives an engine that has nothing the whole image, when it is asked for one there', async () => {
  const { url } = await world.repo('one', commits('4'));
  const name = 'course:latest';
  const cold = await startEngine();
  onTestFinished(() => cold.close());
  await world.build([url, '--image', name], await stranger(cold.host));
  const docker = await connectEngine(loadConfig({ DOCKER_HOST: cold.host }));
  expect(String(await fileOf(docker, name, '/home/jovyan/index.ipynb'))).toBe(notebook('4'));
});

itInFull('builds what reads the repository on the published environment, and publishes no more than that', async () => {
  const files = { ...FILES, postBuild: { content: '#!/bin/sh\necho made > made.txt\n', mode: '755' as const } };
  const { url } = await world.repo('post', [{ date: '2024-03-10', files }]);
  await world.build([url]);
  await world.repo('post', [{ date: '2024-03-11', files: { 'index.ipynb': notebook('2') } }]);
  // An engine that has lost the environment gets it from the registry.
  const { environment } = (await world.plan([url])).tiers;
  await world.docker.getImage(environment.image).remove({ force: true });
  proxy.seen.length = 0;
  const built = await world.build([url]);
  expect(built.tiers).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
  const uploads = proxy.seen.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'));
  // Two layers, the config, and what says where it came from.
  expect(uploads.length).toBeLessThanOrEqual(5);
  expect(await registry().hasManifest('content', built.imageName.split(':').at(-1) ?? '')).toBe(built.digest);
});

itInFull('publishes what is guessed on the environment that it stands on', async () => {
  const { url } = await world.repo('guess', commits('import emoji'));
  const first = await world.build([url]);
  const { environment, guessed } = (await world.plan([url])).tiers;
  for (const { key } of [environment, guessed ?? { key: 'none' }])
    expect(await registry().hasManifest('environment', key)).toBeDefined();
  const shown = async (what: string) => (await world.run(['inspect', first.imageName, '--show', what])).stdout;
  expect(await shown('sbom')).toContain('pkg:pypi/emoji@');
  expect(await shown('lock')).toMatch(/^six==.*\n(?:.*\n)*emoji==/m);
  // The next commit needs no engine.
  await world.repo('guess', commits('import emoji, six'));
  const second = await world.build([url], await stranger());
  expect(second.tiers).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
  // An engine that has lost the environment gets it from there for another guess.
  const other = await world.repo('other-guess', commits('import humanize'));
  await world.docker.getImage(environment.image).remove({ force: true });
  const run = await world.run(['build', '--json', other.url]);
  const told = run.events.flatMap((event) => (event.phase === 'building' ? [event.step?.title ?? event.message] : []));
  expect(told.some((text) => text.startsWith('Pulling ') && text.includes(environment.key))).toBe(true);
  expect(told).toContain('Adding 1 package as a guess: humanize');
  expect(told).not.toContain('Installing Python packages');
});

it('launches an image that only the registry has', async () => {
  const { url } = await world.repo('one', commits('5'));
  await world.build([url], await stranger());
  const { session, built } = await world.launch([url]);
  expect(built.tiers.content).toBe('cached');
  expect((await fetch(`${session.url}api/status?token=${session.token}`)).status).toBe(200);
});

it('takes a registry in trouble for no reason to build anything', async () => {
  const { url } = await world.repo('one', commits('1'));
  proxy.fault = ({ path }) => (path.includes('/manifests/') ? { status: 503 } : undefined);
  const failed = await world.fail(['build', '--json', url]);
  expect(failed.code).toBe('registry_failed');
  expect(failed.run.exitCode).toBe(76);
  expect(failed.run.events.some(({ phase }) => phase === 'building')).toBe(false);
});

it('keeps quiet about credentials', async () => {
  const guarded = await startRegistry({ auth: 'htpasswd' });
  try {
    const settings = {
      SLIPWAY_REGISTRY: `${guarded.host}/x`,
      SLIPWAY_REGISTRY_USERNAME: 'ada',
      SLIPWAY_REGISTRY_PASSWORD: 'the-wrong-one',
    };
    const { url } = await world.repo('one', commits('1'));
    const failed = await world.fail(['build', '--json', url], settings);
    expect(failed.code).toBe('registry_login_refused');
    expect(failed.run.stdout + failed.run.stderr).not.toContain('the-wrong-one');
    const doctor = await world.run(['doctor', '--json'], settings);
    expect(doctor.stdout).toMatch(/"check":"image registry","state":"fail"/);
    expect(doctor.stdout + doctor.stderr).not.toContain('the-wrong-one');
  } finally {
    await guarded.close();
  }
});
