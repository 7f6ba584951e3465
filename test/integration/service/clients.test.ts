/** Clients that are not ours against the built service: BinderHub's own from npm, curl, and readers that come back. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
// @ts-expect-error: it comes without types
import { BinderRepository } from '@jupyterhub/binderhub-client/client.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { building, plain } from '../../support/builds.ts';
import { checkNumbers, isEnd, listen, openEvents, phasesOf } from '../../support/event-stream.ts';
import { runNotebook } from '../../support/kernel.ts';
import { openServed, type Served } from '../../support/served.ts';

interface Line {
  phase?: string;
  message?: string;
  url?: string;
  token?: string;
  imageName?: string;
  status_code?: number;
}

let served: Served;
let tides: string;

beforeAll(async () => {
  // It was written for browsers and takes what it needs from there.
  const document = Object.assign(new EventTarget(), { cookie: '', hidden: false });
  Object.assign(globalThis, { window: globalThis, document });
  served = await openServed();
  await served.serve();
  tides = (await served.world.repo('tides', plain())).url;
});
afterAll(async () => {
  await served?.close();
});

const build = (spec: string) => `${served.url}/build/${spec}`;
const running = async () => (await served.call<{ running: number }>('/api/v1/sessions')).body.running;

/** Everything that BinderHub's client makes of a launch, up to its end. */
async function byBinder(spec: string, options: object = {}): Promise<Line[]> {
  const repository = new BinderRepository(spec, new URL(`${served.url}/build/`), options);
  const lines: Line[] = [];
  for await (const line of repository.fetch() as AsyncIterable<Line>) {
    lines.push(line);
    if (line.phase === 'ready' || line.phase === 'failed') repository.close();
  }
  return lines;
}

describe("BinderHub's own client", () => {
  it('launches a repository into a session whose kernel runs its notebook', async () => {
    const lines = await byBinder(served.spec(tides));
    const last = lines.at(-1);
    expect(last, JSON.stringify(lines)).toMatchObject({ phase: 'ready' });
    expect(last?.url).toMatch(/^http.*\/$/);
    const session = { url: last?.url ?? '', token: last?.token ?? '' };
    expect(await runNotebook(session, 'tides.ipynb')).toEqual(['42\n']);
  });

  it('builds only, and gets an image without a session', async () => {
    const { url } = await served.world.repo('only', plain('only'));
    const before = await running();
    const last = (await byBinder(served.spec(url), { buildOnly: true })).at(-1);
    expect(last).toMatchObject({ phase: 'ready', imageName: expect.stringMatching(/^slipway\/content:/) });
    expect(last?.url).toBeUndefined();
    expect(await running()).toBe(before);
  });

  it.each([
    ['a repository that there is not', () => served.spec(served.world.server.url('nowhere')), 404],
    ['a ref that there is not', () => served.spec(tides, 'no-such-branch'), 404],
    ['a spec that is none', () => 'git/ftp%3A%2F%2Fexample.org%2Frepo/HEAD', 400],
    ['an address of loopback', () => served.spec('http://127.0.0.1:1/x.git'), 403],
  ])('is told of %s by one event', async (_what, spec, status) => {
    const lines = await byBinder(spec());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ phase: 'failed', status_code: status, message: expect.stringMatching(/\S\n$/) });
  });
});

describe('curl', () => {
  it('reads a stream that ends by itself, whatever it accepts', async () => {
    const run = promisify(execFile);
    const { stdout } = await run('curl', ['-sSiN', '--max-time', '60', `${build(served.spec(tides))}?build_only=true`]);
    const [head = '', ...blocks] = stdout.replaceAll('\r\n', '\n').split('\n\n');
    expect(head).toMatch(/^HTTP\/1.1 200 OK/);
    expect(head).toMatch(/^content-type: text\/event-stream$/m);
    expect(head).toMatch(/^cache-control: no-cache$/m);
    expect(head).toMatch(/^access-control-allow-origin: \*$/m);
    expect(head).toMatch(/^access-control-allow-headers:.*cache-control/im);
    const data = blocks.flatMap((block) => /^data: (.*)$/m.exec(block)?.[1] ?? []).map((json) => JSON.parse(json));
    expect(data.map(({ phase }) => phase)).toEqual(['built', 'ready']);
    expect(Object.keys(data[0]).slice(0, 3)).toEqual(['phase', 'message', 'imageName']);
  });
});

describe('a reader that comes back', () => {
  it('gets what it missed, once and in order, of the same launch', async () => {
    const { url } = await served.world.repo('slow', building({ lines: 20, pause: 0.1 }));
    const address = build(served.spec(url));
    const before = await running();
    const first = await listen(address, { until: ({ data }) => /line 5\b/.test(data.message ?? '') });
    const second = await listen(address, {
      lastEventId: first.at(-1)?.id ?? '',
      until: ({ data }) => /line 12\b/.test(data.message ?? ''),
    });
    const third = await listen(address, { lastEventId: second.at(-1)?.id ?? '' });
    const all = [...first, ...second, ...third];
    checkNumbers(all);
    expect(phasesOf(all).slice(-3)).toEqual(['built', 'launching', 'ready']);
    const log = all.flatMap(({ data }) => (data.phase === 'building' ? (data.message ?? '') : '')).join('');
    expect([...log.matchAll(/line (\d+)\b/g)].map(([, n]) => Number(n))).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );

    // After the end it gets the end again, and no other session.
    const again = await listen(address, { lastEventId: third.at(-1)?.id ?? '' });
    expect(again).toEqual(third.slice(-1));
    const whole = await listen(address, { lastEventId: all[0]?.id ?? '' });
    expect(whole).toEqual(all.slice(1));
    expect(await running()).toBe(before + 1);
  });

  it('shares one build with whoever asked meanwhile; each gets a session of its own', async () => {
    const { url } = await served.world.repo('shared', building({ lines: 10, pause: 0.15 }));
    const address = build(served.spec(url));
    const one = listen(address);
    const stream = await openEvents(address);
    const other = [];
    for await (const heard of stream.events) {
      other.push(heard);
      if (isEnd(heard)) break;
    }
    stream.close();
    const told = [await one, other];
    const ends = told.map((all) => all.at(-1)?.data);
    expect(ends).toMatchObject([{ phase: 'ready' }, { phase: 'ready' }]);
    expect(new Set(ends.map((end) => end?.url)).size).toBe(2);
    const builds = told.map((all) =>
      all.filter(({ data }) => data.phase === 'building').map(({ data }) => data.message),
    );
    expect(builds[0]?.join('')).toBe(builds[1]?.join(''));
    for (const all of told) checkNumbers(all);
  });
});
