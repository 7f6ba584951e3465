/** The hashed lock of a suite's Jupyter server. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../root.ts';
import type { Suite } from '../types.ts';

const kept = new Map<Suite, readonly string[]>();

/** One `name==version --hash=…` a line, comments left out. */
export function serverLock(suite: Suite): readonly string[] {
  let lines = kept.get(suite);
  if (lines === undefined) {
    const text = readFileSync(join(PACKAGE_ROOT, 'templates', 'server', `${suite}.lock`), 'utf8');
    lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    kept.set(suite, lines);
  }
  return lines;
}
