/** Launches through a JupyterHub: what we add to its own time, and how far both are from the bare container. */
import { createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LaunchRequest } from '../../src/service/types.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { launched, openService, type ServiceUnderTest } from '../support/service.ts';
import type { World } from '../support/world.ts';
import { byHand } from './launch.ts';
import { median, ms, type Row, timed } from './measure.ts';

const ROUNDS = 7;

/** Stands before the hub and adds up the time that it has a request of ours in hand. */
class HubClock {
  #running = 0;
  #since = 0;
  #spent = 0;
  #server: Server | undefined;

  async open(hub: TestHub): Promise<string> {
    const pass: RequestListener = (incoming, answer) => {
      this.#enter();
      answer.on('close', () => this.#leave());
      const { method = '', headers } = incoming;
      const onward = request(hub.url + incoming.url, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answer);
      });
      onward.on('error', () => answer.destroy());
      incoming.pipe(onward);
    };
    this.#server = createServer(pass);
    await new Promise<void>((done) => this.#server?.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #enter(): void {
    if (this.#running === 0) this.#since = performance.now();
    this.#running += 1;
  }

  #leave(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#spent += performance.now() - this.#since;
  }

  /** Milliseconds since the last time. */
  take(): number {
    const spent = this.#spent;
    this.#spent = 0;
    return spent;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

interface Took {
  total: number;
  own: number;
}

export async function hubRows(world: World): Promise<Row[]> {
  // A ref is looked up once a minute, so each round has a repository of its own; all of them have one environment.
  const repos = await Promise.all(
    Array.from({ length: ROUNDS }, (_, round) =>
      world.repo(`hub-${round}`, [{ date: '2025-10-10', files: { 'requirements.txt': 'six\n', 'a.md': `${round}` } }]),
    ),
  );
  let image = '';
  for (const { url } of repos) image = (await world.build([url])).imageName;
  const hub = await startHub();
  const clock = new HubClock();
  let under: ServiceUnderTest | undefined;
  try {
    under = await openService(world, { ...hub.settings, SLIPWAY_HUB_URL: await clock.open(hub) });
    const [byCommit, byBranch, bare]: [Took[], Took[], number[]] = [[], [], []];
    // Alternating, so that a busy moment of the machine hits all.
    for (const { url, shas } of repos) {
      byBranch.push(await launchOnce(under, clock, { repo: url }));
      byCommit.push(await launchOnce(under, clock, { repo: url, ref: shas[0] ?? '' }));
      bare.push(await byHand(world.docker, image));
    }
    return rows(byCommit, byBranch, bare);
  } finally {
    await under?.close();
    clock.close();
    await hub.close();
  }
}

async function launchOnce({ service }: ServiceUnderTest, clock: HubClock, asked: LaunchRequest): Promise<Took> {
  clock.take();
  const { took, result } = await timed(() => launched(service, asked));
  const own = took - clock.take();
  if (result.told.at(-1)?.phase !== 'ready') throw new Error(JSON.stringify(result.told.at(-1)));
  await service.cancel(result.id);
  return { total: took, own };
}

function rows(byCommit: Took[], byBranch: Took[], bare: number[]): Row[] {
  const own = (all: Took[]) => median(all.map((one) => one.own));
  const hubs = `${ms(median(byCommit.map(({ total, own }) => total - own)))} (the hub)`;
  const total = median(byCommit.map((one) => one.total));
  const container = median(bare);
  const over = row('click to ready through the hub: beyond the container', total - container, 300, '');
  return [
    row('hand-off to the hub by commit: our own part', own(byCommit), 8, hubs),
    row('hand-off to the hub by branch: our own part', own(byBranch), 30, hubs),
    { ...over, ours: ms(total), against: `${ms(container)} (container start, server boot)` },
  ];
}

function row(measure: string, value: number, aim: number, against: string): Row {
  return { measure, ours: ms(value), against, value: ms(value), aim: `≤ ${aim} ms`, isMet: value <= aim };
}
