/** Ten thousand who launch the same, two hundred who want what is there. */
import { Agent, request } from 'node:http';
import { building, plain } from '../support/builds.ts';
import { openServed, type Served } from '../support/served.ts';
import { dial, heard } from './http.ts';
import { mb, median, ms, type Row, timed } from './measure.ts';

const READY = '"phase":"ready"';
const CACHED = 200;
const ROUNDS = 9;
const UNCOUNTED = 3;
const LAUNCHES = 10_000;
/** Connections that they share. */
const CONNECTIONS = 250;
const LINES = 40;
const LIMIT = 120_000;

/** Build-only requests for an image that is there, each on a connection of its own, until the last has its `ready`. */
export async function cachedRow(): Promise<Row> {
  const served = await openServed({ SLIPWAY_WARM: '0' });
  try {
    await served.serve();
    const { url, shas } = await served.world.repo('cached', plain('cached'));
    const target = { url: `${served.url}/build/${served.spec(url, shas[0])}?build_only=true` };
    await heard(await dial(target.url), target, READY, 600_000);
    const times: number[] = [];
    for (let round = 0; round < UNCOUNTED + ROUNDS; round += 1) {
      const { took } = await timed(async () => {
        const sockets = await Promise.all(Array.from({ length: CACHED }, () => dial(target.url)));
        await Promise.all(sockets.map((socket) => heard(socket, target, READY).then(() => socket.destroy())));
      });
      if (round >= UNCOUNTED) times.push(took);
    }
    return {
      measure: `${CACHED} cached build-only requests at once`,
      ours: ms(median(times)),
      against: '',
      value: ms(median(times)),
      aim: '≤ 200 ms for all',
      isMet: median(times) <= 200,
    };
  } finally {
    await served.close();
  }
}

/** All are asked for before a worker is there that could build: so none of them finds the image of another. */
export async function identicalRow(): Promise<Row> {
  const served = await openServed({ SLIPWAY_WARM: '0', SLIPWAY_STREAMS_PER_ADDRESS: `${CONNECTIONS}` });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const web = await served.serve(['--no-worker']);
    const { url, shas } = await served.world.repo('identical', building({ lines: LINES, pause: 0.05 }));
    const body = JSON.stringify({ repo: url, ref: shas[0], buildOnly: true });
    const begun = await timed(() => ofEach(LAUNCHES, () => send(agent, `${served.url}/api/v1/launches`, body)));
    const launches = begun.result.map((text) => JSON.parse(text) as { id: string; events: string });
    await queueOf(served, ({ waiting }) => waiting === 1);
    const followed = timed(() => ofEach(LAUNCHES, (at) => send(agent, served.url + launches[at]?.events)));
    await served.worker();
    const { took, result } = await followed;
    const events = checkStories(result.map((story, at) => story.replaceAll(launches[at]?.id ?? '', 'launch')));
    return {
      measure: `${LAUNCHES} identical launches at once`,
      ours: `all begun after ${ms(begun.took)}, all told after ${ms(took)}`,
      against: `${mb(await web.peak())}`,
      value: `1 build, ${events} events to each`,
      aim: '1 build, all to each',
      isMet: true,
    };
  } finally {
    agent.destroy();
    await served.close();
  }
}

const ofEach = <T>(count: number, what: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => what(at)));

async function queueOf(served: Served, isWanted: (queue: { waiting: number; active: number }) => boolean) {
  const queue = await served.until<{ waiting: number; active: number }>('/api/v1/queue', isWanted);
  if (queue.active > 0) throw new Error('Something is being built already.');
}

/** The same to the letter for all, and whole. @returns how many events it has */
function checkStories(stories: string[]): number {
  const [first = ''] = stories;
  const other = stories.find((story) => story !== first);
  if (other !== undefined) throw new Error(`Two were not told the same:\n${first}\n${other}`);
  const numbers = [...first.matchAll(/^id: launch-(\d+)$/gm)].map(([, number]) => Number(number));
  const lines = [...first.matchAll(/line (\d+)(?=\\n)/g)].map(([, line]) => Number(line));
  if (numbers.some((number, index) => number !== index)) throw new Error(`Events are missing: ${numbers}`);
  if (lines.length !== LINES || lines.some((line, index) => line !== index + 1))
    throw new Error(`Lines are missing: ${lines}`);
  if (!/"phase":"ready"/.test(first.slice(first.lastIndexOf('\ndata: ')))) throw new Error(`No end:\n${first}`);
  return numbers.length;
}

/** The whole answer; with a body it is a POST. What only says that a stream lives is left out. */
function send(agent: Agent, url: string, body?: string): Promise<string> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
  const options = { agent, headers, method: body === undefined ? 'GET' : 'POST', signal: AbortSignal.timeout(LIMIT) };
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(text.replaceAll(':keepalive\n\n', ''));
        else reject(new Error(`${url}: ${response.statusCode} ${text}`));
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
