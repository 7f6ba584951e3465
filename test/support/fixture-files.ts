/** The files of a buildpack's fixture, for tests that change one of them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../src/root.ts';

/** @param name `python/poetry` */
export function fixtureFiles(name: string): Record<string, string> {
  const folder = join(PACKAGE_ROOT, 'buildpacks', name.replace('/', '/fixtures/'), 'repo');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) =>
    statSync(join(folder, one)).isFile(),
  );
  return Object.fromEntries(files.map((one) => [one, readFileSync(join(folder, one), 'utf8')]));
}
