/** Our own API of the built service: launches, builds, logs, previews, the queue, sessions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { building, plain } from '../../support/builds.ts';
import { checkNumbers, listen } from '../../support/event-stream.ts';
import { callServer } from '../../support/kernel.ts';
import {
  type BuildFacts,
  freePorts,
  type LaunchFacts,
  openServed,
  type Part,
  type Served,
} from '../../support/served.ts';

let served: Served;
let part: Part;

beforeAll(async () => {
  served = await openServed({ SLIPWAY_SITE_RECENT: 'on' });
  part = await served.serve([], {
    SLIPWAY_LOG_LEVEL: 'debug',
    SLIPWAY_MIRROR_ZENODO: `http://${served.world.server.host}/zenodo`,
  });
});
afterAll(async () => {
  await served?.close();
});

const post = <T>(path: string, body: object) => served.call<T>(path, { method: 'POST', body });
const get = async <T>(path: string) => (await served.call<T>(path)).body;
const until: Served['until'] = (path, wanted) => served.until(path, wanted);

describe('a launch', () => {
  /** What a page of the session answers, headers and all. */
  async function pageOf({ url, token }: { url: string; token: string }, accept: string) {
    const answer = await fetch(`${url}lab?token=${token}`, { headers: { accept }, redirect: 'manual' });
    return {
      policy: answer.headers.get('referrer-policy'),
      said: [...answer.headers].join('\n') + (await answer.text()),
    };
  }

  it('is begun, followed, looked at, and ended together with its session', async () => {
    const { url, shas } = await served.world.repo('followed', plain('followed'));
    const { id, events } = await served.launch({ repo: url, urlpath: 'lab/tree/tides.ipynb' });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const heard = await listen(served.url + events);
    expect(checkNumbers(heard)).toBe(id);
    const record = await get<LaunchFacts>(`/api/v1/launches/${id}`);
    expect(record).toMatchObject({ state: 'ready', commit: shas[0] });
    const session = heard.at(-1)?.data as { url: string; token: string };
    expect(record.link).toBe(`${session.url}lab/tree/tides.ipynb?token=${session.token}`);
    expect(await callServer(session, 'api/status')).toMatchObject({ started: expect.any(String) });
    expect(await served.containers()).toHaveLength(1);
    expect((await pageOf(session, 'text/html')).policy).toBe('strict-origin-when-cross-origin');

    expect((await served.call(`/api/v1/launches/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await served.containers()).toEqual([]);
    expect((await fetch(`${session.url}api/status`)).status).toBe(404);
    const gone = [await pageOf(session, 'text/html'), await pageOf(session, 'application/json')];
    expect(gone.map(({ policy }) => policy)).toEqual(['no-referrer', null]);
    const metrics = await (await fetch(`${served.url}/metrics`)).text();
    for (const said of [...gone.map((one) => one.said), metrics, part.log()]) {
      expect(said.length).toBeGreaterThan(50);
      expect(said).not.toContain(session.token);
    }
    // There is nothing to open any more, which is said; who reads its stream again hears what it said.
    const over = await get<LaunchFacts>(`/api/v1/launches/${id}`);
    expect(over).toMatchObject({ state: 'ready', over: 'stopped' });
    expect(over).not.toHaveProperty('link');
    expect((await listen(served.url + events)).at(-1)?.data).toMatchObject({ phase: 'ready', ...session });
    const page = await (await fetch(`${served.url}/launches/${id}`, { headers: { accept: 'text/html' } })).text();
    expect(page).toMatch(/This session has ended[\s\S]*It was stopped\./);
    expect(page).not.toContain(session.token);
    expect((await served.call('/api/v1/launches/0123456789abcdef0123456789abcdef')).status).toBe(404);
  });

  it('of a DOI is one of the repository that it leads to, and says what was asked for', async () => {
    const { server } = served.world;
    const { url, shas } = await served.world.repo('archived', [
      ...plain('archived'),
      { date: '2024-06-01', files: { later: '' } },
    ]);
    const [repo, commit] = [url.replace(/\.git$/, ''), shas[0]];
    await until<BuildFacts>(
      (await post<BuildFacts>('/api/v1/builds', { repo: url, ref: commit })).body.events.replace(/\/events$/, ''),
      ({ state }) => state === 'completed',
    );
    let asked = 0;
    server.intercept = ({ url: path = '' }, response) => {
      if (!path.startsWith('/zenodo/')) return false;
      asked += 1;
      const related = [{ relation: 'isSupplementTo', identifier: `${repo}/-/commit/${commit}` }];
      response.end(JSON.stringify({ metadata: { related_identifiers: path.endsWith('/1234') ? related : [] } }));
      return true;
    };
    const path = '/api/v1/plan/zenodo/10.5281/zenodo.1234';
    expect(await get(path)).toMatchObject({ plan: { repo, commit }, cached: { content: true } });
    const { id, events } = await served.launch({ repo: 'https://doi.org/10.5281/zenodo.1234' });
    const ready = (await listen(served.url + events)).at(-1)?.data;
    expect(ready).toMatchObject({
      phase: 'ready',
      repo_url: repo,
      binder_request: 'v2/zenodo/10.5281/zenodo.1234',
      binder_persistent_request: `v2/${served.spec(url, commit)}`,
    });
    expect(await get(`/api/v1/launches/${id}`)).toMatchObject({ repo, provider: 'git', commit });
    expect(asked).toBe(1);
    expect(await get<string>('/')).toContain('href="/v2/zenodo/10.5281/zenodo.1234"');
    expect(await get<string>('/badge/zenodo/10.5281/zenodo.1234.svg')).toContain('ready');
    expect((await served.call(`/api/v1/launches/${id}`, { method: 'DELETE' })).status).toBe(204);

    const archive = await served.call<{ code: string }>('/api/v1/plan/zenodo/10.5281/zenodo.1');
    expect(archive).toMatchObject({ status: 422, body: { code: 'doi_without_repo', blame: 'user', retryable: false } });
    server.intercept = undefined;
  });

  it('that is cancelled ends its build when nobody else wants that', async () => {
    const { url } = await served.world.repo('cancelled', building({ lines: 600, pause: 0.1 }));
    const [one, other] = [await served.launch({ repo: url }), await served.launch({ repo: url })];
    await listen(served.url + one.events, { until: ({ data }) => /line 3\b/.test(data.message ?? '') });
    const { build } = await get<LaunchFacts>(`/api/v1/launches/${one.id}`);
    const cancel = (id: string) => served.call(`/api/v1/launches/${id}`, { method: 'DELETE' });

    await cancel(one.id);
    const heard = await listen(served.url + one.events);
    expect(heard.at(-1)?.data).toMatchObject({ phase: 'failed', code: 'cancelled' });
    checkNumbers(heard);
    expect(await get<BuildFacts>(`/api/v1/builds/${build}`)).toMatchObject({ state: 'active' });

    await cancel(other.id);
    await until<BuildFacts>(`/api/v1/builds/${build}`, ({ state }) => state === 'cancelled');
    expect(await get<{ active: number; waiting: number }>('/api/v1/queue')).toMatchObject({ active: 0, waiting: 0 });
    expect(await served.containers()).toEqual([]);
  });
});

describe('a build', () => {
  it('is one for all who ask at once, tells its log after the fact, and is not done twice', async () => {
    const { url, shas } = await served.world.repo('one-build', building({ lines: 8, pause: 0.1 }));
    const asked = await Promise.all([1, 2, 3].map(() => post<BuildFacts>('/api/v1/builds', { repo: url })));
    expect(asked.map(({ status }) => status)).toEqual([202, 202, 202]);
    const [first] = asked.map(({ body }) => body);
    expect(new Set(asked.map(({ body }) => body.id)).size).toBe(1);
    const done = await until<BuildFacts>(`/api/v1/builds/${first?.id}`, ({ state }) => !/waiting|active/.test(state));
    expect(done).toMatchObject({
      state: 'completed',
      commit: shas[0],
      tiers: { content: 'built' },
      digest: expect.stringMatching(/^sha256:/),
      timings: { fetch: expect.any(Number), content: expect.any(Number) },
      attempts: [{ id: expect.stringMatching(/^[0-9A-Z]{26}$/) }],
    });
    const log = await get<string>(done.log);
    expect([...log.matchAll(/^.*line (\d)$/gm)].map(([, n]) => n)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    checkNumbers(await listen(served.url + done.events, { until: ({ data }) => data.phase === 'built' }));

    const again = await post<BuildFacts>('/api/v1/builds', { repo: url, ref: shas[0] });
    expect(again).toMatchObject({ status: 200, body: { id: done.id, state: 'completed' } });
    expect(await served.containers()).toEqual([]);
  });

  it('that fails says so to its launch, its record and its log alike, with the step and its last lines', async () => {
    const { url } = await served.world.repo('failing', building({ lines: 4, pause: 0, exitCode: 3 }));
    const { id, events } = await served.launch({ repo: url });
    const heard = await listen(served.url + events);
    const end = heard.at(-1)?.data;
    expect(end).toMatchObject({ phase: 'failed', message: expect.stringMatching(/postBuild[\s\S]*line 4/) });
    expect(heard.filter(({ data }) => data.phase === 'failed')).toHaveLength(1);
    // Whoever listens hears of it first.
    const record = () => get<LaunchFacts>(`/api/v1/launches/${id}`);
    await expect.poll(record).toMatchObject({ state: 'failed', error: { code: end?.code, blame: 'user' } });
    const launch = await record();
    const build = await get<BuildFacts>(`/api/v1/builds/${launch.build}`);
    expect(build).toMatchObject({ state: 'failed', error: { code: end?.code } });
    expect(await get<string>(build.log)).toMatch(/line 4[\s\S]*postBuild/);
    expect(await served.containers()).toEqual([]);
  });
});

describe('an overview', () => {
  it('shows what would be built, and builds nothing', async () => {
    const { url, shas } = await served.world.repo('preview', building({ lines: 2 }));
    const plan = await get<{ plan: { commit: string; buildpacks: { name: string }[] }; cached: object }>(
      `/api/v1/plan/${served.spec(url)}`,
    );
    expect(plan.plan.commit).toBe(shas[0]);
    expect(plan.cached).toMatchObject({ content: false });
    expect(await get('/api/v1/queue')).toMatchObject({ waiting: 0, active: 0 });
    expect((await get<string>(`/badge/${served.spec(url)}.svg`)).startsWith('<svg')).toBe(true);
    const missing = await served.call<{ code: string }>(
      `/api/v1/plan/${served.spec(served.world.server.url('nowhere'))}`,
    );
    expect(missing).toMatchObject({ status: 404, body: { code: 'repo_not_found', blame: 'user' } });
  });

  it('counts sessions for everybody, and names them for the operator alone', async () => {
    const { url } = await served.world.repo('listed', plain('listed'));
    const { id, events } = await served.launch({ repo: url });
    await listen(served.url + events);
    expect(await get('/api/v1/sessions')).toEqual({ running: 1 });
    const { body } = await served.call('/api/v1/sessions', { asOperator: true });
    expect(body).toMatchObject({
      running: 1,
      sessions: [{ client: '127.0.0.1', repo: expect.stringContaining('listed') }],
    });
    expect(JSON.stringify(body)).not.toMatch(/token/);
    await served.call(`/api/v1/launches/${id}`, { method: 'DELETE' });
    expect(await get('/api/v1/sessions')).toEqual({ running: 0 });
  });

  it('shows a queue that empties itself', async () => {
    const { url } = await served.world.repo('queued', building({ lines: 15, pause: 0.1 }));
    const { body } = await post<BuildFacts>('/api/v1/builds', { repo: url });
    const queue = await get<{ active: number; waiting: number; builds: { id: string }[] }>('/api/v1/queue');
    expect(queue.active + queue.waiting).toBe(1);
    expect(queue.builds.map(({ id }) => id)).toEqual([body.id]);
    expect(JSON.stringify(queue)).not.toMatch(/127\.0\.0\.1"/);
    await until<{ active: number; waiting: number }>('/api/v1/queue', (one) => one.active + one.waiting === 0);
  });
});

describe('badges', () => {
  it('of a repository say whether it is ready, also by a process that never launched it', async () => {
    const { world } = served;
    const broke = building({ lines: 1, pause: 0, exitCode: 3 });
    const made = Object.entries({ ready: plain('a'), pruned: plain('b'), broken: broke, never: plain('c') });
    const repos = await Promise.all(made.map(([name, commits]) => world.repo(`badged-${name}`, commits)));
    const [ready = '', pruned = '', broken = '', never = ''] = repos.map(({ url }) => url);
    const build = (url: string) => listen(`${served.url}/build/${served.spec(url)}?build_only=true`);
    const [, heard] = await Promise.all([ready, pruned, broken].map(build));
    const image = heard?.find(({ data }) => data.phase === 'built')?.data.imageName;
    await world.docker.getImage(String(image)).remove({ force: true });
    const badge = async (url: string, ref: string, origin: string) => {
      const svg = await (await fetch(`${origin}/badge/${served.spec(url, ref)}.svg`)).text();
      return /<title>launch: ([^<]+)<\/title>/.exec(svg)?.[1];
    };
    expect(await badge(ready, 'HEAD', served.url)).toBe('ready in seconds');
    expect(await badge(ready, 'another-branch', served.url)).toBe('will build');
    const other = await served.serve(['--no-worker'], { SLIPWAY_PORT: `${await freePorts()}` });
    const asked = await Promise.all([ready, pruned, broken, never].map((url) => badge(url, 'HEAD', other.url)));
    expect(asked).toEqual(['ready in seconds', 'will build', 'last build failed', 'will build']);
    expect(world.server.requests.filter((path) => path.includes('badged-never'))).toEqual([]);
    await other.stop();
  });
});
