/** Tells a full disk from other failures of a fetch, which all begin with a file that could not be written. */
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { diskFull, type SlipwayError, saysDiskFull } from '../errors.ts';

/** With less than this free, a file that git could not write had no room. */
const NEXT_TO_NOTHING = 2 ** 20;

/** git's own words; what a server says stands behind `remote error`. */
const SAYS_SO = /^(?:error|fatal): (?!remote error).*(?:No space left on device|Disk quota exceeded)/m;
const CANNOT_WRITE = /unable to (?:write|create)|write error|failed to write|invalid index-pack output/;

/** The error for a full folder for temporary files; undefined when `thrown` is about something else. Ask before cleaning up. */
export function fullDisk(thrown: unknown): SlipwayError | undefined {
  const words = String((thrown as Error | undefined)?.message ?? '');
  const isFull = saysDiskFull(thrown) || SAYS_SO.test(words) || (CANNOT_WRITE.test(words) && hasNoRoom());
  return isFull ? diskFull(`temporary files in ${tmpdir()}`, thrown) : undefined;
}

function hasNoRoom(): boolean {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize < NEXT_TO_NOTHING;
}
