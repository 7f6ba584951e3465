import { SlipwayError } from '../errors.ts';
import type { Suite } from '../types.ts';
import type { Failure } from './journal.ts';
export function diagnose(failure: Failure, _context: { suite: Suite }): SlipwayError {
  return new SlipwayError(
    'build_failed',
    `The build failed at step "${failure.step}": ${failure.message}\n${failure.lines.slice(-20).join('\n')}`,
  );
}
