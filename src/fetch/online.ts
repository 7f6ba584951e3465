/** git with a network: through a gate of its own, within the time limit, with failures translated. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { createNetwork, type NetworkSeams } from '../network.ts';
import { gitError } from './git-errors.ts';
import { type Gate, openGate } from './proxy.ts';
import { type GitCall, runGit } from './run-git.ts';
import { trackController } from './temp.ts';

const IDLE = 60_000;

/** What reaches the network, for one fetch. */
export interface Online {
  /** Runs git for a repository on `url`'s host; failures are SlipwayErrors. */
  git(url: string, args: readonly string[], call?: GitCall): Promise<string>;
  /** As `git`, but what git itself says is thrown untouched, for callers that have another way. */
  tryGit(args: readonly string[], call?: GitCall): Promise<string>;
  /** The error that `thrown` really is: the gate's refusal, the time limit, the caller's abort, or git's own words. */
  explain(url: string, thrown: unknown): SlipwayError;
  gate: Gate;
  signal: AbortSignal;
}

export interface OnlineDeps {
  config: Config;
  signal?: AbortSignal | undefined;
  /** Tests put their own name look-up and connections here. */
  seams?: Partial<NetworkSeams> | undefined;
}

/** Opens a gate and a clock, runs `action`, and closes both; git processes still running are stopped. */
export async function withOnline<T>(deps: OnlineDeps, action: (online: Online) => Promise<T>): Promise<T> {
  const { config } = deps;
  const { controller, release } = trackController();
  const timeout = AbortSignal.timeout(config.SLIPWAY_FETCH_TIME);
  const signal = AbortSignal.any([controller.signal, timeout, ...(deps.signal ? [deps.signal] : [])]);
  const limits = { bytes: config.SLIPWAY_FETCH_SIZE, idle: Math.min(IDLE, config.SLIPWAY_FETCH_TIME) };
  const gate = openGate(createNetwork(config, deps.seams), limits, signal);
  const tryGit = async (args: readonly string[], call: GitCall = {}) =>
    runGit(args, { config, signal, ...call, variables: { ...(await gate.variables()), ...call.variables } });

  function explain(url: string, thrown: unknown): SlipwayError {
    if (deps.signal?.aborted) return new SlipwayError('interrupted', 'Stopped while fetching.', { cause: thrown });
    if (timeout.aborted) return tookTooLong(config, thrown);
    return gate.failure() ?? gitError(thrown, hostIn(url), 'fetch_failed');
  }

  async function git(url: string, args: readonly string[], call?: GitCall): Promise<string> {
    try {
      return await tryGit(args, call);
    } catch (error) {
      throw explain(url, error);
    }
  }

  try {
    return await action({ git, tryGit, explain, gate, signal });
  } finally {
    gate.close();
    controller.abort();
    release();
  }
}

function hostIn(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function tookTooLong(config: Config, cause: unknown): SlipwayError {
  const seconds = Math.round(config.SLIPWAY_FETCH_TIME / 1000);
  return new SlipwayError('fetch_timeout', `Fetching took longer than ${seconds} s, the limit of SLIPWAY_FETCH_TIME.`, {
    cause,
    hint: 'Try again later; a smaller repository fetches faster.',
  });
}
