/** How an error ends a launch or a build: one of the three places where errors are translated. */
import { SlipwayError, toSlipwayError } from '../errors.ts';
import type { Failure } from './types.ts';

/** Whatever was thrown, as records keep it. What happened inside of us is the log's, not the reader's. */
export function failureOf(thrown: unknown): Failure {
  const { code, message, hint, kind } = toSlipwayError(thrown);
  const { blame, status, retryable } = kind;
  const said = code === 'internal' ? 'Something went wrong that Slipway did not expect.' : message;
  const mend = code === 'internal' ? 'This is a fault of Slipway: whoever runs it finds more in its log.' : hint;
  return { code, message: said, ...(mend !== undefined && { hint: mend }), blame, status, retryable };
}

/** A kept failure as an error again. */
export function errorOf({ code, message, hint }: Failure): SlipwayError {
  return new SlipwayError(code, message, hint === undefined ? {} : { hint });
}

/** The event that ends a stream. */
export function failedEvent({ code, message, hint, status }: Failure): object {
  return { phase: 'failed', message: `${message}\n`, code, ...(hint !== undefined && { hint }), status_code: status };
}

/** What a launch or a build that was cancelled failed with. */
export function cancelledFailure(message: string): Failure {
  return failureOf(new SlipwayError('cancelled', message));
}
