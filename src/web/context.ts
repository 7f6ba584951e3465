/** What the routes share. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Limit } from '../service/limit.ts';
import type { Service } from '../service/service.ts';
import type { BuildTokens } from './build-token.ts';
import type { Metrics } from './metrics.ts';
import type { Site } from './pages/index.ts';
import type { Limits } from './plugins/limits.ts';
import type { Streams } from './sse.ts';

export interface Web {
  service: Service;
  config: Config;
  log: Logger;
  metrics: Metrics;
  site: Site;
  streams: Streams;
  tokens: BuildTokens;
  limits: Limits;
  /** Launches are begun a few at a time, however many ask at once: all else goes on between them. */
  inTurn: Limit;
}
