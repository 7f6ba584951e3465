/** What a check of `slipway doctor` finds. */
import type { Config } from '../../config.ts';
import { toSlipwayError } from '../../errors.ts';

export interface Finding {
  check: string;
  /** `warn`: works, but not as well or as safely as it could. `fail`: a launch would fail. */
  state: 'ok' | 'warn' | 'fail';
  message: string;
  /** How to mend it. */
  mend?: string;
}

/** Looks at one thing. May throw; that is a finding too. */
export type Check = (config: Config, signal: AbortSignal) => Promise<Finding | Finding[]>;

export function ok(check: string, message: string): Finding {
  return { check, state: 'ok', message };
}

export function warn(check: string, message: string, mend: string): Finding {
  return { check, state: 'warn', message, mend };
}

export function fail(check: string, message: string, mend: string): Finding {
  return { check, state: 'fail', message, mend };
}

/** What a check that threw has found. */
export function thrown(check: string, error: unknown): Finding {
  const { message, hint } = toSlipwayError(error);
  return { check, state: 'fail', message, ...(hint !== undefined && { mend: hint }) };
}
