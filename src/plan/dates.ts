/** `asOf`: the day that a repository was last worked on. */
import type { Config } from '../config.ts';
import type { Checkout, Match, Notice } from '../types.ts';

/** Files whose change says that somebody worked on the code, by extension. Data, prose and CI move nothing. */
const CODE =
  /\.(?:ipynb|py|pyx|r|rmd|qmd|jl|js|mjs|ts|tsx|sh|c|cc|cpp|cxx|h|hpp|f|f90|java|scala|sql|m|mat|stan|rs|go)$/i;
const CI = /^(?:\.github|\.gitlab|\.circleci|\.travis|ci)\//;
const FIRST_DAY = '2015-01-01';

export function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function firstOfMonth(date: Date): string {
  return `${isoDay(date).slice(0, 7)}-01`;
}

function counts(paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some((path) => CODE.test(path) && !CI.test(path));
}

/** Dates are what the author's clock said; a wrong one must not ask an index for a day that has no packages. */
function clamp(day: string, notices: Notice[], source: string): string {
  const today = isoDay(new Date());
  if (day >= FIRST_DAY && day <= today) return day;
  const clamped = day < FIRST_DAY ? FIRST_DAY : today;
  notices.push({
    code: 'date-clamped',
    message: `${source} says ${day}; packages are taken as of ${clamped} instead.`,
  });
  return clamped;
}

function stated(matches: readonly Match<never>[], notices: Notice[]): string | undefined {
  const dates = matches.flatMap((match) => (match.asOf ? [match.asOf] : []));
  const [first] = dates;
  return first && clamp(first.date, notices, first.file);
}

/**
 * The day that packages are taken as of: what a file or the operator states, else the later of the last change of an
 * environment file and the month of the last change of code; of a complete lock its own last change.
 * @returns `YYYY-MM-DD`, UTC
 */
export async function asOfDay(
  checkout: Checkout,
  matches: readonly Match<never>[],
  config: Config,
): Promise<{ asOf: string; notices: Notice[] }> {
  const notices: Notice[] = [];
  const fromFile = stated(matches, notices);
  if (fromFile !== undefined) return { asOf: fromFile, notices };
  const setting = config.SLIPWAY_AS_OF;
  if (setting === 'latest') return { asOf: isoDay(new Date()), notices };
  if (setting !== 'auto') return { asOf: clamp(setting, notices, 'SLIPWAY_AS_OF'), notices };
  const locks = matches.flatMap(({ lock = [] }) => lock);
  const files = locks.length > 0 ? locks : matches.flatMap((match) => match.files);
  const environment = files.length === 0 ? undefined : await checkout.history.lastTouched(files);
  // A complete lock says all: work on the code asks for nothing newer.
  const code = environment && locks.length > 0 ? undefined : await checkout.history.lastWhere(counts);
  const days = [...(environment ? [isoDay(environment)] : []), ...(code ? [firstOfMonth(code)] : [])].sort();
  const day = days.at(-1) ?? firstOfMonth(checkout.commitDate);
  return { asOf: clamp(day, notices, 'The date of a commit'), notices };
}
