/** From a day to its era: Debian, Python and R. */
import { satisfies } from '@renovatebot/pep440';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Era, Notice, PythonChoice, PythonWish, Suite } from '../types.ts';
import { GLIBC } from '../wheel-tags.ts';

interface SuiteEra {
  from: string;
  suite: Suite;
  python: string;
  /** Its full version, for bounds such as `<=3.11.1`. */
  full: string;
  r: string;
}

const BOOKWORM = '2023-06-10';
const ERAS: readonly SuiteEra[] = [
  { from: '0000-00-00', suite: 'bullseye', python: '3.9', full: '3.9.2', r: '4.0' },
  { from: BOOKWORM, suite: 'bookworm', python: '3.11', full: '3.11.2', r: '4.2' },
  { from: '2025-08-09', suite: 'trixie', python: '3.13', full: '3.13.5', r: '4.5' },
];

/** Day from which on wheels for a Python were common, about four months after its release. */
const WHEELS_SINCE: Record<string, string> = {
  '3.6': '2017-04-01',
  '3.7': '2018-10-01',
  '3.8': '2020-02-01',
  '3.9': '2021-02-01',
  '3.10': '2022-02-01',
  '3.11': '2023-02-01',
  '3.12': '2024-02-01',
  '3.13': '2025-02-01',
  '3.14': '2026-02-01',
};
const PYTHONS = Object.keys(WHEELS_SINCE);
/** The oldest that uv lists; a mirror with a listing of its own may have older ones. */
const OLDEST_OF_UV = '3.8';

/** The last patch release, against which bounds are held where uv provides the Python. */
const LAST_PATCH: Record<string, number> = {
  '3.6': 15,
  '3.7': 17,
  '3.8': 20,
  '3.9': 25,
  '3.10': 20,
  '3.11': 15,
  '3.12': 13,
  '3.13': 12,
  '3.14': 4,
};

function eraOf(day: string): SuiteEra {
  const era = ERAS.findLast(({ from }) => from <= day);
  if (era === undefined) throw new SlipwayError('internal', `No era for ${day}.`);
  return era;
}

function minor(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function position(version: string): number {
  return Number(minor(version).split('.')[1]);
}

/** The Python of a day: its Debian's own, and before the first Debian that we have the newest with wheels. */
function pythonOf(day: string): string {
  const era = eraOf(day);
  if (era.suite !== 'bullseye' || (WHEELS_SINCE[era.python] ?? '') <= day) return era.python;
  return PYTHONS.findLast((python) => (WHEELS_SINCE[python] ?? '') <= day) ?? PYTHONS[0] ?? era.python;
}

/** The managed Pythons that an operator lets repositories have beside Debian's own. */
function managedPythons(setting: Config['SLIPWAY_PYTHONS']): readonly string[] {
  if (setting === 'debian') return [];
  return setting === 'any' ? PYTHONS.slice(PYTHONS.indexOf(OLDEST_OF_UV)) : setting.split(',');
}

function suiteOf(version: string, asOf: string): SuiteEra {
  return ERAS.find(({ python }) => python === minor(version)) ?? eraOf(asOf);
}

/** Minor version of the glibc under a Python that is chosen for a day: what its wheels may ask for. */
export function glibcOf(python: string, asOf: string): number {
  return GLIBC[suiteOf(python, asOf).suite];
}

/** `3.11` → the patch release that it is here; a full version is itself. */
export function fullVersion(version: string): string {
  if (version !== minor(version)) return version;
  return ERAS.find(({ python }) => python === version)?.full ?? `${version}.${LAST_PATCH[version] ?? 0}`;
}

function nearest(candidates: readonly string[], wanted: string): string {
  const distance = (version: string) => Math.abs(position(version) - position(wanted));
  const sorted = [...candidates].sort((a, b) => distance(a) - distance(b) || position(b) - position(a));
  return sorted[0] ?? wanted;
}

/** Which Pythons have wheels for most of the pins; plan/wheels.ts asks the index. */
export type RankPythons = (
  pins: PythonWish['pins'],
  candidates: readonly string[],
  preferred: string,
  /** Files uploaded after that day have no say. */
  asOf: string,
) => Promise<{ python: string; notices: Notice[] }>;

export interface EraChoice {
  era: Era;
  python: PythonChoice;
  notices: Notice[];
}

function explicit(
  wish: PythonWish,
  candidates: readonly string[],
  managed: readonly string[],
  notices: Notice[],
): string | undefined {
  if (wish.version === undefined) return undefined;
  const { value, file } = wish.version;
  const wanted = minor(value);
  const own = ERAS.find(({ python }) => python === wanted);
  if (value === wanted || value === own?.full) {
    if (candidates.includes(wanted)) return wanted;
  } else if (candidates.includes(wanted)) {
    if (managed.includes(wanted)) return value;
    const message = `${file} asks for Python ${value}; of it only Debian's own can be had here, so it is ${own?.full ?? wanted}.`;
    notices.push({ code: 'python-moved', message, file });
    return wanted;
  }
  const chosen = wanted.startsWith('3.') ? nearest(candidates, wanted) : (candidates[0] ?? wanted);
  if (!wanted.startsWith('2.') && position(wanted) > position(PYTHONS.at(-1) ?? '')) {
    throw new SlipwayError('unsupported_version', `${file} asks for Python ${value}, which does not exist yet.`, {
      hint: `Ask for one of ${candidates.join(', ')}.`,
    });
  }
  notices.push({
    code: 'python-moved',
    message: `${file} asks for Python ${value}, which cannot be had here; ${chosen} is the nearest.`,
    file,
  });
  return chosen;
}

function bounded(wish: PythonWish, candidates: readonly string[], notices: Notice[]): readonly string[] {
  if (wish.requires === undefined) return candidates;
  const { value, file } = wish.requires;
  let fitting: string[];
  try {
    fitting = candidates.filter((version) => satisfies(fullVersion(version), value));
  } catch (error) {
    throw new SlipwayError(
      'bad_environment_file',
      `${file}: requires-python "${value.slice(0, 80)}" is no version specifier.`,
      {
        hint: 'Write it as >=3.9 or >=3.9,<3.13.',
        cause: error,
      },
    );
  }
  if (fitting.length > 0) return fitting;
  const message = `${file} requires Python ${value.slice(0, 80)}, which none of ${candidates.join(', ')} is; it is tried all the same.`;
  notices.push({ code: 'python-bounds', message, file });
  return candidates;
}

/** rattler, which solves such an environment, runs on the suite's own Python from bookworm on. */
function suiteAlone(asOf: string, wish: PythonWish): EraChoice {
  const own = eraOf(asOf);
  const { suite, r } = own.suite === 'bullseye' ? eraOf(BOOKWORM) : own;
  const version = wish.version?.value ?? '';
  return {
    era: { debian: suite, python: version, r },
    python: { version: '', source: 'conda', notBefore: asOf },
    notices: [],
  };
}

/**
 * Chooses the Debian suite and the Python for a day and what the repository says about its Python: an explicit
 * version wins, `requires-python` bounds, pins decide, else it is the day's own.
 * @throws SlipwayError `unsupported_version`, `index_unreachable` (from `rank`)
 */
export async function chooseEra(asOf: string, wish: PythonWish, config: Config, rank: RankPythons): Promise<EraChoice> {
  if (wish.isOwn && config.SLIPWAY_CONDA === 'rattler') return suiteAlone(asOf, wish);
  const notices: Notice[] = [];
  const managed = managedPythons(config.SLIPWAY_PYTHONS);
  const own = ERAS.map(({ python }) => python);
  const candidates = [...new Set([...own, ...managed])].sort((a, b) => position(a) - position(b));
  const preferred = pythonOf(asOf);
  let version = explicit(wish, candidates, managed, notices);
  if (version === undefined) {
    const fitting = bounded(wish, candidates, notices);
    // An older one has wheels of the day; a newer one would move the day.
    const older = fitting.findLast((python) => position(python) <= position(preferred));
    const near = older ?? nearest(fitting, preferred);
    if (near !== preferred && !candidates.includes(preferred)) {
      notices.push({
        code: 'python-moved',
        message: `Python ${preferred} of ${asOf} cannot be had here; ${near} is the nearest.`,
      });
    }
    const ranked = wish.pins.length > 0 ? await rank(wish.pins, fitting, near, asOf) : undefined;
    version = ranked?.python ?? near;
    notices.push(...(ranked?.notices ?? []));
  }
  const suite = suiteOf(version, asOf);
  const source = suite.python === version ? 'debian' : 'managed';
  return {
    era: { debian: suite.suite, python: version, r: suite.r },
    python: { version, source, notBefore: WHEELS_SINCE[minor(version)] ?? asOf },
    notices,
  };
}
