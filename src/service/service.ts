/** What becomes of launches, builds and sessions: all that the web and the worker commands need. */
import type { Readable } from 'node:stream';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { ulid } from 'ulid';
import { serviceUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import { connectRedis, type RedisLink } from '../queue/redis.ts';
import { Builds } from './builds.ts';
import { createContext } from './context.ts';
import { beginDuties } from './duties.ts';
import { createEventLog } from './event-log.ts';
import { checkHealth } from './health.ts';
import { sharedRests } from './host-rests.ts';
import { Images } from './images.ts';
import { joinInstallation } from './installation.ts';
import { Launches } from './launches.ts';
import { createLimit } from './limit.ts';
import { Looks } from './looks.ts';
import { createLookups } from './lookups.ts';
import type { PruneReport } from './prune.ts';
import { Pruner, type PruneWish } from './pruner.ts';
import { checkRequest } from './requests.ts';
import { Sessions } from './sessions.ts';
import { type Stopped, stopAll, type Whose } from './stop-all.ts';
import type {
  AskedBuild,
  BuildRecord,
  Client,
  Health,
  LaunchRecord,
  LaunchRequest,
  Observation,
  PlanPreview,
  QueueState,
  Read,
  Readiness,
  RecentLaunch,
  StoredDocument,
} from './types.ts';
import { WarmLaunches } from './warm-launches.ts';
import { Watching } from './watching.ts';

/** Sessions that start at the same time; more of them only slow one another down. */
const STARTING = 8;

/** Which parts of the service this process is. */
export interface Parts {
  /** Drives launches. */
  web: boolean;
  /** Works at builds. */
  worker: boolean;
  log: Logger;
  /** Told of everything that ends, for metrics. */
  observe?(observation: Observation): void;
}

export interface Service {
  /** For limits that all web processes share. */
  readonly redis: RedisLink;
  /** For their own origin, and for operators. */
  readonly sessions: Sessions;
  /** Its queues, for the operator's board. */
  readonly queues: readonly Queue[];
  /**
   * Checks a request and begins it; what follows comes by `watch`.
   * @throws bad_spec, bad_urlpath, host_not_allowed, repo_banned, client_banned, closing
   */
  launch(request: LaunchRequest, client: Client): Promise<LaunchRecord>;
  launchRecord(id: string): Promise<LaunchRecord | undefined>;
  /** The whole story of a launch from entry `from`; ends after `ready` or `failed`. Counts as watching. @throws launch_not_found */
  watch(id: string, from: number, signal: AbortSignal): AsyncGenerator<Read[]>;
  /** Ends a launch, its session too; a build stops when nobody else wants it. @throws launch_not_found */
  cancel(id: string): Promise<void>;

  /** Looks up the ref, then begins or joins a build; one that is there already is `completed`. */
  build(request: LaunchRequest, client: Client): Promise<AskedBuild>;
  buildRecord(id: string): Promise<BuildRecord | undefined>;
  /** The log as text: while it is being built as far as it has come. */
  buildLog(id: string): Promise<Readable | undefined>;
  watchBuild(id: string, from: number, signal: AbortSignal): AsyncGenerator<Read[]>;
  /** Ends it for all who want it. */
  cancelBuild(id: string): Promise<void>;
  /** Takes back what `build` asked for; false when nobody asked by that name. */
  takeBackBuild(id: string, ask: string): Promise<boolean>;

  /** What would be built; fetches and plans when that is not known yet. */
  preview(request: LaunchRequest, client: Client, signal: AbortSignal): Promise<PlanPreview>;
  /** For badges: never triggers anything, and is told at once. */
  readiness(request: LaunchRequest): Promise<Readiness>;
  /** The notebook or README that a launch opens, once its commit was fetched. */
  document(launch: string): Promise<StoredDocument | undefined>;
  /** Repositories that were launched lately, newest first, each once. */
  recent(count: number): Promise<RecentLaunch[]>;
  queue(): Promise<QueueState>;
  /** For operators; undefined when another process prunes. */
  prune(wish: PruneWish): Promise<PruneReport | undefined>;
  /** For operators: ends all launches, builds and sessions of a repository or of an address. */
  stopAll(whose: Whose): Promise<Stopped>;
  /** Really tries each part. */
  health(): Promise<Health>;
  /** Graceful: hands its launches over, finishes its jobs or gives them back. */
  close(): Promise<void>;
}

/** Time that sessions which are just starting get when the service is stopped, and jobs that are at hand. */
const GRACE = { launches: 10_000, jobs: 5000 };

/** Connects to Redis and the engine and begins to work. @throws redis_unreachable, redis_unsafe */
export async function createService(config: Config, parts: Parts): Promise<Service> {
  const { log } = parts;
  const redis = await connectRedis(config);
  for (const warning of redis.warnings) log.warn(warning);
  await joinInstallation(config, redis);
  const tellEventLog = createEventLog(config.SLIPWAY_EVENT_LOG, serviceUrl(config), log);
  const observe = (observation: Observation) => {
    if (observation.kind === 'launch') tellEventLog(observation);
    else if (parts.worker) pruner.soon();
    parts.observe?.(observation);
  };
  const context = createContext({ config, log, redis, observe, self: ulid() });
  const pruner = new Pruner(context);
  const sessions = await Sessions.open(context);
  const lookups = createLookups(config, undefined, undefined, sharedRests(redis));
  const [builds, watching] = [new Builds(context, lookups), new Watching(redis)];
  const images = new Images(context);
  const isHub = config.SLIPWAY_LAUNCHER === 'jupyterhub';
  const starting = createLimit(isHub ? Math.max(1, config.SLIPWAY_HUB_SPAWNS) : STARTING);
  const launches = new Launches(
    context,
    { lookups, images, builds, sessions, warm: new WarmLaunches(context, sessions), starting },
    watching,
  );
  const looks = new Looks({ context, lookups, images, builds });
  const duties = await beginDuties({ context, launches, builds, watching, pruner }, parts);

  const resolve = async (request: LaunchRequest, client: Client) => {
    const checked = checkRequest(request, client, config);
    return { ...checked, resolved: await lookups.resolve(checked.spec) };
  };

  return {
    redis,
    sessions,
    queues: [context.buildJobs.queue, context.tierJobs.queue],
    launch: async (request, client) => launches.begin(checkRequest(request, client, config), client),
    async launchRecord(id) {
      watching.glance(id);
      return launches.find(id);
    },
    watch: (id, from, signal) => launches.watch(id, from, signal),
    cancel: (id) => launches.cancel(id),

    async build(request, client) {
      const { resolved, subdir, refresh } = await resolve({ ...request, buildOnly: true }, client);
      return builds.ask({ resolved, subdir, refresh, client: client.address }, images);
    },
    buildRecord: (id) => builds.find(id),
    buildLog: (id) => builds.log(id),
    watchBuild: (id, from, signal) => builds.watch(id, from, signal),
    cancelBuild: (id) => builds.cancel(id),
    takeBackBuild: (id, ask) => builds.takeBack(id, ask),

    preview: async (request, client, signal) => looks.preview(await resolve(request, client), client, signal),
    readiness: (request) => looks.readiness(request),
    async document(id) {
      const record = await launches.find(id);
      return record && looks.document(record);
    },
    recent: (count) => looks.recent(count),
    queue: () => looks.queue(),
    prune: (wish) => pruner.prune(wish),
    stopAll: (whose) => stopAll(whose, { context, launches, builds, sessions }),
    health: () => checkHealth(context, sessions, async () => (await looks.queue()).active),
    async close() {
      await duties.stopWork(GRACE.jobs);
      await launches.close(GRACE.launches);
      pruner.close();
      await duties.close();
      builds.close();
      context.journals.close();
      await Promise.all([context.buildJobs.close(), context.tierJobs.close(), sessions.close()]);
      await redis.close();
    },
  };
}
