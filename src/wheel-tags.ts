/** What the name of a wheel says about where it can be installed (PEP 425, 600). */

import type { Suite } from './types.ts';

export interface WheelTarget {
  /** `3.9`, or `2.7`. */
  python: string;
  /** `x86_64` or `aarch64`. */
  architecture: string;
  /** Minor version of the system's glibc. */
  glibc: number;
}

const LEGACY: Record<string, number> = { manylinux1: 5, manylinux2010: 12, manylinux2014: 17 };

function platformFits(tag: string, { architecture, glibc }: WheelTarget): boolean {
  if (tag === 'any' || tag === `linux_${architecture}`) return true;
  const match = /^(manylinux(?:1|2010|2014|_2_(\d+)))_(.+)$/.exec(tag);
  if (match === null || match[3] !== architecture) return false;
  return (match[2] === undefined ? (LEGACY[match[1] ?? ''] ?? Number.POSITIVE_INFINITY) : Number(match[2])) <= glibc;
}

/** @param release major and minor version */
function interpreterFits(python: string, abi: string, [major, minor]: [number, number]): boolean {
  const [, kind, series, digits = ''] = /^(cp|py)([23])(\d*)$/.exec(python) ?? [];
  if (Number(series) !== major) return false;
  const since = digits === '' ? 0 : Number(digits);
  if (abi === 'abi3') return kind === 'cp' && since <= minor;
  if (abi === 'none') return kind === 'py' ? since <= minor : digits === '' || since === minor;
  // Up to 3.7 the ABI had an m for pymalloc; a t (free threads) or d (debug) is another Python.
  const own = `cp${major}${minor}`;
  // conda's 2.7 has wide characters.
  return kind === 'cp' && since === minor && (major === 2 ? abi === `${own}mu` : abi === own || abi === `${own}m`);
}

/** Version and tags of a wheel's file name; undefined for what is no wheel. */
export function parseWheelName(
  file: string,
): { version: string; pythons: string[]; abis: string[]; platforms: string[] } | undefined {
  const parts = file.endsWith('.whl') ? file.slice(0, -4).split('-') : [];
  if (parts.length !== 5 && parts.length !== 6) return undefined;
  const [pythons = '', abis = '', platforms = ''] = parts.slice(-3);
  return {
    version: parts[1] ?? '',
    pythons: pythons.split('.'),
    abis: abis.split('.'),
    platforms: platforms.split('.'),
  };
}

/** Whether a wheel can be installed there, by its name alone. */
export function wheelFits(file: string, target: WheelTarget): boolean {
  const wheel = parseWheelName(file);
  if (wheel === undefined) return false;
  const [major = 0, minor = 0] = target.python.split('.').map(Number);
  const interpreter = wheel.pythons.some((python) =>
    wheel.abis.some((abi) => interpreterFits(python, abi, [major, minor])),
  );
  return interpreter && wheel.platforms.some((tag) => platformFits(tag, target));
}

/** Minor version of each suite's glibc, for the wheels that it takes. */
export const GLIBC: Record<Suite, number> = { bullseye: 31, bookworm: 36, trixie: 41 };

/** What wheels have to fit in an image. @param platform `linux/amd64` */
export function wheelTarget(python: string, platform: string, suite: Suite): WheelTarget {
  return { python, architecture: platform.endsWith('arm64') ? 'aarch64' : 'x86_64', glibc: GLIBC[suite] };
}
