/** An engine that goes away under a build, as when it is restarted: it is waited for, and the work begins anew. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectEngine } from '../engine.ts';
import { toSlipwayError } from '../errors.ts';
import type { JournalWriter } from '../queue/journal.ts';
import type { Context } from './context.ts';

/** How long each try of a job waits; with all tries this is a minute and a half. */
const PATIENCE = 30_000;
const PAUSE = 500;

/** Where the work is told, and until when it is wanted. */
interface Told {
  writer: JournalWriter;
  signal: AbortSignal;
}

/**
 * Does work that needs the engine. Lost once in it, the engine is waited for and the work done from its start, which counts as
 * no try of the job: what was finished is found in the engine.
 * @throws what the work does; `engine_missing` when the engine does not come back or is lost once more
 */
export async function despiteEngineLoss<T>(
  { config }: Pick<Context, 'config'>,
  { writer, signal }: Told,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || toSlipwayError(error).code !== 'engine_missing') throw error;
    writer.append({ data: { phase: 'waiting', message: 'The Docker engine went away; waiting for it\n' } });
    if (!(await isBack(config, signal))) throw error;
    return work();
  }
}

async function isBack(config: Context['config'], signal: AbortSignal): Promise<boolean> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const ended = new Promise<false>((resolve) => over.addEventListener('abort', () => resolve(false), { once: true }));
  const answers = async () => {
    while (!over.aborted) {
      if (await connectEngine(config).catch(() => undefined)) return true;
      await sleep(PAUSE);
    }
    return false;
  };
  // An engine that is just coming up takes the question and answers later.
  return Promise.race([answers(), ended]);
}
