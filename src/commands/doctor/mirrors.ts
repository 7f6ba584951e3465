/** Upstreams that only some builds need: what they miss without is said, and no launch fails for it beforehand. */
import { type Check, type Finding, ok, warn } from './finding.ts';
import { attempt, faultOf, hostOf } from './probe.ts';

/** @param without what is missing without it */
function weighed(check: string, told: string, isMissed: boolean, without: string, mend: string): Finding {
  return isMissed ? warn(check, `${told}; ${without}`, mend) : ok(check, told);
}

export const checkSecurity: Check = async (config, signal) => {
  const mirrors = config.SLIPWAY_MIRROR_DEBIAN_SECURITY;
  if (mirrors.length === 0) return ok('Debian security', 'there is no mirror of its own');
  const faults = await Promise.all(
    mirrors.map(async (mirror) => faultOf(await attempt(`${mirror}/dists/stable-security/InRelease`, config, signal))),
  );
  return weighed(
    'Debian security',
    mirrors.map((mirror, index) => `${hostOf(mirror)}: ${faults[index] ?? 'answers'}`).join('; '),
    faults.some((fault) => fault !== undefined),
    'bases may lack security updates.',
    'Set SLIPWAY_MIRROR_DEBIAN_SECURITY to mirrors that this machine reaches.',
  );
};

/** Whether an archive has a suite says little: one comes there only when the mirrors drop it. That it answers has to do. */
export const checkArchive: Check = async (config, signal) => {
  const archive = config.SLIPWAY_MIRROR_DEBIAN_ARCHIVE;
  if (archive === '') return ok('Debian archive', 'there is none');
  const result = await attempt(`${archive}/`, config, signal);
  const fault = 'error' in result || result.answer.status >= 500 ? faultOf(result) : undefined;
  return weighed(
    'Debian archive',
    `${hostOf(archive)}: ${fault ?? 'answers'}`,
    fault !== undefined,
    'bases of suites that have left the mirrors cannot be made.',
    'Set SLIPWAY_MIRROR_DEBIAN_ARCHIVE to an archive that this machine reaches.',
  );
};

export const checkConda: Check = async (config, signal) => {
  const name = 'conda channels';
  if (config.SLIPWAY_CONDA === 'pypi') return ok(name, 'not needed, as SLIPWAY_CONDA is pypi');
  const mirror = config.SLIPWAY_MIRROR_CONDA;
  const fault = faultOf(await attempt(`${mirror}/conda-forge/noarch/repodata.json`, config, signal));
  return weighed(
    name,
    `${hostOf(mirror)}: ${fault ?? 'answers'}`,
    fault !== undefined,
    'repositories with an environment.yml cannot be built.',
    'Set SLIPWAY_MIRROR_CONDA to a mirror that has conda-forge, or SLIPWAY_CONDA=pypi.',
  );
};

export const checkNpm: Check = async (config, signal) => {
  const registry = config.SLIPWAY_MIRROR_NPM || 'https://registry.npmjs.org';
  const fault = faultOf(await attempt(`${registry.replace(/\/+$/, '')}/once`, config, signal));
  return weighed(
    'npm registry',
    `${hostOf(registry)}: ${fault ?? 'answers'}`,
    fault !== undefined,
    'repositories that run npm cannot be built.',
    'Set SLIPWAY_MIRROR_NPM to a registry that this machine reaches.',
  );
};
