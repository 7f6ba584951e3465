/** The second launch of a commit, beside the same container started by hand. */
import type Docker from 'dockerode';
import { waitUntilReady } from '../../src/launch/ready.ts';
import type { World } from '../support/world.ts';
import { median, ms, type Row } from './measure.ts';

const ROUNDS = 5;

export async function launchRow(world: World): Promise<Row> {
  const { url } = await world.repo('launch', [
    { date: '2024-03-10', files: { 'requirements.txt': 'six\n', 'a.md': 'b' } },
  ]);
  const { built } = await world.launch([url]);
  await world.stopAll();
  const ours: number[] = [];
  const bare: number[] = [];
  // Alternating, so that a busy moment of the machine hits both.
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await throughSlipway(world, url));
    bare.push(await byHand(world.docker, built.imageName));
  }
  const overhead = median(ours) - median(bare);
  return {
    measure: 'second launch, all cached: overhead (as a process)',
    ours: ms(median(ours)),
    against: `${ms(median(bare))} (container start, server boot)`,
    value: ms(overhead),
    aim: '≤ 150 ms',
    isMet: overhead <= 150,
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

/** Milliseconds from a container's making, with a session's limits, to its server's first answer. */
export async function byHand(docker: Docker, image: string): Promise<number> {
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
