/** Ends sessions that fill the disk: the engine cannot limit what a container writes on most file systems. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { DockerLauncher } from '../sessions.ts';

/** Growth of the whole disk that is reason to look which session it is. */
const GROWTH = 256 * 2 ** 20;
/** Without such a reason sizes are looked at this often: what is written slowly counts too. */
const CALM = 60_000;

export interface DiskDeps {
  launcher: Pick<DockerLauncher, 'disk' | 'diskUse'>;
  config: Pick<Config, 'SLIPWAY_SESSION_DISK'>;
  log: Logger;
  end(name: string): Promise<void>;
}

export class DiskWatch {
  readonly #deps: DiskDeps;
  #looked = 0;
  #used = 0;

  constructor(deps: DiskDeps) {
    this.#deps = deps;
  }

  /** To be called every few seconds: cheap while nobody writes much. */
  async look(): Promise<void> {
    const { launcher, config, log, end } = this.#deps;
    const limit = config.SLIPWAY_SESSION_DISK;
    if (limit === 0) return;
    const used = (await launcher.disk())?.used;
    const isCalm = used === undefined || used - this.#used < Math.min(GROWTH, limit / 4);
    if (isCalm && Date.now() - this.#looked < CALM) {
      // What others remove is no room for a session.
      this.#used = Math.min(this.#used, used ?? 0);
      return;
    }
    [this.#looked, this.#used] = [Date.now(), used ?? 0];
    for (const [session, bytes] of await launcher.diskUse()) {
      if (bytes <= limit) continue;
      log.warn({ session, bytes, limit }, 'session fills the disk');
      await end(session).catch((err: unknown) => log.warn({ err, session }, 'not ended'));
    }
  }
}
