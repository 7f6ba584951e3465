/** What images that tests make stand on, as ours do: Debian's slim image where that can be pulled, else the same by debootstrap. */
import type Docker from 'dockerode';
import { ensureRootfs } from '../../src/build/rootfs.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Suite } from '../../src/types.ts';

/** Name of the suite's image in the engine; made or pulled when it is not there. */
export function rootFileSystem(docker: Docker, suite: Suite, config: Config = loadConfig()): Promise<string> {
  const { signal } = new AbortController();
  return ensureRootfs(suite, { docker, config, emit: () => undefined, signal });
}
