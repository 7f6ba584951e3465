/** Bounds such as `>=3.11.4,<3.12`: which Pythons are within, down to the patch release. */
import { satisfies, validRange } from '@renovatebot/pep440';
import { fullVersion, lastRelease, position, releases } from '../pythons.ts';
import type { Notice, PythonWish } from '../types.ts';

type Bounds = NonNullable<PythonWish['requires']>;

/** Longer ones are not looked at: each costs time for every release. */
const LONGEST = 500;
const RELEASE = /(?<![\d.])(2\.7|3\.\d+)\.(\d{1,3})\b/g;
const LAST_PYTHON_2 = '2.7.18';
/** Minor versions that a repository may name, whether they can be had or not. */
const NAMED = Array.from({ length: 31 }, (_, index) => `3.${index}`);

/** As people mean them: `==3.11` is any 3.11, and a comma at the end says nothing. */
function meant(bounds: string): string {
  return bounds.replace(/,\s*$/, '').replace(/==\s*(2\.7|3\.\d+)(?![\d.*])/g, '==$1.*');
}

function isRange(bounds: string): boolean {
  return bounds.length <= LONGEST && validRange(bounds);
}

/** `3.11` where what that is here is within, else the last release of it where that can be had and is. */
function usual(python: string, bounds: string, managed: readonly string[]): string | undefined {
  if (satisfies(fullVersion(python), bounds)) return python;
  const last = lastRelease(python);
  return managed.includes(python) && satisfies(last, bounds) ? last : undefined;
}

/** Only at a release that they name, or beside it, do bounds change their mind within a minor version. */
function anyRelease(python: string, bounds: string): string | undefined {
  const named = [...bounds.matchAll(RELEASE)]
    .filter(([, minor]) => minor === python)
    .map(([, , patch]) => Number(patch));
  const patches = named.flatMap((patch) => [Math.max(patch - 1, 0), patch, patch + 1]);
  return releases(python, patches).find((release) => satisfies(release, bounds));
}

/** A minor version as bounds have it: itself, or a patch release that has to be managed; undefined where none is within. */
function withinBounds(python: string, bounds: string, managed: readonly string[]): string | undefined {
  return usual(python, bounds, managed) ?? (managed.includes(python) ? anyRelease(python, bounds) : undefined);
}

/** The version to take of a minor version that is asked for: bounds may choose its patch release, and nothing else. */
export function releaseOf(python: string, requires: Bounds | undefined, managed: readonly string[]): string {
  const bounds = meant(requires?.value ?? '');
  if (requires === undefined || !isRange(bounds)) return python;
  return withinBounds(python, bounds, managed) ?? python;
}

/** The candidates nearest to what bounds name that none of them is within. */
function nearestTo(bounds: string, candidates: readonly string[]): readonly string[] {
  const named = NAMED.filter((python) => anyRelease(python, bounds) !== undefined).map(position);
  if (named.length === 0) return satisfies(LAST_PYTHON_2, bounds) ? candidates.slice(0, 1) : candidates;
  const distance = (python: string) => Math.min(...named.map((one) => Math.abs(one - position(python))));
  const least = Math.min(...candidates.map(distance));
  return candidates.filter((python) => distance(python) === least);
}

/** The newest of `older` within bounds that none of the candidates is within. */
export function onlyOlder(
  { value }: Bounds,
  candidates: readonly string[],
  managed: readonly string[],
  older: readonly string[],
): string | undefined {
  const bounds = meant(value);
  if (!isRange(bounds)) return undefined;
  if (candidates.some((python) => withinBounds(python, bounds, managed) !== undefined)) return undefined;
  return older.map((python) => withinBounds(python, bounds, older)).find((release) => release !== undefined);
}

function same(pythons: readonly string[]): Map<string, string> {
  return new Map(pythons.map((python) => [python, python]));
}

/**
 * The candidates within the bounds, oldest first, each with the version to take of it. Where none is, those nearest to
 * them, with a notice.
 */
export function bounded(
  requires: Bounds | undefined,
  candidates: readonly string[],
  managed: readonly string[],
  notices: Notice[],
): Map<string, string> {
  if (requires === undefined) return same(candidates);
  const { file } = requires;
  const said = requires.value.slice(0, 80);
  const value = meant(requires.value);
  if (!isRange(value)) {
    const message = `${file}: requires-python "${said}" is no version specifier, so it has no say. Write it as >=3.9 or >=3.9,<3.13.`;
    notices.push({ code: 'python-bounds', message, file });
    return same(candidates);
  }
  // A minor version of which only some older release is within counts only where no other one is.
  for (const versionOf of [usual, withinBounds]) {
    const fitting = candidates.flatMap((python): [string, string][] => {
      const version = versionOf(python, value, managed);
      return version === undefined ? [] : [[python, version]];
    });
    if (fitting.length > 0) return new Map(fitting);
  }
  const nearest = nearestTo(value, candidates);
  const message = `${file} requires Python ${said}, which none of ${candidates.map(fullVersion).join(', ')} is; the nearest is tried all the same.`;
  notices.push({ code: 'python-bounds', message, file });
  return same(nearest);
}
