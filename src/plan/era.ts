/** From a day to its era: Debian, Python and R. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import {
  BOOKWORM,
  CONDA_PYTHONS,
  ERAS,
  isTooNew,
  minor,
  PYTHONS,
  position,
  type SuiteEra,
  WHEELS_SINCE,
} from '../pythons.ts';
import type { Era, Notice, PythonChoice, PythonWish } from '../types.ts';
import { GLIBC } from '../wheel-tags.ts';
import { bounded, onlyOlder, releaseOf } from './python-bounds.ts';

/** The oldest that uv lists; a mirror with a listing of its own may have older ones. */
const OLDEST_OF_UV = '3.8';

function eraOf(day: string): SuiteEra {
  const era = ERAS.findLast(({ from }) => from <= day);
  if (era === undefined) throw new SlipwayError('internal', `No era for ${day}.`);
  return era;
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

/** Whether the conda channel that has old Pythons answers; plan/channels.ts asks it. */
export type ReachesChannel = () => Promise<boolean>;

export interface EraChoice {
  era: Era;
  python: PythonChoice;
  notices: Notice[];
  /** Another one would be chosen if a channel had answered. */
  standsIn?: boolean;
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
    if (candidates.includes(wanted)) return value === wanted ? releaseOf(wanted, wish.requires, managed) : wanted;
  } else if (candidates.includes(wanted)) {
    if (managed.includes(wanted)) return value;
    const message = `${file} asks for Python ${value}; of it only Debian's own can be had here, so it is ${own?.full ?? wanted}.`;
    notices.push({ code: 'python-moved', message, file });
    return wanted;
  }
  const chosen = wanted.startsWith('3.') ? nearest(candidates, wanted) : (candidates[0] ?? wanted);
  if (!wanted.startsWith('2.') && isTooNew(wanted)) {
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

/** A Python older than all others that can be had here, which a conda channel may have. */
function olderThanAll(
  wish: PythonWish,
  candidates: readonly string[],
  managed: readonly string[],
): PythonWish['version'] {
  const oldest = position(candidates[0] ?? '');
  const older = CONDA_PYTHONS.filter((python) => python.startsWith('2.') || position(python) < oldest);
  if (wish.version !== undefined) {
    const { value, file } = wish.version;
    if (!older.includes(minor(value))) return undefined;
    return { value: value === minor(value) ? releaseOf(value, wish.requires, older) : value, file };
  }
  const value = wish.requires && onlyOlder(wish.requires, candidates, managed, older);
  return value === undefined ? undefined : { value, file: wish.requires?.file ?? '' };
}

/** rattler, which solves such an environment, runs on the suite's own Python from bookworm on. */
function suiteAlone(asOf: string, wish: Pick<PythonWish, 'version'>): EraChoice {
  const own = eraOf(asOf);
  const { suite, r } = own.suite === 'bullseye' ? eraOf(BOOKWORM) : own;
  const version = wish.version?.value ?? '';
  return {
    era: { debian: suite, python: version, r },
    python: { version: '', source: 'conda', notBefore: asOf },
    notices: [],
  };
}

function fromChannel(asOf: string, version: NonNullable<PythonWish['version']>): EraChoice {
  const { value, file } = version;
  const message = `${file} asks for Python ${value}, which neither Debian nor uv has any more: it comes from the conda channel conda-forge.`;
  return { ...suiteAlone(asOf, { version }), notices: [{ code: 'python-from-conda', message, file }] };
}

/**
 * Chooses the Debian suite and the Python for a day and what the repository says about its Python: an explicit
 * version wins, `requires-python` bounds, pins decide, else it is the day's own. One that is older than all that can be had
 * comes from a conda channel where that answers.
 * @throws SlipwayError `unsupported_version`, `index_unreachable` (from `rank`)
 */
export async function chooseEra(
  asOf: string,
  wish: PythonWish,
  config: Config,
  { rank, reachesChannel }: { rank: RankPythons; reachesChannel: ReachesChannel },
): Promise<EraChoice> {
  if (wish.isOwn && config.SLIPWAY_CONDA === 'rattler') return suiteAlone(asOf, wish);
  const notices: Notice[] = [];
  const managed = managedPythons(config.SLIPWAY_PYTHONS);
  const own = ERAS.map(({ python }) => python);
  const candidates = [...new Set([...own, ...managed])].sort((a, b) => position(a) - position(b));
  const old = config.SLIPWAY_CONDA === 'rattler' ? olderThanAll(wish, candidates, managed) : undefined;
  if (old !== undefined) {
    if (await reachesChannel()) return fromChannel(asOf, old);
    const message = `${old.file} asks for Python ${old.value}; the conda channel conda-forge, which may have it, does not answer.`;
    notices.push({ code: 'channel-unreached', message, file: old.file });
  }
  const preferred = pythonOf(asOf);
  let version = explicit(wish, candidates, managed, notices);
  if (version === undefined) {
    const versions = bounded(wish.requires, candidates, managed, notices);
    const fitting = [...versions.keys()];
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
    const chosen = ranked?.python ?? near;
    version = versions.get(chosen) ?? chosen;
    notices.push(...(ranked?.notices ?? []));
  }
  const suite = suiteOf(version, asOf);
  const source = suite.python === version ? 'debian' : 'managed';
  return {
    era: { debian: suite.suite, python: version, r: suite.r },
    python: { version, source, notBefore: WHEELS_SINCE[minor(version)] ?? asOf },
    notices,
    ...(old === undefined ? {} : { standsIn: true }),
  };
}
