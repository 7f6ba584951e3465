/** Where a root file system comes from: a registry's `debian:<suite>-slim`, or what debootstrap has made. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { imageInfo } from '../../src/build/inspect.ts';
import { ensureRootfs } from '../../src/build/rootfs.ts';
import { loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import type { Suite } from '../../src/types.ts';
import { type DockerRegistry, freePort, startRegistry } from '../support/docker-registry.ts';
import { slimImage } from '../support/slim-image.ts';

const data = mkdtempSync(join(tmpdir(), 'slipway-rootfs-'));
const run = promisify(execFile);

let docker: Docker;
let registry: DockerRegistry;
/** Nothing listens there. */
let dead: string;
const made: string[] = [];

beforeAll(async () => {
  docker = await connectEngine(loadConfig());
  registry = await startRegistry();
  dead = `127.0.0.1:${await freePort()}`;
});
afterEach(async () => {
  for (const name of made.splice(0)) await docker.getImage(name).remove({ force: true });
});
afterAll(async () => {
  await registry?.close();
  rmSync(data, { recursive: true, force: true });
});

/** What `ensureRootfs` gives, and what it tells meanwhile. */
async function ensured(suite: string, settings: Record<string, string>) {
  const told: string[] = [];
  const config = loadConfig({ SLIPWAY_DATA: data, ...settings });
  const emit = ({ message }: { message: string }) => void told.push(message);
  const deps = { docker, config, emit, signal: new AbortController().signal };
  const name = await ensureRootfs(suite as Suite, deps).catch((error) => {
    throw Object.assign(error, { told });
  });
  return { name, told };
}

describe('debian:<suite>-slim', () => {
  it('is pulled from the registry that SLIPWAY_MIRROR_DOCKER names, once', async () => {
    const kept = join(loadConfig().SLIPWAY_DATA, 'rootfs');
    mkdirSync(kept, { recursive: true });
    mkdirSync(join(data, 'first'));
    symlinkSync(kept, join(data, 'first', 'rootfs'));
    await ensured('bookworm', { SLIPWAY_DATA: join(data, 'first'), SLIPWAY_BASE_SOURCE: 'debootstrap' });
    const slim = await slimImage(docker, 'bookworm');
    const name = `${registry.host}/library/debian:bookworm-slim`;
    try {
      await run('docker', ['tag', slim.name, name]);
      await run('docker', ['push', '--quiet', name]);
      await docker.getImage(name).remove();
      const settings = { SLIPWAY_MIRROR_DOCKER: `${registry.host}/library/`, SLIPWAY_BASE_SOURCE: 'registry' };
      expect(await ensured('bookworm', settings)).toEqual({ name, told: [`Pulling ${name}`] });
      made.push(name);
      expect((await imageInfo(docker, name))?.id).toBe((await imageInfo(docker, slim.name))?.id);
      expect(await ensured('bookworm', settings)).toEqual({ name, told: [] });
      // Neither of them is asked for again, wherever it came from.
      expect(await ensured('bookworm', { ...settings, SLIPWAY_BASE_SOURCE: 'auto' })).toEqual({ name, told: [] });
    } finally {
      await slim.remove();
    }
  });

  it('that cannot be pulled is told with why, and what to set', async () => {
    const settings = (host: string) => ({ SLIPWAY_MIRROR_DOCKER: host, SLIPWAY_BASE_SOURCE: 'registry' });
    await expect(ensured('bookworm', settings(dead))).rejects.toMatchObject({
      code: 'base_unavailable',
      message: expect.stringMatching(`^${dead}/debian:bookworm-slim cannot be pulled: .*refused`),
      hint: expect.stringMatching(/SLIPWAY_MIRROR_DOCKER .* SLIPWAY_BASE_SOURCE to auto/),
    });
    await expect(ensured('trixie', settings(`${registry.host}/empty`))).rejects.toMatchObject({
      code: 'base_unavailable',
      message: expect.stringMatching(/cannot be pulled: .*(unknown|not found)/),
    });
  });

  it('gives way to what debootstrap has made where no registry answers', async () => {
    // A suite of the test's own: the machine's images of real ones are there already.
    const suite = `test${process.pid}`;
    const architecture = loadConfig().SLIPWAY_PLATFORM.split('/')[1];
    const tar = pack();
    tar.entry({ name: 'etc/debian_version' }, 'of the test\n');
    tar.finalize();
    mkdirSync(join(data, 'rootfs'));
    const bytes = await buffer(tar);
    writeFileSync(join(data, 'rootfs', `${suite}-${architecture}.tar.gz`), gzipSync(bytes));
    made.push(`slipway/rootfs:${suite}`);
    expect(await ensured(suite, { SLIPWAY_MIRROR_DOCKER: dead })).toEqual({
      name: `slipway/rootfs:${suite}`,
      told: [
        `Pulling ${dead}/debian:${suite}-slim`,
        expect.stringMatching(/cannot be pulled \(.*refused.*\); using a root file system from the Debian mirror/),
      ],
    });
    expect(await imageInfo(docker, `slipway/rootfs:${suite}`)).toMatchObject({ architecture });
  });

  it('of a platform that this machine cannot make has to be pulled, which is said', async () => {
    const platform = process.arch === 'x64' ? 'linux/s390x' : 'linux/amd64';
    const settings = { SLIPWAY_PLATFORM: platform, SLIPWAY_MIRROR_DOCKER: dead };
    await expect(ensured('bookworm', settings)).rejects.toMatchObject({
      code: 'unsupported_platform',
      message: expect.stringContaining(platform),
      hint: expect.stringContaining('SLIPWAY_MIRROR_DOCKER'),
      told: [`Pulling ${dead}/debian:bookworm-slim`, expect.stringContaining('cannot be pulled')],
    });
  });
});
