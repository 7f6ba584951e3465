/** From a click to `ready`: where the image is there, and where a server waits. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY, plain } from '../support/builds.ts';
import { git } from '../support/repo.ts';
import { type LaunchFacts, openServed, type Part, type Served } from '../support/served.ts';
import { dial, heard, percentile } from './http.ts';
import { exactly, type GitClock, median, ms, type Row } from './measure.ts';

/** Clicks of each kind; before them come some that warm up both sides. */
const ROUNDS = 25;
const WARM_ROUNDS = 9;
const UNCOUNTED = 3;

interface Click {
  /** Milliseconds from the connection's beginning to `ready` in the client's hands. */
  took: number;
  /** Milliseconds of it in which git ran. */
  git: number;
  told: string;
  facts: LaunchFacts & { timings: Record<string, number> };
}

/** A click as BinderHub's clients make it, on a new connection; its session is ended afterwards. */
async function click(served: Served, url: string, ref: string, clock?: GitClock): Promise<Click> {
  const target = { url: `${served.url}/build/${served.spec(url, ref)}` };
  await clock?.take();
  const started = performance.now();
  const socket = await dial(target.url);
  const told = await heard(socket, target, '"phase":"ready"');
  const took = performance.now() - started;
  // At once: the image is built now, for the next one.
  const inGit = (await clock?.take()) ?? 0;
  socket.destroy();
  const path = `/api/v1/launches/${/^id: ([0-9a-f]{32})-/m.exec(told)?.[1]}`;
  const facts = await served.until<Click['facts']>(path, ({ timings }) => timings !== undefined);
  await served.call(path, { method: 'DELETE' });
  return { took, git: inGit, told, facts };
}

/**
 * Our own part is what is left of a click without the two waits that are not ours, as the launch itself has timed them:
 * `container`, until the engine has answered "create" and then "start"; and `server`, from then until the server has
 * answered for the first time. All else counts: taking the request, looking up the ref, finding the image, claiming the
 * session, network and firewall before the container starts, and the way of `ready` to the client.
 */
export async function clickRows(): Promise<Row[]> {
  const served = await openServed({ SLIPWAY_WARM: '0' });
  try {
    await served.serve();
    const { url, shas } = await served.world.repo('click', plain('click'));
    await click(served, url, 'main');
    const [byCommit, byBranch]: [Click[], Click[]] = [[], []];
    for (let round = 0; round < UNCOUNTED + ROUNDS; round += 1) {
      byCommit.push(await click(served, url, shas[0] ?? ''));
      // A name that nobody has looked up yet: its answer is not at hand.
      await git(join(served.world.server.root, 'click.git'), 'branch', `b${round}`, 'main');
      byBranch.push(await click(served, url, `b${round}`));
    }
    const counted = [byCommit, byBranch].map((clicks) => clicks.slice(UNCOUNTED)) as [Click[], Click[]];
    const slowest = percentile(counted.flat().map(own), 0.99);
    return [
      ownRow('click to ready, image there: our own part, by commit', counted[0], 8),
      ownRow('the same by a branch, which is looked up', counted[1], 30),
      {
        measure: `p99 of these ${counted.flat().length}`,
        ours: exactly(slowest),
        against: '',
        value: exactly(slowest),
        aim: '≤ 100 ms',
        isMet: slowest <= 100,
      },
    ];
  } finally {
    await served.close();
  }
}

const waited = ({ facts: { timings } }: Click) => (timings.container ?? Number.NaN) + (timings.server ?? Number.NaN);
const own = (one: Click) => one.took - waited(one);

function ownRow(measure: string, clicks: Click[], aim: number): Row {
  const value = median(clicks.map(own));
  return {
    measure,
    ours: ms(median(clicks.map(({ took }) => took))),
    against: `${ms(median(clicks.map(waited)))} of it container start and server boot`,
    value: exactly(value),
    aim: `≤ ${aim} ms`,
    isMet: value <= aim,
  };
}

/** Commits that nobody has seen, of an environment that is known, in servers that run already. */
export async function warmRow(clock: GitClock): Promise<Row> {
  const served = await openServed({ SLIPWAY_WARM: '1', PATH: clock.path });
  try {
    const service = await served.serve();
    const clicks: Click[] = [];
    // The first is built, and says which environment is asked for.
    for (let round = 0; round <= UNCOUNTED + WARM_ROUNDS; round += 1) {
      const files = { ...plain()[0]?.files, 'data.bin': randomBytes(2 ** 20) };
      const { url, shas } = await served.world.repo('megabyte', [{ date: DAY, files }]);
      await untilWaiting(served, service, round);
      const one = await click(served, url, shas[0] ?? '', clock);
      if (round > 0 && one.facts.build !== undefined) throw new Error(`no server was taken:\n${one.told}`);
      clicks.push(one);
    }
    const counted = clicks.slice(1 + UNCOUNTED);
    const value = median(counted.map((one) => one.took - one.git));
    return {
      measure: 'click to ready, a server waits, new commit of 1 MB, beside git',
      ours: ms(median(counted.map(({ took }) => took))),
      against: `${ms(median(counted.map((one) => one.git)))} of it in git`,
      value: ms(value),
      aim: '≤ 150 ms',
      isMet: value <= 150,
    };
  } finally {
    await served.close();
  }
}

/** Until so many servers have begun to wait, and nothing is being built. */
async function untilWaiting(served: Served, service: Part, count: number): Promise<void> {
  const end = Date.now() + 60_000;
  for (;;) {
    const begun = service.log().split('"server waits"').length - 1;
    const { body } = await served.call<{ waiting: number; active: number }>('/api/v1/queue');
    if (begun >= count && body.waiting + body.active === 0) return;
    if (Date.now() > end) throw new Error(`never ${count} servers that wait:\n${service.log().slice(-3000)}`);
    await sleep(100);
  }
}
