/** What a process of the service does by itself, all the time: work, take over, cull, prune. */
import type { Worker } from '../queue/jobs.ts';
import type { Builds } from './builds.ts';
import type { Context } from './context.ts';
import type { Launches } from './launches.ts';
import type { Pruner } from './pruner.ts';
import { RollCall } from './roll-call.ts';
import type { Watching } from './watching.ts';

/** How often each duty is done, in milliseconds. */
const EVERY = { rollCall: 2000, watching: 10_000, disk: 180_000, files: 3_600_000, registry: 86_400_000 };

interface Deps {
  context: Context;
  launches: Launches;
  builds: Builds;
  watching: Watching;
  pruner: Pruner;
}

export interface Duties {
  /** Ends work, or gives it back to others after `grace`. */
  stopWork(grace: number): Promise<void>;
  close(): Promise<void>;
}

export async function beginDuties(deps: Deps, parts: { web: boolean; worker: boolean }): Promise<Duties> {
  const { context, launches, builds, watching, pruner } = deps;
  const rollCall = new RollCall(context);
  const repeated: (() => Promise<void>)[] = [];
  let workers: Worker[] = [];
  if (parts.web) {
    await launches.open();
    await rollCall.enter();
    const look = () => rollCall.look((gone) => launches.takeOver(gone));
    repeated.push(repeat(look, EVERY.rollCall, context));
    const cull = async () => {
      await watching.sweep();
      await launches.cullUnwatched();
      await builds.settleLost();
    };
    repeated.push(repeat(cull, Math.min(EVERY.watching, context.config.SLIPWAY_WATCH_GRACE / 2), context));
  }
  if (parts.worker) {
    workers = builds.startWorkers();
    repeated.push(repeat(() => pruner.look(), EVERY.disk, context));
    repeated.push(repeat(() => pruner.tidy(), EVERY.files, context));
    if (context.config.SLIPWAY_REGISTRY !== '') repeated.push(repeat(() => pruner.retain(), EVERY.registry, context));
  }
  return {
    async stopWork(grace) {
      await Promise.all(workers.map((worker) => worker.close(grace)));
    },
    async close() {
      await Promise.all(repeated.map((end) => end()));
      await rollCall.leave();
    },
  };
}

/** Does something now and every so often; the returned function ends it, and waits for what is under way. */
function repeat(duty: () => Promise<unknown>, every: number, { log }: Context): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const turn = async (): Promise<void> => {
    await duty().catch((error: unknown) => ended || log.warn({ err: error }, 'a duty was not done'));
    if (!ended) timer = setTimeout(again, every).unref();
  };
  let doing = turn();
  const again = () => {
    doing = turn();
  };
  return async () => {
    ended = true;
    clearTimeout(timer);
    await doing;
  };
}
