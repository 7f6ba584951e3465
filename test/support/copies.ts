/** Many copies of the service on one machine: webs and workers with folders of their own, an engine for each worker, one Redis, one registry. */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.ts';
import { type DockerRegistry, startRegistry } from './docker-registry.ts';
import { type OwnEngine, startEngine } from './own-engine.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { freePorts, openServed, type Part, type Served } from './served.ts';

export interface Copies {
  served: Served;
  redis: TestRedis;
  registry: DockerRegistry;
  webs: (Part & { url: string })[];
  engines: OwnEngine[];
  /** Worker of the engine at the same place. */
  workers: Part[];
  /** Starts a web or a worker anew that was killed, with nothing in its data folder. */
  startWeb(): Promise<Part & { url: string }>;
  startWorker(place: number): Promise<Part>;
  /** Per engine: keys of the environments that it has. */
  environments(): Promise<string[][]>;
  close(): Promise<void>;
}

/** Each worker builds one environment at a time. */
export async function openCopies(count: { webs: number; workers: number }): Promise<Copies> {
  const folders: string[] = [];
  const [redis, registry] = await Promise.all([startRedis(), startRegistry()]);
  const served = await openServed({
    REDIS_URL: redis.url,
    SLIPWAY_REGISTRY: `${registry.host}/many/slipway`,
    SLIPWAY_REGISTRY_INSECURE: 'on',
    // Gigabytes go through it on two cores.
    SLIPWAY_REGISTRY_COMPRESSION: 'zstd',
    SLIPWAY_BUILD_CONCURRENCY: '1',
    // The engines' networks are not that of the workers.
    SLIPWAY_EGRESS: 'off',
  });
  const engines = await Promise.all(Array.from({ length: count.workers }, () => startEngine({ network: true })));
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), 'slipway-copy-'));
    folders.push(path);
    await symlink(join(loadConfig().SLIPWAY_DATA, 'rootfs'), join(path, 'rootfs'));
    return path;
  };
  const startWeb = async () =>
    served.serve(['--no-worker'], { SLIPWAY_DATA: await folder(), SLIPWAY_PORT: `${await freePorts()}` });
  const startWorker = async (place: number) =>
    served.worker({ SLIPWAY_DATA: await folder(), DOCKER_HOST: engines[place]?.host ?? '' });
  const copies: Copies = {
    served,
    redis,
    registry,
    webs: [],
    engines,
    workers: [],
    startWeb,
    startWorker,
    environments: () => Promise.all(engines.map(environmentsOf)),
    async close() {
      await served.close();
      await Promise.all(engines.map((engine) => engine.close()));
      await Promise.all([redis.close(), registry.close()]);
      for (const path of folders) await rm(path, { recursive: true, force: true });
    },
  };
  try {
    for (let n = 0; n < count.webs; n += 1) copies.webs.push(await startWeb());
    copies.workers = await Promise.all(engines.map((_, place) => startWorker(place)));
    return copies;
  } catch (error) {
    await copies.close();
    throw error;
  }
}

async function environmentsOf({ docker }: OwnEngine): Promise<string[]> {
  const images = await docker.listImages();
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  return tags.flatMap((tag) => /^slipway\/environment:(\w+)$/.exec(tag)?.[1] ?? []);
}
