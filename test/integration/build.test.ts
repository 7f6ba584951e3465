/** Builds in the real engine: what they tell and leave, and how they end. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readFileFromImage } from '../../src/build/image-files.ts';
import { imageInfo } from '../../src/build/inspect.ts';
import { INSTANCE_LABEL, instanceId } from '../../src/instance.ts';
import { type Attempts, openAttempts } from '../support/build-attempts.ts';

const MOUNT = 'RUN --mount=type=bind,source=.slipway,target=/run/slipway . /run/slipway/env && ';
const APT =
  'RUN --mount=type=bind,source=.slipway,target=/run/slipway --mount=type=cache,id=slipway-apt-bookworm,target=/var/cache/slipway/apt,sharing=locked . /run/slipway/env && ';

let attempts: Attempts;
let docker: Attempts['docker'];
let attempt: Attempts['attempt'];
let configOf: Attempts['configOf'];

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
  attempts = await openAttempts();
  ({ docker, attempt, configOf } = attempts);
});
afterEach(() => attempts.clear());
afterAll(() => attempts.close());

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
