/** Every launch as a line of JSON, for operators who count what is used. It names repositories, and nobody who asked. */
import { appendFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Observation } from './types.ts';

type Ended = Extract<Observation, { kind: 'launch' }>;

/** Keys as in BinderHub's event log, `binderhub.jupyter.org/launch` version 5. */
function line({ provider, spec, ref, commit, outcome, took, hasBuildToken }: Ended, origin: string): string {
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    schema: 'binderhub.jupyter.org/launch',
    version: 5,
    provider,
    spec: `${spec}/${ref}`,
    ref: commit ?? '',
    status: outcome === 'ready' ? 'success' : outcome,
    origin,
    build_token: hasBuildToken,
    // Ours, in seconds.
    duration: took / 1000,
  });
}

/** Appends in order; a file that cannot be written fails no launch. An empty path writes nothing. */
export function createEventLog(path: string, origin: string, log: Logger): (ended: Ended) => void {
  if (path === '') return () => undefined;
  let writing = Promise.resolve();
  return (ended) => {
    writing = writing
      .then(() => appendFile(path, `${line(ended, origin)}\n`, { mode: 0o640 }))
      .catch((error: unknown) => log.error({ err: error }, 'the event log cannot be written'));
  };
}
