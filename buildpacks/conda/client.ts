/** The hashed lock of the conda client, py-rattler. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../src/root.ts';

/** One `name==version --hash=…` a line, comments left out. */
export function clientLock(): string[] {
  const text = readFileSync(join(PACKAGE_ROOT, 'buildpacks', 'conda', 'client.lock'), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
