import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BASE_REVISION } from '../../../src/plan/keys.ts';
import { PACKAGE_ROOT } from '../../../src/root.ts';

/** What goes into images beside plans and locks: templates, and the scripts that they carry. */
function shipped(): string {
  const hash = createHash('sha256');
  for (const top of ['templates', 'buildpacks']) {
    const names = readdirSync(join(PACKAGE_ROOT, top), { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names) {
      const path = join(PACKAGE_ROOT, top, name);
      if (/fixtures|^pages|\.(?:ts|md|lock)$/.test(name) || !statSync(path).isFile()) continue;
      hash.update(`${top}/${name}\0`).update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex').slice(0, 16);
}

test('what images are made of has not changed without a new BASE_REVISION', () => {
  // After a change: raise BASE_REVISION in src/plan/keys.ts, and write both here.
  expect({ revision: BASE_REVISION, shipped: shipped() }).toEqual({ revision: 15, shipped: '299c08bf93cdaf13' });
});
