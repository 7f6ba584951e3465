import type { Config } from '../config.ts';
import type { RankPythons } from './era.ts';

export function rankPythons(_config: Config): RankPythons {
  return async (_pins, _candidates, preferred) => ({ python: preferred, notices: [] });
}
