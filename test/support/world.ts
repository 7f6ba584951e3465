/** All that a scenario needs around it: a git server, a data folder, sessions that end, and a look at what is left. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { loadConfig } from '../../src/config.ts';
import { INSTANCE_LABEL } from '../../src/instance.ts';
import type { Plan, SlipwayEvent } from '../../src/types.ts';
import { type GitServer, startGitServer } from './git-server.ts';
import { type CommitSpec, makeRepo } from './repo.ts';
import { eventOf, type Run, type Running, startSlipway } from './slipway.ts';

type Built = Extract<SlipwayEvent, { phase: 'built' }>;
type Ready = Extract<SlipwayEvent, { phase: 'ready' }>;

/** What `plan --json` prints. */
export type PrintedPlan = Pick<
  Plan,
  | 'repo'
  | 'commit'
  | 'commitDate'
  | 'platform'
  | 'subdir'
  | 'asOf'
  | 'era'
  | 'buildpacks'
  | 'notices'
  | 'tiers'
  | 'server'
> & { dockerfile: string };

export interface Launched {
  run: Run;
  built: Built;
  /** Address and token, as test/support/kernel.ts takes them. */
  session: Ready;
}

export interface World {
  server: GitServer;
  /** SLIPWAY_DATA. */
  data: string;
  settings: Record<string, string>;
  docker: Docker;
  /** Makes or continues a repository on the server; its clone URL and the commits' hashes. */
  repo(name: string, commits: CommitSpec[]): Promise<{ url: string; shas: string[] }>;
  start(args: string[], settings?: Record<string, string>): Running;
  run(args: string[], settings?: Record<string, string>): Promise<Run>;
  plan(args: string[], settings?: Record<string, string>): Promise<PrintedPlan>;
  /** Builds and starts a session, which ends with the world; anything but success raises with the whole output. */
  launch(args: string[], settings?: Record<string, string>): Promise<Launched>;
  build(args: string[], settings?: Record<string, string>): Promise<Built>;
  /** Runs what has to fail; its event. Anything left behind by it raises. */
  fail(
    args: string[],
    settings?: Record<string, string>,
  ): Promise<Extract<SlipwayEvent, { phase: 'failed' }> & { run: Run }>;
  /** Containers, images and temporary files of this world as of now. */
  traces(): Promise<string[]>;
  stopAll(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a world of its own instance. `close` ends its sessions and removes the images that its builds named. */
export async function openWorld(more: Record<string, string> = {}): Promise<World> {
  const server = await startGitServer();
  const folder = await mkdtemp(join(tmpdir(), 'slipway-world-'));
  const [data, temporary] = [join(folder, 'data'), join(folder, 'tmp')];
  await mkdir(temporary);
  await shareRootfs(data);
  const docker = new Docker();
  const images = new Set<string>();
  // Whoever prunes the engine that all tests share, because this machine's disk is full, takes from the builds of others.
  const disk = { SLIPWAY_DISK_HIGH: '100' };
  const settings = { SLIPWAY_DATA: data, TMPDIR: temporary, SLIPWAY_ALLOWED_HOSTS: server.host, ...disk, ...more };

  const start: World['start'] = (args, own = {}) => startSlipway(args, { settings: { ...settings, ...own } });
  const run: World['run'] = async (args, own) => {
    const result = await start(args, own).done;
    for (const event of result.events) if (event.phase === 'built') images.add(event.imageName);
    return result;
  };
  const traces = () => look(docker, data, temporary);
  const world: World = {
    server,
    data,
    settings,
    docker,
    async repo(name, commits) {
      const { shas } = await makeRepo(server.root, name, commits);
      return { url: server.url(name), shas };
    },
    start,
    run,
    async plan(args, own) {
      const result = await run(['plan', '--json', ...args], own);
      if (result.exitCode !== 0)
        throw new Error(`plan: exit code ${result.exitCode}\n${result.stdout}${result.stderr}`);
      return JSON.parse(result.stdout) as PrintedPlan;
    },
    async launch(args, own) {
      const result = await run(['launch', '--json', '--detach', '--no-open', ...args], own);
      return { run: result, session: eventOf(result, 'ready'), built: eventOf(result, 'built') };
    },
    build: async (args, own) => eventOf(await run(['build', '--json', ...args], own), 'built'),
    async fail(args, own) {
      const before = await traces();
      const result = await run(args, own);
      const left = (await traces()).filter((trace) => !before.includes(trace));
      if (left.length > 0) throw new Error(`slipway ${args.join(' ')} left behind:\n${left.join('\n')}`);
      return { ...eventOf(result, 'failed'), run: result };
    },
    traces,
    async stopAll() {
      const result = await run(['stop', '--all']);
      if (result.exitCode !== 0) throw new Error(`stop --all: ${result.stdout}${result.stderr}`);
    },
    async close() {
      await removeContainers(docker, data);
      for (const image of images)
        await docker
          .getImage(image)
          .remove({ force: true })
          .catch(() => undefined);
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** Root file systems are the same for everybody and take half a minute each: they are kept from run to run. */
async function shareRootfs(data: string): Promise<void> {
  const shared = join(loadConfig().SLIPWAY_DATA, 'rootfs');
  await mkdir(shared, { recursive: true });
  await mkdir(data, { recursive: true });
  await symlink(shared, join(data, 'rootfs'));
}

async function instanceOf(data: string): Promise<string | undefined> {
  const path = join(data, 'instance');
  return existsSync(path) ? (await readFile(path, 'utf8')).trim() : undefined;
}

async function ownContainers(docker: Docker, data: string): Promise<Docker.ContainerInfo[]> {
  const instance = await instanceOf(data);
  if (!instance) return [];
  return docker.listContainers({ all: true, filters: { label: [`${INSTANCE_LABEL}=${instance}`] } });
}

async function ownImages(docker: Docker, data: string): Promise<string[]> {
  const instance = await instanceOf(data);
  if (!instance) return [];
  const images = await docker.listImages({ filters: { label: [`${INSTANCE_LABEL}=${instance}`] } });
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

async function removeContainers(docker: Docker, data: string): Promise<void> {
  for (const { Id } of await ownContainers(docker, data))
    await docker.getContainer(Id).remove({ force: true, v: true });
}

/** A base or an environment that was finished is kept on purpose, and so no trace of what failed later. */
async function look(docker: Docker, data: string, temporary: string): Promise<string[]> {
  const containers = (await ownContainers(docker, data)).map(({ Names }) => `container ${Names.join(' ')}`);
  const tiers = (await ownImages(docker, data)).filter((tag) => /^slipway\/(?:content|build):/.test(tag));
  const files = (await readdir(temporary, { recursive: true })).map((path) => `temporary file ${path}`);
  return [...containers, ...tiers.map((tag) => `image ${tag}`), ...files];
}
