/** Builds of a few lines on a root file system of debootstrap, in the real engine and an instance of their own. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { buildImage } from '../../src/build/build.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { connectEngine } from '../../src/engine.ts';
import type { SlipwayError } from '../../src/errors.ts';
import type { SlipwayEvent } from '../../src/types.ts';
import { rootFileSystem } from './root-file-system.ts';

export interface Attempt {
  lines: string[];
  steps: { title: string; number: number; total: number }[];
  tag: string;
  imageId?: string;
  error?: SlipwayError;
}

export interface Attempts {
  docker: Docker;
  /** Name of the root file system that they stand on. */
  rootfs: string;
  /** Names of images that `clear` removes; whoever makes more adds them. */
  made: string[];
  configOf(settings?: Record<string, string>): Config;
  /** One build; `each` sees the lines as they come. */
  attempt(
    body: string,
    settings?: Record<string, string>,
    more?: { signal?: AbortSignal; each?: (line: string) => void },
  ): Promise<Attempt>;
  clear(): Promise<void>;
  close(): void;
}

/** In each Dockerfile, so that nothing comes from the cache of an earlier run. */
const RUN = `${process.pid} ${Date.now()}`;
let tag = 0;

export async function openAttempts(): Promise<Attempts> {
  const data = mkdtempSync(join(tmpdir(), 'slipway-build-'));
  const kept = join(loadConfig().SLIPWAY_DATA, 'rootfs');
  mkdirSync(kept, { recursive: true });
  symlinkSync(kept, join(data, 'rootfs'));
  const { PATH, SSL_CERT_FILE } = process.env;
  const configOf: Attempts['configOf'] = (settings = {}) =>
    loadConfig({ PATH, SSL_CERT_FILE, SLIPWAY_DATA: data, ...settings });
  const docker = await connectEngine(configOf());
  const { signal } = new AbortController();
  const rootfs = await rootFileSystem(docker, 'bookworm', configOf({ SLIPWAY_BASE_SOURCE: 'debootstrap' }));
  const made: string[] = [];
  return {
    docker,
    rootfs,
    made,
    configOf,
    async attempt(body, settings = {}, more = {}) {
      const result: Attempt = { lines: [], steps: [], tag: `slipway/test-build:${process.pid}-${++tag}` };
      const emit = (event: SlipwayEvent) => {
        result.lines.push(event.message);
        if (event.phase === 'building' && event.step) result.steps.push(event.step);
        more.each?.(event.message);
      };
      const deps = { docker, config: configOf(settings), emit, signal: more.signal ?? signal };
      const labels = { 'org.slipway.tier': 'test' };
      const dockerfile = `FROM ${rootfs}\nRUN : ${RUN}\n${body}`;
      try {
        result.imageId = (await buildImage({ dockerfile, tag: result.tag, labels, suite: 'bookworm' }, deps)).imageId;
        made.push(result.tag);
      } catch (error) {
        result.error = error as SlipwayError;
      }
      return result;
    },
    async clear() {
      for (const name of made.splice(0)) await docker.getImage(name).remove({ force: true });
    },
    close: () => rmSync(data, { recursive: true, force: true }),
  };
}
