/** Every error that Slipway reports, in one table. */

export type Stage =
  | 'setup'
  | 'resolve'
  | 'fetch'
  | 'detect'
  | 'plan'
  | 'build'
  | 'publish'
  | 'launch'
  | 'queue'
  | 'usage';
export type Blame = 'user' | 'operator' | 'upstream' | 'bug';

interface ErrorKind {
  stage: Stage;
  blame: Blame;
  /** HTTP status. */
  status: number;
  /** The same call may succeed later without anybody changing anything. */
  retryable: boolean;
  /** Exit code of the command line. */
  exit: number;
}

function kind(stage: Stage, blame: Blame, status: number, exit: number, retryable = false): ErrorKind {
  return { stage, blame, status, retryable, exit };
}

export const ERRORS = {
  internal: kind('usage', 'bug', 500, 1),
  bad_usage: kind('usage', 'user', 400, 2),
  bad_setting: kind('usage', 'operator', 500, 2),
  bad_request: kind('usage', 'user', 400, 2),
  not_found: kind('usage', 'user', 404, 2),
  operator_only: kind('usage', 'user', 403, 2),
  rate_limited: kind('usage', 'user', 429, 2, true),
  too_many_streams: kind('usage', 'user', 429, 2, true),
  overloaded: kind('usage', 'operator', 503, 2, true),
  interrupted: kind('usage', 'user', 499, 130),
  terminated: kind('usage', 'operator', 499, 143),

  setup_failed: kind('setup', 'operator', 500, 10),
  engine_missing: kind('setup', 'operator', 503, 11, true),
  engine_not_docker: kind('setup', 'operator', 503, 12),
  doctor_found_faults: kind('setup', 'operator', 500, 13),
  cannot_listen: kind('setup', 'operator', 500, 14),

  bad_spec: kind('resolve', 'user', 400, 20),
  host_not_allowed: kind('resolve', 'user', 403, 21),
  repo_not_found: kind('resolve', 'user', 404, 22),
  ref_not_found: kind('resolve', 'user', 404, 23),
  ref_ambiguous: kind('resolve', 'user', 400, 24),
  not_git: kind('resolve', 'user', 400, 25),
  repo_empty: kind('resolve', 'user', 400, 26),
  host_unreachable: kind('resolve', 'upstream', 502, 27, true),
  host_rate_limited: kind('resolve', 'upstream', 429, 28, true),
  doi_without_repo: kind('resolve', 'user', 422, 29),

  fetch_failed: kind('fetch', 'upstream', 502, 30, true),
  repo_too_large: kind('fetch', 'user', 413, 31),
  fetch_timeout: kind('fetch', 'upstream', 504, 32, true),
  lfs_failed: kind('fetch', 'upstream', 502, 33, true),
  submodule_failed: kind('fetch', 'user', 400, 34),
  unsafe_path: kind('fetch', 'user', 400, 35),
  subdir_not_found: kind('fetch', 'user', 404, 36),

  unsafe_file: kind('detect', 'user', 400, 40),
  file_too_large: kind('detect', 'user', 413, 41),
  file_not_text: kind('detect', 'user', 400, 42),
  conflicting_folders: kind('detect', 'user', 400, 43),
  bad_environment_file: kind('detect', 'user', 400, 44),
  no_environment: kind('detect', 'user', 400, 45),

  unsupported_version: kind('plan', 'user', 400, 50),
  index_unreachable: kind('plan', 'upstream', 502, 51, true),
  unsupported_platform: kind('plan', 'operator', 400, 52),
  needs_channel: kind('plan', 'operator', 422, 54),

  build_failed: kind('build', 'user', 422, 60),
  package_not_found: kind('build', 'user', 422, 61),
  version_conflict: kind('build', 'user', 422, 62),
  compile_failed: kind('build', 'user', 422, 63),
  build_out_of_memory: kind('build', 'user', 422, 64),
  build_timeout: kind('build', 'user', 504, 65),
  engine_busy: kind('build', 'operator', 503, 64, true),
  // Of the engine mostly; the folder for temporary files, which fetching fills, is mended in the same way.
  disk_full: kind('build', 'operator', 507, 66, true),
  build_upstream: kind('build', 'upstream', 502, 67, true),
  base_unavailable: kind('build', 'operator', 502, 68, true),
  egress_not_enforced: kind('build', 'operator', 500, 69),

  registry_unreachable: kind('publish', 'upstream', 502, 70, true),
  registry_untrusted: kind('publish', 'operator', 500, 71),
  registry_login_missing: kind('publish', 'operator', 500, 72),
  registry_login_refused: kind('publish', 'operator', 500, 73),
  registry_denied: kind('publish', 'operator', 500, 74),
  registry_name_refused: kind('publish', 'operator', 500, 75),
  registry_failed: kind('publish', 'upstream', 502, 76, true),
  registry_corrupt: kind('publish', 'upstream', 502, 77),
  image_not_found: kind('publish', 'user', 404, 78),

  session_failed: kind('launch', 'user', 500, 80),
  session_timeout: kind('launch', 'user', 504, 81),
  session_not_found: kind('launch', 'user', 404, 82),
  bad_urlpath: kind('launch', 'user', 400, 83),
  session_out_of_memory: kind('launch', 'user', 500, 84),
  // Like it a limit that the session met; the stage has no other exit code left.
  session_disk_full: kind('launch', 'user', 500, 84),
  quota_reached: kind('launch', 'operator', 429, 85, true),
  hub_unreachable: kind('launch', 'operator', 503, 86, true),
  hub_token_refused: kind('launch', 'operator', 500, 87),
  hub_spawner_unfit: kind('launch', 'operator', 500, 88),
  // The same file of ours helps against both.
  hub_image_ignored: kind('launch', 'operator', 500, 88),
  hub_full: kind('launch', 'operator', 429, 89, true),

  redis_unreachable: kind('queue', 'operator', 503, 90, true),
  redis_unsafe: kind('queue', 'operator', 500, 91),
  cancelled: kind('queue', 'user', 499, 92),
  taken_over: kind('queue', 'bug', 500, 93, true),
  worker_lost: kind('queue', 'operator', 500, 94),
  repo_banned: kind('queue', 'operator', 403, 95),
  client_banned: kind('queue', 'operator', 403, 96),
  launch_not_found: kind('queue', 'user', 404, 97),
  build_not_found: kind('queue', 'user', 404, 98),
  closing: kind('queue', 'operator', 503, 99, true),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

interface Details {
  cause?: unknown;
  /** Milliseconds after which to try again, as whoever refused says. */
  retryAfter?: number | undefined;
  /** What to do about it, one sentence. */
  hint?: string;
}

/** An error with a code from the table. The message says what happened, in which file or step. */
export class SlipwayError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options: Details = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SlipwayError';
    this.code = code;
    this.hint = options.hint;
    this.retryAfter = options.retryAfter;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code];
  }
}

/** What the system says when a disk is full, or somebody's share of it. */
export function saysDiskFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((thrown as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** The error for a disk of this machine without room; `place` is what could not be written, or the folder of it. */
export function diskFull(place: string, cause: unknown): SlipwayError {
  return new SlipwayError('disk_full', `There is no space left for ${place}.`, {
    cause,
    hint: 'Free some space there, or name a folder on a larger disk: TMPDIR for temporary files, SLIPWAY_DATA for what is kept.',
  });
}

/** Anything thrown, as a SlipwayError; what is not one becomes `internal` with the original as its cause. */
export function toSlipwayError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  if (saysDiskFull(thrown)) {
    const { dest, path } = thrown as NodeJS.ErrnoException & { dest?: string };
    return diskFull(dest ?? path ?? 'what has to be written', thrown);
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SlipwayError('internal', `Something went wrong that Slipway did not expect: ${message}`, {
    cause: thrown,
    hint: 'This is a fault of Slipway: please report it with the command that you ran.',
  });
}
