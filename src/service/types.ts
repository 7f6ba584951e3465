/** The nouns of the launch service. Plain data, kept in Redis as JSON; nothing here imports a room. */
import type { ErrorCode } from '../errors.ts';
import type { Plan, RepoSpec, Resolved, TierState } from '../types.ts';

/** What somebody asks for, by whichever route. */
export interface LaunchRequest {
  /** As typed: URL, spec, page; see parseRepo. */
  repo: string;
  ref?: string;
  subdir?: string;
  /** Path inside the session, as in Binder's links. */
  urlpath?: string;
  /** Ends with the image; starts no session. */
  buildOnly?: boolean;
  /** Plans and builds anew what is kept. */
  refresh?: boolean;
}

/** Who asks. */
export interface Client {
  /** IP address, behind trusted proxies the one that they forward. */
  address: string;
  /** With the operator's token: no quota, no limit. */
  isOperator: boolean;
  /** With a token of our own pages. */
  hasBuildToken?: boolean;
}

export interface Failure {
  code: ErrorCode;
  message: string;
  hint?: string;
  /** Whose turn it is. */
  blame: 'user' | 'operator' | 'upstream' | 'bug';
  /** HTTP status. */
  status: number;
  retryable: boolean;
}

export type LaunchState = 'resolving' | 'building' | 'launching' | 'ready' | 'failed' | 'cancelled';

/** One launch. Its id (128 random bits, hexadecimal) is the right to see and to cancel it. Times are ISO. */
export interface LaunchRecord {
  id: string;
  state: LaunchState;
  /** What was understood of the request; nothing is kept as it was typed. */
  spec: RepoSpec;
  subdir: string;
  urlpath?: string;
  buildOnly: boolean;
  refresh: boolean;
  client: Client;
  createdAt: string;
  endedAt?: string;
  resolved?: Resolved;
  /** Build that it waits for or had. */
  build?: string;
  /** How many entries its journal had before it followed that build: tells whoever takes over whether it does. */
  followAt?: number;
  image?: string;
  /** Session's name once there is one. */
  session?: string;
  /** Milliseconds per stage once it has ended: resolve, image, warm, build, container, server, and session for the rest. */
  timings?: Record<string, number>;
  error?: Failure;
  /** Process that drives it; another takes over when that one's heartbeat stops. */
  owner: string;
}

export type BuildState = 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled';

/** What builds and tiers have in common: work that is tried until it ends. */
export interface Attempted {
  /** ULID, the job's. */
  id: string;
  state: BuildState;
  createdAt: string;
  startedAt?: string;
  endedAt?: string;
  /** One per try: a worker that died makes another. */
  attempts: { id: string; startedAt: string; endedAt?: string }[];
  error?: Failure;
}

/** One build of a commit, shared by all who wait for it; holds nothing of any launch. Kept 30 days. */
export interface BuildRecord extends Attempted {
  /** Name of its job. */
  key: string;
  /** Canonical URL, ref as asked first, full SHA. */
  repo: string;
  provider: string;
  ref: string;
  commit: string;
  subdir: string;
  /** Address that asked first. */
  askedBy: string;
  /** Somebody wants it without a launch that waits for it. */
  isAskedFor: boolean;
  /** Random names of those who want it likewise and may say that they no longer do. */
  asks?: string[];
  /** Milliseconds per stage: wait, fetch, plan, environment (with its base), content. */
  timings: Record<string, number>;
  /** Tier that it waits for. */
  tier?: string;
  tiers?: Record<'base' | 'environment' | 'content', TierState>;
  imageName?: string;
  digest?: string;
  resolvedAsOf?: string;
  /** Pins that were moved, days that had no solution: each a sentence. */
  notices?: string[];
}

/** What came of asking for a build; `ask` is the right to take that back, while it is not over. */
export type AskedBuild = BuildRecord & { ask?: string };

/** One build of an environment. */
export interface TierRecord extends Attempted {
  key: string;
  result?: { base: TierState; environment: TierState; day: string; notices?: string[] };
}

/** What a build is asked to do: job data of the queue `builds`. */
export interface BuildJob {
  resolved: Resolved;
  subdir: string;
  refresh: boolean;
  client: string;
  createdAt: string;
  isAskedFor: boolean;
  asks?: string[];
  /** Plans and builds nothing. */
  planOnly: boolean;
}

/** One environment tier, shared by every repository that has it: job data of the queue `tiers`. */
export interface TierJob {
  plan: Plan;
  refresh: boolean;
  createdAt: string;
}

/** What "what will be built" shows. */
export interface PlanPreview {
  resolved: Resolved;
  plan: Plan;
  /** Which tiers are there already. */
  cached: { base: boolean; environment: boolean; content: boolean };
  /** Milliseconds that it usually takes until built, from earlier builds; absent when none is known. */
  usual?: number;
  dockerfile: string;
}

/** What a badge shows. */
export type Readiness = 'ready' | 'unknown' | 'failed';

/** Named SSE event `queue`: place among those that wait (1 is next), and milliseconds until built, if known. */
export interface QueueNews {
  place?: number;
  estimate?: number;
}

/** One entry of a journal as readers get it. */
export interface Read {
  n: number;
  /** Name of the SSE event; absent for BinderHub's own. */
  event?: string;
  /** Serialised once. */
  json: string;
}

/** A file of the repository, to be read while one waits. */
export interface StoredDocument {
  path: string;
  text: string;
}

export interface RecentLaunch {
  provider: string;
  /** As in `/v2/<provider>/<spec>`, without the ref. */
  name: string;
  ref: string;
  repo: string;
  at: string;
}

/** The whole queue. */
export interface QueueState {
  waiting: number;
  active: number;
  builds: {
    id: string;
    state: 'waiting' | 'active';
    repo: string;
    ref: string;
    /** Address that asked first; for operators. */
    askedBy: string;
    createdAt: string;
  }[];
}

/** As BinderHub's `/health`. */
export interface Health {
  ok: boolean;
  checks: { service: string; ok: boolean; message?: string; [more: string]: unknown }[];
}

/** What a commit was planned as lately, built or not. */
export interface PlanRecord {
  plan: Plan;
}

/** What ended, for metrics. */
export type Observation =
  | {
      kind: 'launch';
      provider: string;
      outcome: string;
      cached: boolean;
      /** Those that it found there; a build that it waited for counts its own. */
      tiers?: BuildRecord['tiers'];
      took: number;
      timings: Record<string, number>;
      /** As in `/v2/<provider>/<spec>`. */
      spec: string;
      ref: string;
      commit?: string;
      hasBuildToken: boolean;
    }
  | { kind: 'build'; provider: string; outcome: string; timings: Record<string, number>; tiers?: BuildRecord['tiers'] };
