/** What an aborted signal means: the SlipwayError that it was aborted with, else `interrupted`. */
import { SlipwayError } from '../errors.ts';

/** The error of a signal that is aborted. */
export function cancelled(signal: AbortSignal): SlipwayError {
  if (signal.reason instanceof SlipwayError) return signal.reason;
  return new SlipwayError('interrupted', 'The build was cancelled.', { cause: signal.reason });
}

/** Throws `cancelled` once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled(signal);
}
