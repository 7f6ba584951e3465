/** Whether a conda channel can be had. */
import type { Config } from '../config.ts';
import { isThere } from './index-client.ts';

/** Asks conda-forge, or what stands for it at SLIPWAY_MIRROR_CONDA, for the list that every channel has. */
export function reachesChannel(config: Config): Promise<boolean> {
  return isThere(`${config.SLIPWAY_MIRROR_CONDA.replace(/\/+$/, '')}/conda-forge/noarch/repodata.json`, config);
}
