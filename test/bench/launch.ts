/** The second launch of a commit, beside the same container started by hand. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { loadConfig } from '../../src/config.ts';
import { sessionNetwork } from '../../src/launch/network.ts';
import { waitUntilReady } from '../../src/launch/ready.ts';
import { PACKAGE_ROOT } from '../../src/root.ts';
import { cleanEnvironment } from '../support/slipway.ts';
import type { World } from '../support/world.ts';
import { median, ms, type Row, timed } from './measure.ts';

const ROUNDS = 5;

export async function launchRow(world: World): Promise<Row> {
  const { url } = await world.repo('launch', [
    { date: '2024-03-10', files: { 'requirements.txt': 'six\n', 'a.md': 'b' } },
  ]);
  const { built } = await world.launch([url]);
  await world.stopAll();
  const ours: number[] = [];
  const bare: number[] = [];
  const bridged: number[] = [];
  // Alternating, so that a busy moment of the machine hits all.
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await throughSlipway(world, url));
    bare.push(await byHand(world.docker, built.imageName, sessionNetwork(loadConfig(world.settings))));
    bridged.push(await byHand(world.docker, built.imageName));
  }
  const overhead = median(ours) - median(bare);
  return {
    measure: 'second launch, all cached: overhead (as a process)',
    ours: ms(median(ours)),
    against: `${ms(median(bare))} (container start, server boot; ${ms(median(bridged))} on the default bridge)`,
    value: ms(overhead),
    aim: '≤ 150 ms',
    isMet: overhead <= 150,
  };
}

/** What a checkout that is set up adds to any launch: npm, and a look at whether all is in place, the engine too. */
export async function npmRow(world: World): Promise<Row> {
  const options = { cwd: PACKAGE_ROOT, env: cleanEnvironment(world.settings) };
  const npm = (...words: string[]) => timed(() => promisify(execFile)('npm', words, options));
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push((await npm('run', 'launch', '--', '--help')).took);
    bare.push((await npm('--version')).took);
  }
  const took = median(ours);
  return {
    measure: 'npm run launch in a checkout that is set up, until the command has run (--help)',
    ours: ms(took),
    against: `${ms(median(bare))} (npm --version)`,
    value: ms(took),
    aim: '≤ 1000 ms',
    isMet: took <= 1000,
  };
}

/** From the start of the process to its `ready`. */
async function throughSlipway(world: World, url: string): Promise<number> {
  const started = performance.now();
  const running = world.start(['launch', '--json', '--no-open', '--detach', url]);
  await running.until((event) => event.phase === 'ready');
  const took = performance.now() - started;
  await running.done;
  await world.stopAll();
  return took;
}

/**
 * Milliseconds from a container's making, with a session's limits, to its server's first answer.
 * @param network absent: the default bridge, which takes the engine less, for it starts no name server there
 */
export async function byHand(docker: Docker, image: string, network?: string): Promise<number> {
  const started = performance.now();
  const container = await docker.createContainer({
    Image: image,
    Env: ['JUPYTER_TOKEN=bench'],
    ExposedPorts: { '8888/tcp': {} },
    HostConfig: {
      PortBindings: { '8888/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      Memory: 2 ** 31,
      NanoCpus: 2e9,
      PidsLimit: 512,
      ...(network !== undefined && { NetworkMode: network }),
    },
  });
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const port = Number(NetworkSettings.Ports['8888/tcp']?.[0]?.HostPort);
    const server = { target: { host: '127.0.0.1', port }, path: '/', token: 'bench' };
    const state = await waitUntilReady(server, 60_000, new AbortController().signal);
    if (state !== 'ready') throw new Error(`The server on port ${port} never answered.`);
    return performance.now() - started;
  } finally {
    await container.remove({ force: true, v: true });
  }
}
