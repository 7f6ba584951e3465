/** How a fault of one of conda's files is told. */
import { SlipwayError } from '../../src/errors.ts';
import { shown } from '../../src/paths.ts';

/** Where something stands in a file of the repository, from 1. */
export interface Place {
  file: string;
  line: number;
  column?: number;
}

export function shownPlace({ file, line, column }: Place): string {
  return `${file}, line ${line}${column === undefined ? '' : `, column ${column}`}`;
}

/** `bad_environment_file` at a place. */
export function fault(place: Place, problem: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError('bad_environment_file', `${shownPlace(place)}: ${problem}`, { hint, cause });
}

/** What was written, safe to show: an address keeps its password to itself. */
export function quoted(text: string): string {
  return `"${shown(text.slice(0, 500).replace(/\/\/[^/\s]*@/g, '//…@'))}"`;
}
