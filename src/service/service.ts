/** What becomes of launches, builds and sessions: all that the web and the worker commands need. */
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type {
  BuildRecord,
  Client,
  Health,
  LaunchRecord,
  LaunchRequest,
  PlanPreview,
  QueueState,
  Read,
  Readiness,
  RecentLaunch,
  StoredDocument,
} from './types.ts';

/** Which parts of the service this process is. */
export interface Parts {
  /** Drives launches. */
  web: boolean;
  /** Works at builds. */
  worker: boolean;
  log: Logger;
}

export interface Service {
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
  build(request: LaunchRequest, client: Client): Promise<BuildRecord>;
  buildRecord(id: string): Promise<BuildRecord | undefined>;
  /** The log as text: while it is being built as far as it has come. */
  buildLog(id: string): Promise<Readable | undefined>;
  watchBuild(id: string, from: number, signal: AbortSignal): AsyncGenerator<Read[]>;
  cancelBuild(id: string): Promise<void>;

  /** What would be built; fetches and plans when that is not known yet. */
  preview(request: LaunchRequest, client: Client, signal: AbortSignal): Promise<PlanPreview>;
  /** For badges: never triggers anything, and is told at once. */
  readiness(request: LaunchRequest): Promise<Readiness>;
  /** The notebook or README that a launch opens, once its commit was fetched. */
  document(launch: string): Promise<StoredDocument | undefined>;
  /** Repositories that were launched lately, newest first, each once. */
  recent(count: number): Promise<RecentLaunch[]>;
  queue(): Promise<QueueState>;
  /** Really tries each part. */
  health(): Promise<Health>;
  /** Graceful: hands its launches over, finishes its jobs or gives them back. */
  close(): Promise<void>;
}

/** Connects to Redis and the engine and begins to work. */
export async function createService(_config: Config, _parts: Parts): Promise<Service> {
  throw new SlipwayError('internal', 'The service is being written.');
}
