/** Finds sessions that fill the disk: the engine cannot limit what a container writes on most file systems. */
import type { Config } from './config.ts';
import type { DiskUse } from './engine-disk.ts';

/** Growth of the whole disk that is reason to look which session it is. */
const GROWTH = 256 * 2 ** 20;
/** Without such a reason sizes are looked at this often: what is written slowly counts too. */
const CALM = 60_000;

/** Time between two looks. */
export const LOOK_EVERY = 2000;

export interface DiskDeps {
  config: Pick<Config, 'SLIPWAY_SESSION_DISK'>;
  /** How full the disk is on which sessions write. */
  disk(): Promise<DiskUse | undefined>;
  /** Bytes that each session has written, by name. */
  diskUse(): Promise<Map<string, number>>;
  /** Told of each session that has written more than it may. */
  full(name: string, bytes: number): Promise<void>;
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
    const { disk, diskUse, config, full } = this.#deps;
    const limit = config.SLIPWAY_SESSION_DISK;
    if (limit === 0) return;
    const used = (await disk())?.used;
    const isCalm = used === undefined || used - this.#used < Math.min(GROWTH, limit / 4);
    if (isCalm && Date.now() - this.#looked < CALM) {
      // What others remove is no room for a session.
      this.#used = Math.min(this.#used, used ?? 0);
      return;
    }
    [this.#looked, this.#used] = [Date.now(), used ?? 0];
    for (const [session, bytes] of await diskUse()) if (bytes > limit) await full(session, bytes);
  }
}
