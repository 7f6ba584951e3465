/** A new commit of 1 and of 50 MB with its environment in the registry, on a worker that has nothing, beside docker's own way. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../../src/config.ts';
import { findImage } from '../../src/making.ts';
import { lookUp, prepare, readSpec } from '../../src/pipeline.ts';
import { Exchange } from '../../src/publish/exchange.ts';
import { Registry } from '../../src/publish/registry.ts';
import { type DockerRegistry, startRegistry } from '../support/docker-registry.ts';
import { notebook } from '../support/notebook.ts';
import { startEngine } from '../support/own-engine.ts';
import type { World } from '../support/world.ts';
import { type GitClock, median, ms, type Row, ratio, timed } from './measure.ts';

const RUNS = 5;
const MB = 2 ** 20;
const REQUIREMENTS = { 'requirements.txt': 'six\n' };

export async function publishRows(world: World, clock: GitClock): Promise<Row[]> {
  const registry = await startRegistry();
  const settings = { SLIPWAY_REGISTRY: `${registry.host}/bench`, SLIPWAY_REGISTRY_INSECURE: 'on' };
  try {
    const first = { date: '2024-03-10', files: { ...REQUIREMENTS, 'index.ipynb': notebook('0') } };
    const { url } = await world.repo('published', [first]);
    const { imageName } = await world.build([url], settings);
    const rows: Row[] = [];
    for (const [size, aim] of [
      [MB, 400],
      [50 * MB, 2000],
    ] as const) {
      const ours = await newCommits(world, clock, settings, size);
      const theirs = await plainWay(registry, imageName, size);
      rows.push(
        {
          measure: `new commit of ${size / MB} MB, environment in the registry, no engine: until the tag is there, beside git`,
          ours: ms(ours.total),
          against: `${ms(ours.git)} of it in git`,
          value: ms(ours.beside),
          aim: `≤ ${ms(aim)}`,
          isMet: ours.beside <= aim,
        },
        {
          measure: 'the same, against docker pull, build and push on an engine that has nothing',
          ours: ms(ours.total),
          against: ms(theirs),
          value: ratio(ours.total / theirs),
          aim: '≤ 0.1',
          isMet: ours.total / theirs <= 0.1,
        },
      );
    }
    return [...rows, await cacheCheck(world, settings, url)];
  } finally {
    await registry.close();
  }
}

/** Files of text and of bytes that do not compress, half of each, as notebooks with pictures are. */
function files(size: number, run: number): Record<string, Buffer | string> {
  const text = Array.from({ length: size / 2 / 64 }, (_, index) =>
    `{"cell_type": "code", "n": ${run}${index}}`.padEnd(63),
  );
  return {
    'index.ipynb': notebook(`${size}-${run}`),
    'text.json': text.join('\n'),
    'picture.png': randomBytes(size / 2),
  };
}

/** Each on a data folder that has nothing, and without any engine. */
async function newCommits(world: World, clock: GitClock, settings: Record<string, string>, size: number) {
  const runs: { total: number; git: number }[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { url } = await world.repo('published', [{ date: '2024-03-10', files: files(size, run) }]);
    const folder = await mkdtemp(join(tmpdir(), 'slipway-cold-'));
    await clock.take();
    const cold = { ...settings, SLIPWAY_DATA: folder, DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    const { took, result } = await timed(() => world.build([url], cold));
    if (result.tiers.environment !== 'cached' || result.tiers.content !== 'built') throw new Error('Not a new commit.');
    runs.push({ total: took, git: await clock.take() });
    await rm(folder, { recursive: true, force: true });
  }
  const beside = median(runs.map(({ total, git }) => total - git));
  return { total: median(runs.map(({ total }) => total)), git: median(runs.map(({ git }) => git)), beside };
}

/** What a worker without Slipway does: pulls the parent, copies the files onto it, pushes. The clone is left out. */
async function plainWay({ host, config }: DockerRegistry, parent: string, size: number): Promise<number> {
  const engine = await startEngine();
  // The engine has a network of its own, in which the registry has to be as well.
  const command = `ip link set lo up && exec docker-registry serve ${config}`;
  const inside = spawn('nsenter', ['-t', `${engine.pid}`, '-n', 'sh', '-c', command], { stdio: 'ignore' });
  const context = await mkdtemp(join(tmpdir(), 'slipway-plain-'));
  try {
    for (const [name, content] of Object.entries(files(size, 99))) await writeFile(join(context, name), content);
    await writeFile(join(context, 'Dockerfile'), `FROM ${parent}\nCOPY --chown=1000:1000 . /home/jovyan\n`);
    // The command needs a plugin for BuildKit that Debian does not have; the copying is the same.
    const env = { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' };
    const docker = (...words: string[]) => promisify(execFile)('docker', words, { env });
    const tag = `${host}/plain/content:${size}`;
    const { took } = await timed(async () => {
      await docker('build', '--quiet', '--tag', tag, context);
      await docker('push', '--quiet', tag);
    });
    return took;
  } finally {
    inside.kill();
    await engine.close();
    await rm(context, { recursive: true, force: true });
  }
}

/** Whether a commit has an image, as a worker asks: on a connection that stands. */
async function cacheCheck(world: World, settings: Record<string, string>, url: string): Promise<Row> {
  const config = loadConfig({ ...process.env, ...world.settings, ...settings });
  const { signal } = new AbortController();
  const deps = { config, signal, emit: () => undefined };
  const resolved = await lookUp(readSpec({ repo: url }, false), deps);
  const plan = await prepare(resolved, '', deps, async (prepared) => prepared.plan);
  const engine = () => Promise.reject(new Error('no engine is needed for it'));
  const times: number[] = [];
  for (let run = 0; run < 50; run += 1) {
    const { took, result } = await timed(() => findImage(plan, { config, engine }));
    if (!result) throw new Error('The image is not found.');
    times.push(took);
  }
  const bare = new Registry(new Exchange(config), signal);
  const head = await timed(() => bare.hasManifest('content', plan.tiers.content.key));
  const [took, worst] = [median(times), Math.max(...times.slice(1))];
  return {
    measure: 'cache check: one request',
    ours: `${took.toFixed(1)} ms, at worst ${worst.toFixed(1)} ms`,
    against: `${ms(head.took)} for the first on a new connection`,
    value: `${took.toFixed(1)} ms`,
    aim: '≤ 20 ms',
    isMet: took <= 20,
  };
}
