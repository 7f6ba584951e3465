/** Signals and closed pipes of the process, as one AbortSignal. */
import type { Writable } from 'node:stream';
import { ERRORS, type ErrorCode, SlipwayError } from '../errors.ts';

const SIGNALS = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'terminated' } as const;

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  interrupted: 'Interrupted.',
  terminated: 'Terminated.',
};

/** Milliseconds in which a further signal is the same Ctrl-C: the terminal sends it to us and to npm, and npm passes it on. */
const ECHO = 500;

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that what runs can clean up; the second Ctrl-C does not wait. Also
 * aborts when nobody reads our output any more, since nobody is left to press Ctrl-C.
 */
export function watchProcess(): { signal: AbortSignal; end(): void } {
  const abort = new AbortController();
  let first = -Infinity;
  const stop = (code: 'interrupted' | 'terminated') => {
    if (performance.now() - first < ECHO) return;
    if (abort.signal.aborted) process.exit(ERRORS[code].exit);
    first = performance.now();
    abort.abort(new SlipwayError(code, MESSAGES[code] ?? ''));
  };
  const listeners = Object.entries(SIGNALS).map(([name, code]) => [name, () => stop(code)] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  const broken = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!abort.signal.aborted) abort.abort(new SlipwayError('terminated', 'Nobody reads the output any more.'));
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', broken);
  return {
    signal: abort.signal,
    end() {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

/** Waits until everything written so far has left the process, or can no longer leave it. */
export function flush(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.errored) return resolve();
    stream.write('', () => resolve());
  });
}
