/** The service as the operator's commands join it: beside those that run, driving and building nothing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { createService, type Service } from './service.ts';

/** Undefined where there never was a service. To be closed. @throws redis_unreachable, redis_unsafe, engine_missing */
export async function joinService(config: Config): Promise<Service | undefined> {
  if (config.REDIS_URL === '' && !existsSync(join(config.SLIPWAY_DATA, 'redis'))) return undefined;
  return createService(config, { web: false, worker: false, log: pino({ level: 'silent' }) });
}
