/** Launches of commits that have no image yet, into servers that run already: fetched and planned right here. */
import { planKey, prepare } from '../pipeline.ts';
import type { Resolved, Session } from '../types.ts';
import type { Context } from './context.ts';
import type { SessionWish } from './session-wishes.ts';
import type { Sessions } from './sessions.ts';

/** Fetches for it at the same time; who comes when it is busy goes the ordinary way. */
const AT_ONCE = 4;
/** A repository that takes longer to fetch is not what such servers are for. */
const PATIENCE = 5000;

export class WarmLaunches {
  private readonly context: Context;
  private readonly sessions: Sessions;
  private readonly trying = new Set<string>();

  constructor(context: Context, sessions: Sessions) {
    this.context = context;
    this.sessions = sessions;
  }

  /**
   * A session in a server that waited; undefined when there is none that fits. Whatever goes wrong on the way is told by
   * the build that then follows.
   * @param wishOf called when the commit's files are there and a server is
   */
  async claim(resolved: Resolved, subdir: string, wishOf: () => Promise<SessionWish>): Promise<Session | undefined> {
    const { config, log } = this.context;
    const key = planKey(resolved, subdir, config);
    // Of those who come together the first takes a server, and the others share a build.
    if (this.trying.has(key) || this.trying.size >= AT_ONCE || !(await this.sessions.hasWarm())) return undefined;
    this.trying.add(key);
    const stage = { config, emit: () => undefined, signal: AbortSignal.timeout(PATIENCE) };
    let wish: SessionWish | undefined;
    const claiming = new Promise<Session | undefined>((resolve, reject) => {
      // Nobody waits until the commit's files are removed again.
      prepare(resolved, subdir, stage, async (prepared) => {
        resolve(await this.sessions.claim(prepared, async () => (wish = await wishOf())));
      })
        .catch((err) => {
          log.debug({ err }, 'no server that waits was taken, or its checkout stays');
          reject(err);
        })
        .finally(() => this.trying.delete(key));
    });
    try {
      return await claiming;
    } catch (err) {
      // What concerns the launch itself is not the build's to tell.
      if (wish?.signal.aborted) throw err;
      return undefined;
    }
  }
}
