/** Servers that wait: what a launch gets that takes one, which cannot, and that none holds anything of another. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Prepared } from '../../../src/making.ts';
import { lookUp, prepare, readSpec } from '../../../src/pipeline.ts';
import type { Session } from '../../../src/types.ts';
import { itInFull } from '../../support/full.ts';
import { callServer, runCode, runTerminal } from '../../support/kernel.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { newLaunchId, openSessions, resolvedOf, type SessionsUnderTest } from '../../support/sessions.ts';
import { openWorld, type World } from '../../support/world.ts';

let world: World;
let redis: TestRedis;
let open: SessionsUnderTest;
const quiet = { emit: () => {}, signal: new AbortController().signal };

beforeAll(async () => {
  [world, redis] = await Promise.all([openWorld(), startRedis()]);
}, 600_000);

afterEach(async () => {
  for (const { id } of (await open?.sessions.list()) ?? []) await open.sessions.stop(id).catch(() => undefined);
  await open?.close();
  await (await redis.link()).client.flushall();
});

afterAll(async () => {
  await world?.close();
  await redis?.close();
});

type Files = Record<string, string>;

const canonical = (url: string) => url.replace(/\.git$/, '');

/** A repository's commit with its image built, and sessions around it. */
async function withImage(name: string, files: Files, settings: Record<string, string> = {}) {
  const { url, shas } = await world.repo(name, [{ date: '2024-05-10', files }]);
  const { imageName } = await world.build([url]);
  const given = { image: imageName, resolved: resolvedOf(url, shas[0] ?? '') };
  open = await openSessions(world, redis, given, { SLIPWAY_WARM: '1,1G', ...settings });
  return url;
}

/** Fetches and plans a repository's newest commit, as a build does. */
async function prepared<T>(url: string, use: (prepared: Prepared) => Promise<T>, subdir = ''): Promise<T> {
  const resolved = await lookUp(readSpec({ repo: url }, false), { config: open.config, signal: quiet.signal });
  return prepare(resolved, subdir, { config: open.config, ...quiet }, use);
}

function claim(of: Prepared): Promise<Session | undefined> {
  const { resolved } = of;
  return open.sessions.claim(of, async () => ({ resolved, launchId: newLaunchId(), client: '192.0.2.7', ...quiet }));
}

async function waiting(): Promise<string[]> {
  const filters = { label: ['org.slipway.warm'] };
  const all = await world.docker.listContainers({ filters });
  const taken = (await open.sessions.list()).map(({ id }) => `/slipway-${id}`);
  return all.map(({ Names }) => Names[0] ?? '').filter((name) => !taken.includes(name));
}

/** Address and token of a server that waits; nobody but the service knows them. */
async function serverOf(name: string): Promise<{ url: string; token: string }> {
  const facts = await world.docker.getContainer(name.slice(1)).inspect();
  const token = facts.Config.Env.find((one) => one.startsWith('JUPYTER_TOKEN='))?.slice(14) ?? '';
  const port = facts.NetworkSettings.Ports['8888/tcp']?.[0]?.HostPort;
  return { url: `http://127.0.0.1:${port}/user/${name.replace('/slipway-', '')}/`, token };
}

async function areUp(names: readonly string[]): Promise<boolean> {
  const servers = await Promise.all(names.map(serverOf));
  const answers = servers.map((server) => callServer(server, 'api/status').then(Boolean, () => false));
  return (await Promise.all(answers)).every(Boolean);
}

async function untilWaiting(count: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const names = await waiting();
    if (names.length === count && (await areUp(names))) return;
    if (tries > 200) throw new Error(`never ${count} servers that wait`);
    await sleep(100);
  }
}

/** Makes the service want servers of this repository's environment, and waits for one. */
async function warmUp(url: string): Promise<void> {
  await prepared(url, async ({ plan, resolved }) => {
    const launch = { launchId: newLaunchId(), client: '192.0.2.1', resolved, image: plan.tiers.content.image, plan };
    const { id } = await open.sessions.start({ ...launch, ...quiet });
    await open.sessions.stop(id);
  });
  await untilWaiting(1);
}

describe('a server that waits', () => {
  it('becomes the session of a launch: files, variables, folder and token are its own', async () => {
    const url = await withImage('warm', { 'index.md': '# x', 'data/a.csv': '1,2', 'run.sh': 'echo hi' });
    await warmUp(url);
    const [name = ''] = await waiting();
    const shown = async (...more: string[]) => (await world.run(['sessions', ...more])).stdout;
    expect(JSON.parse(await shown('--json'))).toEqual([]);
    expect(await open.sessions.target(name.replace('/slipway-', ''))).toBeUndefined();
    const session = await prepared(url, claim);
    expect(`/slipway-${session?.id}`).toBe(name);
    if (!session) throw new Error('no session');
    const code = `
import os, pathlib, subprocess
here = pathlib.Path.cwd()
print(here, sorted(str(p) for p in here.rglob('*') if not any(part.startswith('.') for part in p.parts)))
print({(p.stat().st_uid, p.stat().st_gid) for p in here.rglob('*')})
print(os.environ['BINDER_REPO_URL'], os.environ['BINDER_PERSISTENT_REQUEST'].split('/')[-1], os.environ['JUPYTERHUB_USER'])
print('PYTHONPATH' in os.environ, subprocess.run(['git', 'status', '--porcelain', '-uno'], capture_output=True, text=True).stdout)`;
    const { resolved } = await prepared(url, async (one) => one);
    const lines = (await runCode(session, code)).split('\n');
    expect(lines[0]).toBe(
      "/home/jovyan ['/home/jovyan/data', '/home/jovyan/data/a.csv', '/home/jovyan/index.md', '/home/jovyan/run.sh']",
    );
    expect(lines[1]).toBe('{(1000, 1000)}');
    expect(lines[2]).toBe(`${canonical(url)} ${resolved.commit} ${session.id}`);
    expect(lines[3]).toBe('False ');
    expect((await runTerminal(session, 'echo $BINDER_REPO_URL in $PWD')).output).toContain(
      `${canonical(url)} in /home/jovyan`,
    );
    const facts = { launchId: expect.stringMatching(/^[0-9a-f]{32}$/), client: '192.0.2.7', repo: canonical(url) };
    expect(await open.sessions.list()).toMatchObject([{ id: session.id, ...facts, commit: resolved.commit }]);
    const { launchId: _launchId, ...told } = facts;
    expect(JSON.parse(await shown('--json'))).toMatchObject([{ id: session.id, ...told, commit: resolved.commit }]);
    const table = await shown();
    for (const cell of [session.id, '192.0.2.7', canonical(url)]) expect(table).toContain(cell);
    expect((await open.sessions.timeLeft(session.id)).left).toBeGreaterThan(590_000);
  });

  it('is replaced afterwards, and never taken twice', async () => {
    const url = await withImage('replaced', { 'index.md': '# y' });
    await warmUp(url);
    const [first, second] = await prepared(url, (one) => Promise.all([claim(one), claim(one)]));
    expect([first, second].filter(Boolean).length).toBe(1);
    await untilWaiting(1);
    expect((await open.sessions.list()).length).toBe(1);
    const third = await prepared(url, claim);
    expect(third?.id).not.toBe((first ?? second)?.id);
    expect(third?.token).not.toBe((first ?? second)?.token);
    const taken = first ?? second;
    if (!taken) throw new Error('no session');
    await open.sessions.stop(taken.id);
    expect(await world.docker.listContainers({ all: true, filters: { name: [taken.id] } })).toEqual([]);
  });

  it('that ended has a successor; an environment whose servers end soon once more is left alone', async () => {
    const url = await withImage('ended', { 'a.txt': 'e' });
    await warmUp(url);
    const { client } = await redis.link();
    const unfit = () => client.keys('*:warm:unfit:*');
    const [first = ''] = await waiting();
    await world.docker.getContainer(first.slice(1)).kill();
    await expect.poll(waiting, { timeout: 30_000 }).toEqual([expect.not.stringContaining(first)]);
    expect(await unfit()).toEqual([]);
    await untilWaiting(1);
    const [second = ''] = await waiting();
    await world.docker.getContainer(second.slice(1)).kill();
    await expect.poll(unfit, { timeout: 30_000 }).toHaveLength(1);
    await expect.poll(waiting).toEqual([]);
  });

  it('is read no more once it was seen to be nobody’s: the engine mounts all of it for that', async () => {
    const url = await withImage('unread', { 'a.txt': 'u' });
    await warmUp(url);
    const [name = ''] = await waiting();
    const read = vi.spyOn(Object.getPrototypeOf(world.docker.getContainer(name)) as Docker.Container, 'getArchive');
    for (let looks = 0; looks < 3; looks += 1) expect(await waiting()).toEqual([name]);
    expect(read).not.toHaveBeenCalled();
    const session = await prepared(url, claim);
    expect(await open.sessions.list()).toMatchObject([{ id: session?.id, repo: canonical(url) }]);
    expect((read.mock.contexts as Docker.Container[]).filter(({ id }) => id === name.slice(1))).toEqual([]);
    read.mockRestore();
  });

  it('is ended by nobody once it is a session, whatever Redis has forgotten and whoever saw it before', async () => {
    const settings = { SLIPWAY_WARM: '1,1G' };
    const url = await withImage('forgotten', { 'a.txt': 'f' }, settings);
    await warmUp(url);
    const [name = ''] = await waiting();
    const { imageName } = await world.build([url]);
    const resolved = await prepared(url, async (of) => of.resolved);
    const other = await openSessions(world, redis, { image: imageName, resolved }, settings);
    try {
      const wish = async () => ({ resolved, launchId: newLaunchId(), client: '192.0.2.7', ...quiet });
      const session = await prepared(url, (of) => other.sessions.claim(of, wish));
      expect(`/slipway-${session?.id}`).toBe(name);
      await (await redis.link()).client.flushall();
      // The one that started it looks after servers that wait every five seconds, and wants none any more.
      await sleep(6000);
      const servers = await world.docker.listContainers({ filters: { label: ['org.slipway.warm'] } });
      expect(servers.map(({ Names }) => Names[0])).toEqual([name]);
      expect(await open.sessions.list()).toMatchObject([{ id: session?.id, repo: canonical(url) }]);
    } finally {
      await other.close();
    }
  });

  it('goes on waiting when a commit cannot be made ready for it', async () => {
    const url = await withImage('unready', { 'a.txt': 'a' });
    await warmUp(url);
    const before = await waiting();
    await prepared(url, async (of) => {
      const finishGit = async () => {
        throw new Error('no room');
      };
      await expect(claim({ ...of, checkout: { ...of.checkout, finishGit } })).rejects.toThrow('no room');
      expect(await waiting()).toEqual(before);
      expect((await claim(of))?.id).toBe(before[0]?.replace('/slipway-', ''));
    });
  });

  it('holds nothing, and obeys nobody but us, while it waits', async () => {
    const url = await withImage('empty', { 'index.md': '# z' });
    await warmUp(url);
    const [name = ''] = await waiting();
    const server = await serverOf(name);
    const { token } = server;
    expect(await callServer(server, 'api/contents')).toMatchObject({ content: [] });
    for (const given of ['', token.slice(1), `${token}x`]) {
      const headers = { authorization: `token ${given}` };
      expect((await fetch(`${server.url}slipway/claim`, { method: 'POST', headers })).status).toBe(403);
    }
    const through = await fetch(`${open.origin}user/${name.replace('/slipway-', '')}/api`);
    expect(through.status).toBe(404);
    expect(await open.sessions.list()).toEqual([]);
    expect(await open.sessions.count()).toBe(0);
  });

  it('works in the sub-folder that was asked for', async () => {
    const url = await withImage('folders', { 'index.md': '# z', 'course/a.ipynb': '{}' });
    await warmUp(url);
    const session = await prepared(url, claim, 'course');
    if (!session) throw new Error('no session');
    expect(await runCode(session, 'import os; print(os.getcwd(), os.environ["REPO_DIR"])')).toBe(
      '/home/jovyan/course /home/jovyan/course\n',
    );
    const { content } = await callServer<{ content: { name: string }[] }>(session, 'api/contents');
    expect(content.map(({ name }) => name)).toEqual(['a.ipynb']);
    expect((await runTerminal(session, 'echo in $PWD.')).output).toContain('in /home/jovyan/course.');
  });

  itInFull('runs from the repository’s own environment when that has the server, also an old one', async () => {
    const files = {
      'requirements.txt': 'jupyterlab==2.3.2\nnotebook==6.4.12\njupyter_client<8\ntraitlets<5.10\n',
      'x.md': '',
    };
    const url = await withImage('old-server', files);
    await warmUp(url);
    const session = await prepared(url, claim);
    if (!session) throw new Error('no session');
    expect((await callServer<{ version: string }>(session, 'api')).version).toBe('6.4.12');
    expect(await runCode(session, 'import os; print(os.getcwd(), os.environ["BINDER_REPO_URL"])')).toBe(
      `/home/jovyan ${canonical(url)}\n`,
    );
    expect((await runTerminal(session, 'echo $BINDER_REPO_URL.')).output).toContain(`${canonical(url)}.`);
  });
});

describe('a server that waits for repositories with one guess', () => {
  it('has what was guessed', async () => {
    const files = { 'requirements.txt': 'six==1.16.0\n', 'a.py': 'import emoji\n' };
    const url = await withImage('guessed', files);
    await warmUp(url);
    const session = await prepared(url, claim);
    if (!session) throw new Error('no session');
    expect(await runCode(session, 'import emoji, six; print(six.__version__)')).toBe('1.16.0\n');
  });
});

describe('what cannot take one', () => {
  // The files' names one by one: test/unit/launch/warm.test.ts.
  it('takes the ordinary way, and leaves the server to others', async () => {
    const url = await withImage('plain', { 'index.md': '# z' });
    await warmUp(url);
    const cases: [string, Files][] = [
      ['postBuild', { postBuild: '#!/bin/sh\ntrue\n' }],
      ['start', { start: '#!/bin/sh\nexec "$@"\n' }],
      ['a package that is installed', { 'setup.py': 'from setuptools import setup\nsetup(name="tides")\n' }],
      ['a server’s settings', { '.jupyter/jupyter_server_config.json': '{}' }],
      ['settings in its folder', { 'jupyter_notebook_config.py': 'c = 1' }],
      ['what kernels run first', { '.ipython/profile_default/startup/a.py': 'a = 1' }],
      ['settings of programs', { '.config/matplotlib/matplotlibrc': 'backend: agg' }],
      ['a profile', { '.bashrc': 'export A=1' }],
      ['a kernel of its own', { '.local/share/jupyter/kernels/x/kernel.json': '{}' }],
    ];
    for (const [index, [what, files]] of cases.entries()) {
      const commit = { date: '2024-05-10', files: { ...files, 'index.md': 'x' } };
      const other = await world.repo(`not-plain-${index}`, [commit]);
      expect(await prepared(other.url, claim), what).toBeUndefined();
    }
    expect((await waiting()).length).toBe(1);
    expect(await prepared(url, claim)).toBeDefined();
  });

  it('nor does anything when there is to be none, or a quota is reached', async () => {
    const url = await withImage('off', { 'index.md': '# z' }, { SLIPWAY_QUOTA_PER_REPO: '1' });
    await warmUp(url);
    expect(await prepared(url, claim)).toBeDefined();
    await untilWaiting(1);
    expect(await prepared(url, claim)).toBeUndefined();
  });
});
