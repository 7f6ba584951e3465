/** Sessions on the real engine; the server in them is a few lines that answer as Jupyter's does. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import { INSTANCE_LABEL } from '../../src/instance.ts';
import { followSession, type LaunchInput, launchSession, listSessions, stopSession } from '../../src/launch/docker.ts';
import type { Resolved, Session, SlipwayEvent } from '../../src/types.ts';
import { makeNodeImage } from '../support/node-image.ts';

const IMAGE = `slipway-test/launch:${process.pid}`;
const INSTANCE = `test${process.pid}`;
const SERVER = `
const { TOKEN = process.env.JUPYTER_TOKEN, MODE = 'serve' } = process.env;
// Before the console is used: what that has not written yet would be lost with the process.
const { writeSync } = require('fs');
if (MODE.startsWith('loud')) for (let lines = 0; lines < 128; lines += 1) writeSync(1, 'x'.repeat(65535) + '\\n');
if (MODE === 'loud to its end') { writeSync(1, 'y'.repeat(65536)); process.exit(3); }
// Both by one pipe: the engine keeps no order between output and errors.
console.error('starting with ' + TOKEN + ' as ' + process.getuid());
console.log('this goes to the output');
if (MODE === 'die') { console.error('no module named jupyterlab'); process.exit(3); }
if (MODE === 'hog') { const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1)); }
const report = () => JSON.stringify({ env: process.env, uid: process.getuid(),
  status: require('fs').readFileSync('/proc/self/status', 'utf8') });
const server = require('http').createServer((request, response) => {
  const isKnown = request.headers.authorization === 'token ' + TOKEN;
  if (request.url === '/exit') process.exit(7);
  response.writeHead(isKnown && MODE !== 'refuse' ? 200 : 403).end(report());
});
process.on('SIGTERM', () => process.exit(0));
server.listen(8888, '0.0.0.0');
`;

const resolved: Resolved = {
  spec: {
    provider: 'gh',
    name: 'some/Course_2024',
    cloneUrl: 'https://example.org/some/Course_2024.git',
    canonicalUrl: 'https://example.org/some/course_2024',
  },
  ref: 'HEAD',
  commit: 'a'.repeat(40),
};

let docker: Docker;
let config: Config;
let data: string;
let removeImage: () => Promise<void>;
let events: SlipwayEvent[] = [];

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'slipway-launch-'));
  config = loadConfig({
    ...process.env,
    SLIPWAY_DATA: data,
    SLIPWAY_SESSION_MEMORY: '256M',
    SLIPWAY_SESSION_START: '20s',
  });
  docker = await connectEngine(config);
  removeImage = await makeNodeImage(docker, IMAGE, SERVER);
});

afterEach(async () => {
  for (const session of await listSessions(docker, INSTANCE)) await stopSession(docker, INSTANCE, session.id);
  events = [];
});

afterAll(async () => {
  await removeImage?.();
  rmSync(data, { recursive: true, force: true });
});

function launch(
  input: Partial<LaunchInput> = {},
  settings: Partial<Config> = {},
  signal = new AbortController().signal,
) {
  const emit = (event: SlipwayEvent) => events.push(event);
  const deps = { docker, config: { ...config, ...settings }, emit, signal, instance: INSTANCE };
  return launchSession({ image: IMAGE, resolved, ...input }, deps);
}

async function containers() {
  return docker.listContainers({ all: true, filters: { label: [`${INSTANCE_LABEL}=${INSTANCE}`] } });
}

interface Report {
  env: Record<string, string>;
  uid: number;
  status: string;
}

async function reportOf(session: Session): Promise<Report> {
  const answer = await fetch(`${session.url}api/status`, { headers: { authorization: `token ${session.token}` } });
  return (await answer.json()) as Report;
}

describe('a session', () => {
  it('answers on loopback with its token, without rights and within limits', async () => {
    const session = await launch({ urlpath: '/lab/tree/a b.ipynb?x=1' });
    expect(session.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(session.link).toBe(`${session.url}lab/tree/a%20b.ipynb?x=1&token=${session.token}`);
    expect(session.token).toMatch(/^[0-9a-f]{64}$/);
    expect(session.id).toMatch(/^course-2024-[a-z2-9]{8}$/);

    const report = await reportOf(session);
    expect(report.uid).toBe(1000);
    expect(report.status).toMatch(/CapEff:\s+0+\n/);
    expect(report.status).toMatch(/CapBnd:\s+0+\n/);
    expect(report.status).toMatch(/NoNewPrivs:\s+1\n/);
    expect(report.env).toMatchObject({
      BINDER_SERVICE_HOST: report.env.BINDER_LAUNCH_HOST,
      BINDER_LAUNCH_HOST: expect.stringMatching(/^http:/),
      BINDER_REPO_URL: 'https://example.org/some/Course_2024',
      BINDER_REF_URL: `https://example.org/some/Course_2024/tree/${'a'.repeat(40)}`,
      BINDER_REQUEST: 'v2/gh/some/Course_2024/HEAD',
      BINDER_PERSISTENT_REQUEST: `v2/gh/some/Course_2024/${'a'.repeat(40)}`,
      JUPYTERHUB_USER: session.id,
      JUPYTERHUB_BASE_URL: '/',
      JUPYTERHUB_SERVICE_PREFIX: '/',
    });

    const facts = await docker.getContainer(`slipway-${session.id}`).inspect();
    expect(facts.HostConfig).toMatchObject({ Memory: 256 * 2 ** 20, MemorySwap: 256 * 2 ** 20, PidsLimit: 512 });
    expect(facts.HostConfig.NanoCpus).toBeGreaterThan(0);
    expect(facts.NetworkSettings.Ports['8888/tcp']?.map((port) => port.HostIp)).toEqual(['127.0.0.1']);
    expect(JSON.stringify([facts.Config.Labels, facts.Args, facts.Path])).not.toContain(session.token);
    expect(events.map((event) => event.phase)).toEqual(['launching', 'ready']);
    expect(events[1]).toMatchObject({ url: session.url, token: session.token, image: IMAGE, session: session.id });
  });

  it('trusts the certificates that the host trusts', async () => {
    const bundle = join(data, 'bundle.pem');
    execFileSync('sh', ['-c', `echo mine > ${bundle}`]);
    const session = await launch({}, { SLIPWAY_CA_BUNDLE: bundle });
    const facts = await docker.getContainer(`slipway-${session.id}`).inspect();
    expect(facts.Mounts).toMatchObject([{ Type: 'bind', Source: bundle, RW: false }]);
    expect(facts.Config.Env).toContain(`SSL_CERT_FILE=${facts.Mounts[0]?.Destination}`);
  });

  it('is listed with its token and stopped by part of its id, by its own installation only', async () => {
    const session = await launch();
    expect(await listSessions(docker, INSTANCE)).toEqual([{ ...session, state: 'running' }]);
    expect(await listSessions(docker, 'another')).toEqual([]);
    await expect(stopSession(docker, 'another', session.id)).rejects.toMatchObject({ code: 'session_not_found' });
    expect(await stopSession(docker, INSTANCE, session.id.slice(-8))).toBe(session.id);
    expect(await containers()).toEqual([]);
    await expect(stopSession(docker, INSTANCE, session.id)).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('has no way out when SLIPWAY_SESSION_NETWORK is none, and still answers', async () => {
    const session = await launch({}, { SLIPWAY_SESSION_NETWORK: 'none' });
    const facts = await docker.getContainer(`slipway-${session.id}`).inspect();
    const networks = await Promise.all(
      Object.keys(facts.NetworkSettings.Networks).map((name) => docker.getNetwork(name).inspect()),
    );
    expect(networks).toMatchObject([{ Internal: true }]);
    expect((await reportOf(session)).uid).toBe(1000);
  });
});

describe('a session that ends', () => {
  it('is reported with exit code and last lines, the token blotted out', async () => {
    const failure = await launch({ environment: { MODE: 'die' } }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'session_failed' });
    expect(failure.message).toMatch(/exit code 3[\s\S]*starting with … as 1000[\s\S]*no module named jupyterlab/);
    expect(failure.message).toMatch(/^ {2}this goes to the output$/m);
    expect(await containers()).toEqual([]);
  });

  it('may print without end: little of it is kept, and less is quoted', async () => {
    const session = await launch({ environment: { MODE: 'loud' } });
    const { LogPath } = (await docker.getContainer(`slipway-${session.id}`).inspect()) as { LogPath?: string };
    const folder = dirname(LogPath ?? '');
    const logs = readdirSync(folder).filter((name) => name.includes('-json.log'));
    expect(logs).toHaveLength(2);
    const kept = logs.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(kept).toBeGreaterThan(2 ** 20);
    expect(kept).toBeLessThan(2.2 * 2 ** 20);
    const failure = await launch({ environment: { MODE: 'loud to its end' } }).catch((error) => error);
    expect(failure.code).toBe('session_failed');
    expect(failure.message.length).toBeLessThan(25_000);
    expect(failure.message.replace(/(.)\1+/g, '$1')).toMatch(/exit code 3\.\n x…[\s\S]*\n y…$/);
  });

  it('says so when it ran out of memory', async () => {
    const failure = await launch({ environment: { MODE: 'hog' } }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'session_out_of_memory' });
    expect(await containers()).toEqual([]);
  });

  it('times out when its server never takes the token', async () => {
    const short = { SLIPWAY_SESSION_START: 1500 };
    const failure = await launch({ environment: { MODE: 'refuse' } }, short).catch((error) => error);
    expect(failure).toMatchObject({ code: 'session_timeout' });
    expect(failure.message).toMatch(/answered 403/);
    expect(await containers()).toEqual([]);
  });

  it('is gone when nobody wants it any more while it starts', async () => {
    const wish = new AbortController();
    const reason = new Error('Ctrl-C');
    setTimeout(() => wish.abort(reason), 700);
    const launching = launch({ environment: { MODE: 'refuse' } }, {}, wish.signal);
    await expect(launching).rejects.toThrow();
    expect(await containers()).toEqual([]);
  });

  it('is noticed by whoever follows it, with the reason', async () => {
    const session = await launch();
    const end = followSession(docker, session, new AbortController().signal);
    await fetch(`${session.url}exit`).catch(() => undefined);
    expect(await end).toMatchObject({ stopped: false, exitCode: 7, outOfMemory: false });
    expect(await listSessions(docker, INSTANCE)).toMatchObject([{ id: session.id, state: 'ended', url: '' }]);
  });

  it('is told apart from one that was stopped', async () => {
    const session = await launch();
    const end = followSession(docker, session, new AbortController().signal);
    await stopSession(docker, INSTANCE, session.id);
    expect(await end).toMatchObject({ stopped: true });
  });
});

describe('a link', () => {
  it('that leads out of the session starts nothing', async () => {
    const failure = await launch({ urlpath: 'https://evil.example/' }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'bad_urlpath' });
    expect(await containers()).toEqual([]);
  });
});
