/** The origin of the sessions: `/user/<name>/` of each is proxied to its server, and nothing else is there. */
import { type FastifyInstance, fastify } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Sessions } from '../service/sessions.ts';

/** Host and port on which the sessions' origin listens. */
export function sessionListen(_config: Config): { host: string; port: number } {
  throw new Error('to come');
}

/** The app of the sessions' origin, not listening yet; websockets need the server of this very app. */
export async function createSessionOrigin(_sessions: Sessions, _config: Config, log: Logger): Promise<FastifyInstance> {
  return fastify({ loggerInstance: log }) as unknown as FastifyInstance;
}
