/** Runs git: always without the machine's and the repository's settings, hooks, helpers and prompts. */
import { ambientVariables, type Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';

export interface GitCall {
  /** Absolute path of the repository's `.git`; without one git is told of no repository at all. */
  gitDir?: string;
  /** Absolute path of the work tree, for commands that need one. */
  workTree?: string;
  input?: string;
  variables?: Record<string, string>;
  signal?: AbortSignal;
  /** Sees the output as it comes and may throw to stop the command. */
  watch?: (chunk: Buffer) => void;
  config?: Pick<Config, 'SLIPWAY_CA_BUNDLE'>;
}

/** Given with `-c`, which outranks every configuration file. What runs programs is off; what makes bytes vary is fixed. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.untrackedCache=false',
  'core.splitIndex=false',
  'core.autocrlf=false',
  'core.logAllRefUpdates=false',
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'core.bigFileThreshold=16m',
  'core.quotePath=false',
  'advice.detachedHead=false',
  'index.version=2',
  'index.threads=1',
  'fetch.unpackLimit=1',
  'fetch.recurseSubmodules=false',
  'fetch.writeCommitGraph=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'protocol.version=2',
  'log.showSignature=false',
  'safe.directory=*',
  'pack.writeReverseIndex=false',
];

/** The guards of simple-git that our own fixed values above would trip. */
const OURS = { allowUnsafeHooksPath: true, allowUnsafeFsMonitor: true };

/** Done when the output is; a child that keeps it open after git has ended is not waited for longer than this. */
const COMPLETION = { onClose: true, onExit: 1000 };

function gitVariables(call: GitCall): Record<string, string> {
  const bundle = call.config?.SLIPWAY_CA_BUNDLE;
  return {
    ...ambientVariables(),
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'http:https',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_DIR: call.gitDir ?? '/nonexistent',
    ...(call.workTree ? { GIT_WORK_TREE: call.workTree } : {}),
    ...(bundle ? { GIT_SSL_CAINFO: bundle } : {}),
    ...call.variables,
  };
}

/**
 * Runs one git command and gives what it printed. Values from outside go after `--` in `args`.
 * @throws whatever simple-git throws, with git's own words as its message; what `watch` threw; interrupted
 */
export async function runGit(args: readonly string[], call: GitCall = {}): Promise<string> {
  const { simpleGit } = await import('simple-git');
  const stop = new AbortController();
  const variables = gitVariables(call);
  let stopped: unknown;
  const git = simpleGit({
    baseDir: call.workTree ?? '/',
    config: SETTINGS,
    unsafe: OURS,
    completion: COMPLETION,
    allowEnvironment: Object.keys(variables),
    abort: call.signal ? AbortSignal.any([call.signal, stop.signal]) : stop.signal,
    ...(call.input === undefined ? {} : { input: () => call.input }),
  }).env(variables);
  git.outputHandler((_command, stdout) => {
    // simple-git gives a command that printed nothing 50 ms more; an empty chunk says that there is no more.
    stdout.once('end', () => stdout.emit('data', Buffer.alloc(0)));
    stdout.on('data', (chunk: Buffer) => {
      try {
        call.watch?.(chunk);
      } catch (error) {
        stopped ??= error;
        stop.abort();
      }
    });
  });
  try {
    return await git.raw([...args]);
  } catch (error) {
    if (stopped !== undefined) throw stopped;
    if (isMissing(error)) throw gitMissing(error);
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return /spawn git ENOENT|ENOENT.*git/.test(String((error as Error).message));
}

function gitMissing(cause: unknown): SlipwayError {
  return new SlipwayError('setup_failed', 'The program git was not found.', {
    cause,
    hint: 'Install git 2.30 or newer (Debian: apt install git).',
  });
}
