/** Two thousand who watch one build of ten thousand lines. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { building, plain } from '../support/builds.ts';
import { type BuildFacts, openServed, type Served } from '../support/served.ts';
import { dial, requestOf } from './http.ts';
import { mb, ms, type Row } from './measure.ts';

const WATCHERS = 2000;
const LINES = 10_000;
const LIMIT = 180_000;
const HEAD_END = '\r\n\r\n';
const KEEPALIVE = ':keepalive\n\n';

/** Waits until all watch, then says each line with its time: 500 in a second. */
const POST_BUILD = `#!/bin/bash
sleep 10
for i in $(seq ${LINES}); do
  echo "line $i $EPOCHREALTIME of a build that has a lot to say"
  (( i % 50 )) || sleep 0.1
done
`;

export async function watchRows(): Promise<Row[]> {
  const served = await openServed({ SLIPWAY_WARM: '0', SLIPWAY_STREAMS_PER_ADDRESS: `${WATCHERS}` });
  try {
    const service = await served.serve();
    // What its environment needs is there before the watch begins.
    const few = await served.world.repo('few', building({ lines: 1 }));
    const path = await begin(served, few.url);
    await served.until<BuildFacts>(path, ({ state }) => state === 'completed', 600_000);

    const [commit] = plain('watched');
    const postBuild = { content: POST_BUILD, mode: '755' as const };
    const many = await served.world.repo('many', [
      { date: commit?.date ?? '', files: { ...commit?.files, postBuild } },
    ]);
    const crowd = new Crowd();
    const { events } = (await served.call<BuildFacts>(await begin(served, many.url))).body;
    await crowd.watch(served.url + events);
    const lags = crowd.lags();
    const peak = await service.peak();
    const measure = `${WATCHERS} watch one build of ${LINES} lines`;
    return [
      {
        measure: `${measure}: lag from a line's being said, p99`,
        ours: `${ms(lags.p99)} (p50 ${ms(lags.p50)})`,
        against: '',
        value: ms(lags.p99),
        aim: '≤ 1000 ms, every line in order',
        isMet: lags.p99 <= 1000,
      },
      {
        measure: 'the same: memory of the service, worker and all',
        ours: mb(peak),
        against: '',
        value: mb(peak),
        aim: '≤ 300 MB',
        isMet: peak <= 300 * 2 ** 20,
      },
    ];
  } finally {
    await served.close();
  }
}

/** Asks for a build; its path. */
async function begin(served: Served, repo: string): Promise<string> {
  const { status, body } = await served.call<BuildFacts>('/api/v1/builds', { method: 'POST', body: { repo } });
  if (status !== 202) throw new Error(`not begun: ${status} ${JSON.stringify(body)}`);
  return `/api/v1/builds/${body.id}`;
}

interface Watcher {
  head: string | undefined;
  /** Bytes of the stream so far. */
  length: number;
  /** How long it was when, one after the other. */
  arrivals: number[];
}

/**
 * All who watch a build get the same bytes, so these are kept once: whoever is first brings them, everybody else's are
 * compared with them. That is cheap enough to look at each byte of each.
 */
class Crowd {
  readonly #bytes = Buffer.alloc(16 * 2 ** 20);
  #length = 0;
  readonly #watchers: Watcher[] = [];

  /** Until the stream has ended for all. */
  async watch(url: string): Promise<void> {
    const request = requestOf({ url, headers: { accept: 'text/event-stream' } }, '1.0');
    const ends: Promise<void>[] = [];
    while (ends.length < WATCHERS) {
      const sockets = await Promise.all(Array.from({ length: 100 }, () => dial(url)));
      for (const socket of sockets) {
        ends.push(this.#follow(socket));
        socket.write(request);
      }
    }
    const over = new AbortController();
    const late = sleep(LIMIT, 'late', { signal: over.signal }).catch(() => undefined);
    if ((await Promise.race([Promise.all(ends), late])) === 'late') throw new Error(`no end within ${LIMIT} ms`);
    over.abort();
    const short = this.#watchers.filter(({ length }) => length !== this.#length);
    if (short.length > 0) throw new Error(`${short.length} of ${WATCHERS} did not get all ${this.#length} bytes.`);
  }

  #follow(socket: Socket): Promise<void> {
    const watcher: Watcher = { head: '', length: 0, arrivals: [] };
    this.#watchers.push(watcher);
    return new Promise((resolve, reject) => {
      socket.on('data', (chunk) => {
        try {
          this.#take(watcher, chunk);
        } catch (error) {
          reject(error);
        }
      });
      socket.on('close', () => resolve());
    });
  }

  #take(watcher: Watcher, chunk: Buffer): void {
    const body = watcher.head === undefined ? chunk : afterHead(watcher, chunk);
    if (body.length === 0 || body.equals(Buffer.from(KEEPALIVE))) return;
    const known = Math.min(body.length, this.#length - watcher.length);
    const from = watcher.length;
    if (known > 0 && this.#bytes.compare(body, 0, known, from, from + known) !== 0)
      throw new Error(`Two were not told the same: ${this.#bytes.subarray(from, from + 200)}\n${body}`);
    this.#length += body.copy(this.#bytes, this.#length, known);
    watcher.length += body.length;
    watcher.arrivals.push(watcher.length, Date.now());
  }

  /** Of every line at every watcher, from when it was said; raises unless all lines are there in order. */
  lags(): { p50: number; p99: number } {
    const text = this.#bytes.toString('latin1', 0, this.#length);
    const lines = [...text.matchAll(/line (\d+) (\d+\.\d+) of a build that has a lot to say\\n/g)].map((match) => ({
      number: Number(match[1]),
      said: Number(match[2]) * 1000,
      end: match.index + match[0].length,
    }));
    if (lines.length !== LINES || lines.some(({ number }, index) => number !== index + 1))
      throw new Error(`${lines.length} lines came, or not in order.`);
    const counts = new Uint32Array(LIMIT);
    for (const { arrivals } of this.#watchers) {
      let at = 0;
      for (const { said, end } of lines) {
        while ((arrivals[at] ?? Number.POSITIVE_INFINITY) < end) at += 2;
        const lag = Math.min(LIMIT - 1, Math.max(0, Math.round((arrivals[at + 1] ?? 0) - said)));
        counts[lag] = (counts[lag] ?? 0) + 1;
      }
    }
    return { p50: within(counts, 0.5), p99: within(counts, 0.99) };
  }
}

/** What comes behind the head of an answer. */
function afterHead(watcher: Watcher, chunk: Buffer): Buffer {
  watcher.head += chunk.toString('latin1');
  const head = watcher.head ?? '';
  const end = head.indexOf(HEAD_END);
  if (end < 0) return Buffer.alloc(0);
  if (!/^HTTP\/1\.1 200 /.test(head)) throw new Error(head);
  watcher.head = undefined;
  return Buffer.from(head.slice(end + HEAD_END.length), 'latin1');
}

/** Milliseconds within which such a part of them were. */
function within(counts: Uint32Array, part: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  return counts.findIndex((count) => {
    sum += count;
    return sum >= all * part;
  });
}
