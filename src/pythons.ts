/** The Pythons that there are, and the Debian suites of which some are the own. */
import type { Suite } from './types.ts';

export interface SuiteEra {
  from: string;
  suite: Suite;
  python: string;
  /** Its full version, for bounds such as `<=3.11.1`. */
  full: string;
  r: string;
}

export const BOOKWORM = '2023-06-10';
export const ERAS: readonly SuiteEra[] = [
  { from: '0000-00-00', suite: 'bullseye', python: '3.9', full: '3.9.2', r: '4.0' },
  { from: BOOKWORM, suite: 'bookworm', python: '3.11', full: '3.11.2', r: '4.2' },
  { from: '2025-08-09', suite: 'trixie', python: '3.13', full: '3.13.5', r: '4.5' },
];

/** Day from which on wheels for a Python were common, about four months after its release. */
export const WHEELS_SINCE: Record<string, string> = {
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
export const PYTHONS = Object.keys(WHEELS_SINCE);

/** Those that conda-forge has had, newest first: of these a repository may get one that is older than all others here. */
export const CONDA_PYTHONS = ['3.8', '3.7', '3.6', '3.5', '3.4', '2.7'];

/** The last patch release, against which bounds are held where uv or conda provides the Python. */
const LAST_PATCH: Record<string, number> = {
  '2.7': 18,
  '3.4': 10,
  '3.5': 10,
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

export function minor(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** 11 of `3.11.2`. */
export function position(version: string): number {
  return Number(minor(version).split('.')[1]);
}

/** Whether no tool of today knows it: uv begins with 3.6, and so do servers of notebooks. */
export function isAncient(version: string): boolean {
  return version.startsWith('2.') || (version !== '' && position(version) < position('3.6'));
}

/** Whether a Python 3 is newer than any known here. */
export function isTooNew(version: string): boolean {
  return position(version) > position(PYTHONS.at(-1) ?? '');
}

/** `3.11` → the patch release that it is here; a full version is itself. */
export function fullVersion(version: string): string {
  if (version !== minor(version)) return version;
  return ERAS.find(({ python }) => python === version)?.full ?? lastRelease(version);
}

/** `3.11` → `3.11.15` */
export function lastRelease(python: string): string {
  return `${python}.${LAST_PATCH[python] ?? 0}`;
}

/** Patch releases of a minor version, likeliest first: from the last one known down, then those that came later. */
export function releases(python: string, patches: readonly number[]): string[] {
  const last = LAST_PATCH[python] ?? 0;
  const sorted = [...new Set([0, last, ...patches])].sort((a, b) => b - a);
  const known = sorted.filter((patch) => patch <= last);
  const later = sorted.filter((patch) => patch > last).reverse();
  return [...known, ...later].map((patch) => `${python}.${patch}`);
}
