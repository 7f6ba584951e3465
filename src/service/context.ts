/** What the parts of the service share. */
import { hostname } from 'node:os';
import type Docker from 'dockerode';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { engineOf } from '../engine.ts';
import { Jobs } from '../queue/jobs.ts';
import { Journals } from '../queue/journal.ts';
import { Presence } from '../queue/presence.ts';
import { Records } from '../queue/records.ts';
import type { RedisLink } from '../queue/redis.ts';
import { BuiltPlans } from './built-plans.ts';
import { KEEP_STREAMS } from './events.ts';
import { Logs } from './log-store.ts';
import type { BuildJob, BuildRecord, LaunchRecord, Observation, PlanRecord, TierJob, TierRecord } from './types.ts';

export interface Context {
  config: Config;
  log: Logger;
  /** Id of this process. */
  self: string;
  /** Names the engine, the same after a restart: what builds leave there is at hand for the next. */
  place: string;
  redis: RedisLink;
  presence: Presence;
  journals: Journals;
  launches: Records<LaunchRecord>;
  builds: Records<BuildRecord>;
  tiers: Records<TierRecord>;
  plans: Records<PlanRecord>;
  builtPlans: BuiltPlans;
  logs: Logs;
  buildJobs: Jobs<BuildJob>;
  tierJobs: Jobs<TierJob>;
  /** @throws engine_missing, engine_not_docker */
  engine(): Promise<Docker>;
  /** Told of everything that ends, for metrics and the event log. */
  observe(observation: Observation): void;
}

type Given = Pick<Context, 'config' | 'log' | 'self' | 'redis' | 'observe'>;

/** The service's own lists, queues and records in Redis. */
export function createContext(given: Given): Context {
  const { config, redis } = given;
  const keep = config.SLIPWAY_KEEP_RECORDS;
  const isOver = ({ state }: LaunchRecord) => state === 'ready' || state === 'failed' || state === 'cancelled';
  return {
    ...given,
    place: `${hostname()} ${config.DOCKER_HOST}`,
    presence: new Presence(redis),
    journals: new Journals(redis),
    launches: new Records<LaunchRecord>(redis, 'launches', {
      keep: KEEP_STREAMS,
      indexes: {
        // Only those that are under way: what else is asked of them is "who has to go on with it?".
        owner: (record) => (isOver(record) ? undefined : record.owner),
        build: (record) => (isOver(record) ? undefined : record.build),
      },
    }),
    builds: new Records<BuildRecord>(redis, 'builds', {
      keep,
      indexes: { repo: ({ repo }) => repo, tier: ({ tier, endedAt }) => (endedAt === undefined ? tier : undefined) },
    }),
    tiers: new Records<TierRecord>(redis, 'tiers', { keep, indexes: { key: ({ key }) => key } }),
    plans: new Records<PlanRecord>(redis, 'plans', { keep: KEEP_STREAMS }),
    builtPlans: new BuiltPlans(config, redis),
    logs: new Logs(config, redis),
    buildJobs: new Jobs<BuildJob>(redis, 'builds'),
    tierJobs: new Jobs<TierJob>(redis, 'tiers'),
    engine: engineOf(config),
  };
}
