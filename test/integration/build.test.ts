/** Builds in the real engine, on a root file system of debootstrap. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildImage } from '../../src/build/build.ts';
import { imageInfo, readFileFromImage } from '../../src/build/inspect.ts';
import { ensureRootfs } from '../../src/build/rootfs.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import type { SlipwayError } from '../../src/errors.ts';
import { INSTANCE_LABEL, instanceId } from '../../src/instance.ts';
import type { SlipwayEvent } from '../../src/types.ts';

const data = mkdtempSync(join(tmpdir(), 'slipway-build-'));
const kept = join(loadConfig().SLIPWAY_DATA, 'rootfs');
const MOUNT = 'RUN --mount=type=bind,source=.slipway,target=/run/slipway . /run/slipway/env && ';
const APT =
  'RUN --mount=type=bind,source=.slipway,target=/run/slipway --mount=type=cache,id=slipway-apt-bookworm,target=/var/cache/slipway/apt,sharing=locked . /run/slipway/env && ';

/** In each Dockerfile, so that nothing comes from the cache of an earlier run. */
const RUN = `${process.pid} ${Date.now()}`;

let docker: Docker;
let rootfs: string;
let tag = 0;
const made: string[] = [];

function configOf(settings: Record<string, string> = {}): Config {
  return loadConfig({
    PATH: process.env.PATH,
    SSL_CERT_FILE: process.env.SSL_CERT_FILE,
    SLIPWAY_DATA: data,
    ...settings,
  });
}

interface Attempt {
  lines: string[];
  steps: { title: string; number: number; total: number }[];
  tag: string;
  imageId?: string;
  error?: SlipwayError;
}

/** One build of a Dockerfile on the root file system; `each` sees the lines as they come. */
async function attempt(
  body: string,
  settings: Record<string, string> = {},
  more: { signal?: AbortSignal; each?: (line: string) => void } = {},
): Promise<Attempt> {
  const result: Attempt = { lines: [], steps: [], tag: `slipway/test-build:${process.pid}-${++tag}` };
  const emit = (event: SlipwayEvent) => {
    result.lines.push(event.message);
    if (event.phase === 'building' && event.step) result.steps.push(event.step);
    more.each?.(event.message);
  };
  const deps = { docker, config: configOf(settings), emit, signal: more.signal ?? new AbortController().signal };
  const input = {
    dockerfile: `FROM ${rootfs}\nRUN : ${RUN}\n${body}`,
    tag: result.tag,
    labels: { 'org.slipway.tier': 'test' },
  };
  try {
    result.imageId = (await buildImage({ ...input, suite: 'bookworm' }, deps)).imageId;
    made.push(result.tag);
  } catch (error) {
    result.error = error as SlipwayError;
  }
  return result;
}

/** Images with our instance's label or a draft's name, and containers. */
async function traces(): Promise<string[]> {
  const label = [`${INSTANCE_LABEL}=${await instanceId(configOf())}`];
  const images = await docker.listImages({ all: true, filters: { label } });
  const drafts = (await docker.listImages())
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((name) => name.startsWith('slipway/build:'));
  const containers = await docker.listContainers({ all: true, filters: { label } });
  return [...images.map(({ Id }) => Id), ...drafts, ...containers.map(({ Id }) => Id)].sort();
}

function processes(argument: string): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return all.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
    } catch {
      return false;
    }
  });
}

beforeAll(async () => {
  mkdirSync(kept, { recursive: true });
  symlinkSync(kept, join(data, 'rootfs'));
  docker = await connectEngine(configOf());
  const deps = {
    docker,
    config: configOf({ SLIPWAY_BASE_SOURCE: 'debootstrap' }),
    emit: () => {},
    signal: new AbortController().signal,
  };
  rootfs = await ensureRootfs('bookworm', deps);
});

afterEach(async () => {
  for (const name of made.splice(0)) await docker.getImage(name).remove({ force: true });
});

afterAll(() => rmSync(data, { recursive: true, force: true }));

describe('a build that succeeds', () => {
  it('tells its steps and lines, has labels, and nothing of .slipway', async () => {
    const secret = 'https://me:hidden-word@npm.example.org/';
    const done = await attempt(
      `# step: First\n${MOUNT}echo "one $npm_config_registry"\n# step: Second\nCOPY Dockerfile /tmp/d\nRUN printf '\\033[31mred\\033[0m\\n'\nENV A=b\n`,
      { SLIPWAY_MIRROR_NPM: secret },
    );
    expect(done.error).toBeUndefined();
    expect(done.steps).toEqual([
      { title: 'First', number: 1, total: 2 },
      { title: 'Second', number: 2, total: 2 },
    ]);
    expect(done.lines).toContain('one https://***@npm.example.org');
    expect(done.lines).toContain('red');
    const info = await imageInfo(docker, done.tag);
    expect(info?.id).toBe(done.imageId);
    expect(info?.labels).toMatchObject({ 'org.slipway.tier': 'test', [INSTANCE_LABEL]: await instanceId(configOf()) });
    const history = JSON.stringify(await docker.getImage(done.tag).history());
    expect(history + JSON.stringify(info)).not.toContain('hidden-word');
    expect(await readFileFromImage(docker, done.tag, '/run/slipway/env', configOf())).toBeUndefined();
    expect((await readFileFromImage(docker, done.tag, '/tmp/d', configOf()))?.toString()).toContain('# step: First');
    expect((await traces()).filter((trace) => trace.startsWith('slipway/build:'))).toEqual([]);
  });

  it('reaches Debian and PyPI with the certificates of the host', async () => {
    const done = await attempt(
      `${APT}apt-get update && apt-get install curl\n${MOUNT}curl -sSI $UV_DEFAULT_INDEX/six/\nRUN ls /var/lib/apt/lists /var/cache/slipway/apt\n`,
    );
    expect(done.error?.message).toBeUndefined();
    expect(done.lines.some((line) => /^HTTP\/[\d.]+ 200/.test(line))).toBe(true);
    expect(done.lines.filter((line) => /_Packages|InRelease$|\.deb$/.test(line) && !line.startsWith('Get:'))).toEqual(
      [],
    );
  });

  it('caps an endless log with a marker, and still quotes the end', async () => {
    const done = await attempt('# step: Talking\nRUN yes | head -c 90000; sleep 2; echo the end; exit 4\n');
    expect(done.error?.message).toMatch(/"Talking"[\s\S]*the end/);
    expect(done.lines.length).toBeLessThan(20_010);
    expect(done.lines.at(-1)).toMatch(/too long/);
  });
});

describe('a build that fails or is stopped', () => {
  it('names the step, quotes its last lines, and leaves nothing', async () => {
    const before = await traces();
    const done = await attempt(
      '# step: Fine\nRUN true\n# step: Running postBuild\nRUN echo the last words >&2; exit 3\n',
    );
    expect(done.error?.code).toBe('build_failed');
    expect(done.error?.message).toMatch(/"Running postBuild" failed: it ended with exit code 3[\s\S]*the last words/);
    expect(await imageInfo(docker, done.tag)).toBeUndefined();
    expect(await traces()).toEqual(before);
  });

  it('ends in the engine when it is cancelled', async () => {
    const before = await traces();
    const stop = new AbortController();
    const done = await attempt(
      'RUN echo started; sleep 86123\n',
      {},
      { signal: stop.signal, each: (line) => line === 'started' && stop.abort() },
    );
    expect(done.error?.code).toBe('interrupted');
    expect(processes('86123')).toEqual([]);
    expect(await traces()).toEqual(before);
  });

  it('ends in the engine when its time is up', async () => {
    const done = await attempt('RUN sleep 86124\n', { SLIPWAY_BUILD_TIME: '3s' });
    expect(done.error?.code).toBe('build_timeout');
    expect(done.error?.hint).toContain('SLIPWAY_BUILD_TIME');
    expect(processes('86124')).toEqual([]);
  });

  it('stops when the disk fills up', async () => {
    const done = await attempt('RUN sleep 86125\n', { SLIPWAY_DISK_FREE: '9000T' });
    expect(done.error?.code).toBe('disk_full');
    expect(processes('86125')).toEqual([]);
  });

  it('says so when it runs out of memory', async () => {
    // dd fills a buffer of this size; the limit holds for all builds, so the largest process is the one that ends.
    const done = await attempt('# step: Eating\nRUN dd if=/dev/zero of=/dev/null bs=900M count=1\n', {
      SLIPWAY_BUILD_MEMORY: '600M',
    });
    expect(done.error?.code, done.error?.message).toBe('build_out_of_memory');
    expect(done.error?.message).toContain('"Eating"');
    await attempt('RUN true\n');
    expect(readFileSync('/sys/fs/cgroup/memory/docker/buildkit/memory.limit_in_bytes', 'utf8').trim()).toBe(
      String(4 * 2 ** 30),
    );
  });

  it('outlives a fork bomb', async () => {
    const bomb = 'RUN f() { f | f & }; f; sleep 86126\n';
    const done = await attempt(bomb, { SLIPWAY_BUILD_PIDS: '200', SLIPWAY_BUILD_TIME: '6s' });
    expect(done.error).toBeDefined();
    expect(processes('86126')).toEqual([]);
    expect((await attempt('RUN echo alive\n')).lines).toContain('alive');
  });
});

describe('the firewall', () => {
  const arrived: string[] = [];
  const servers: Server[] = [];
  const own = '10.199.71.1';
  let gateway: string;

  const listen = (host: string) =>
    new Promise<number>((resolve) => {
      const server = createServer((socket) => {
        arrived.push(`${host}:${(server.address() as { port: number }).port}`);
        socket.end('hello\n');
      });
      servers.push(server);
      server.listen(0, host, () => resolve((server.address() as { port: number }).port));
    });
  const knock = (host: string, port: number) =>
    `timeout 8 bash -c 'cat < /dev/tcp/${host}/${port}' && echo ${host}:${port} open || echo ${host}:${port} closed`;

  beforeAll(async () => {
    const bridge = await docker.getNetwork('bridge').inspect();
    gateway = bridge.IPAM?.Config?.[0]?.Gateway ?? '';
    execFileSync('ip', ['link', 'add', 'slwtest0', 'type', 'bridge']);
    execFileSync('ip', ['address', 'add', `${own}/24`, 'dev', 'slwtest0']);
    execFileSync('ip', ['link', 'set', 'slwtest0', 'up']);
  });
  afterAll(() => {
    for (const server of servers) server.close();
    execFileSync('ip', ['link', 'delete', 'slwtest0']);
  });

  it('closes the host and private addresses, and opens exactly the port of a mirror', async () => {
    const closed = [
      [gateway, await listen(gateway)],
      [own, await listen(own)],
    ] as const;
    const mirror = await listen(own);
    const settings = { SLIPWAY_EGRESS: 'required', SLIPWAY_MIRROR_NPM: `http://${own}:${mirror}/` };
    const doors = [...closed, [own, mirror] as const];
    const done = await attempt(
      `RUN ${doors.map(([host, port]) => knock(host, port)).join('; ')}; getent hosts pypi.org\n`,
      settings,
    );
    expect(done.error).toBeUndefined();
    for (const [host, port] of closed) expect(done.lines).toContain(`${host}:${port} closed`);
    expect(done.lines).toContain(`${own}:${mirror} open`);
    expect(arrived).toEqual([`${own}:${mirror}`]);
    expect(done.lines.some((line) => /pypi\.org/.test(line))).toBe(true);
  });

  it('leaves the default bridge as it was when the last build has ended', async () => {
    await attempt('RUN true\n');
    const builds = existsSync('/run/slipway/egress') ? readdirSync('/run/slipway/egress') : [];
    expect(builds.filter((name) => name.startsWith(`${process.pid}-`))).toEqual([]);
    // Another Slipway of this machine may be building, and is then still fenced in.
    const rules = execFileSync('iptables-save', ['-t', 'filter'], { encoding: 'utf8' });
    if (builds.length === 0) expect(rules).not.toMatch(/-i docker0 -j SLIPWAY/);
  });

  it('refuses to build where it is required and cannot be', async () => {
    const { ensureEgress } = await import('../../src/egress.ts');
    const config = { ...configOf({ SLIPWAY_EGRESS: 'required' }), DOCKER_HOST: 'tcp://127.0.0.1:2375' };
    await expect(ensureEgress({ docker, config })).rejects.toMatchObject({ code: 'egress_not_enforced' });
  });
});
