/** Packages of a repository's day beside today's. */
import { condaPackage } from './conda-lock.ts';
import { SlipwayError } from './errors.ts';

/** A package as of a repository's day, and today; null where the one or the other has none. */
export interface VersionRow {
  name: string;
  asOf: string | null;
  latest: string | null;
}

/** Name → version, of a lock's lines; what comes from an address has that as its version. */
function readLock(lock: string): Map<string, string> {
  return new Map(
    lock.split('\n').flatMap((line): [string, string][] => {
      const conda = condaPackage(line);
      if (conda) return [[conda.name, conda.version]];
      const [, name, version] = /^([A-Za-z0-9._-]+)(?:==| @ )(\S+)/.exec(line) ?? [];
      return name && version ? [[name, version]] : [];
    }),
  );
}

/** Two locks side by side, by name. */
export function versionRows(asOf: string, latest: string): VersionRow[] {
  const [then, now] = [readLock(asOf), readLock(latest)];
  const names = [...new Set([...then.keys(), ...now.keys()])].sort();
  return names.map((name) => ({ name, asOf: then.get(name) ?? null, latest: now.get(name) ?? null }));
}

/** Whether an error tells that what is required cannot be had, and nothing is wrong with machine or network. */
export function isOfRequirements(error: unknown): error is SlipwayError {
  const codes: readonly string[] = ['package_not_found', 'version_conflict', 'compile_failed', 'build_failed'];
  return error instanceof SlipwayError && codes.includes(error.code);
}
