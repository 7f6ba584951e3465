/** The engine, what it has room for, and what holds builds and sessions in their bounds. */
import { existsSync } from 'node:fs';
import type Docker from 'dockerode';
import type { Config } from '../../config.ts';
import { bytes } from '../text.ts';
import { type Check, type Finding, fail, ok, thrown, warn } from './finding.ts';

/** Below this a typical environment may not fit any more. */
const ROOMY = 10 * 2 ** 30;

/** Where an engine of this machine keeps its data, or would; one that does not answer tells nothing. */
const OWN_ROOTS = ['/var/lib/docker', '/var/lib'];

async function version(docker: Docker): Promise<Finding> {
  const { Version, ApiVersion } = await docker.version();
  const [major = 0, minor = 0] = ApiVersion.split('.').map(Number);
  if (major > 1 || (major === 1 && minor >= 40)) return ok('engine', `Docker ${Version}, with BuildKit`);
  return fail('engine', `Docker ${Version} is too old for BuildKit's builds.`, 'Install Docker 20.10 or newer.');
}

async function disk(config: Config, dataRoot: string): Promise<Finding> {
  const { engineDiskFree } = await import('../../engine-disk.ts');
  const free = await engineDiskFree(config, dataRoot);
  const mend = 'Remove images that nobody needs: docker image prune, docker builder prune.';
  if (free === undefined)
    return warn('disk', 'The space of an engine elsewhere cannot be seen from here.', 'Look there.');
  const message = `${bytes(free)} free in ${dataRoot}`;
  if (free < config.SLIPWAY_DISK_FREE) {
    return fail('disk', `Only ${message}; builds stop below ${bytes(config.SLIPWAY_DISK_FREE)}.`, mend);
  }
  return free < ROOMY ? warn('disk', `Only ${message}.`, mend) : ok('disk', message);
}

async function limits(config: Config, driver: string): Promise<Finding> {
  const { ensureLimits } = await import('../../engine-limits.ts');
  const { memory, cpu, pids, reason } = await ensureLimits(config, driver);
  const held = Object.entries({ memory, cpu, processes: pids }).filter(([, holds]) => holds);
  const names = held.map(([name]) => name).join(', ');
  if (held.length === 3) {
    return ok(
      'build limits',
      `${bytes(config.SLIPWAY_BUILD_MEMORY)} of memory for all builds together; ${names} are limited`,
    );
  }
  const message = `${names ? `Only ${names} of builds are limited` : 'Builds are not limited'}: ${reason ?? 'unknown'}.`;
  return warn(
    'build limits',
    message,
    'Run Slipway as root beside an engine with the cgroupfs driver, or build trusted repositories only.',
  );
}

async function egress(docker: Docker, config: Config): Promise<Finding> {
  const { ensureEgress } = await import('../../egress.ts');
  const { enforced, reason } = await ensureEgress({ docker, config });
  if (enforced) return ok('egress firewall', 'Builds and sessions reach public addresses and the mirrors only');
  const message = `Builds and sessions may reach private addresses: ${reason ?? 'SLIPWAY_EGRESS is off'}.`;
  const mend = 'Run Slipway as root on the machine of the engine, with iptables installed.';
  return config.SLIPWAY_EGRESS === 'required'
    ? fail('egress firewall', message, mend)
    : warn('egress firewall', message, mend);
}

/** Everything that asks the engine; where there is none, that, and what room one would have. */
export const checkEngine: Check = async (config) => {
  const { connectEngine } = await import('../../engine.ts');
  let docker: Docker;
  let info: { DockerRootDir: string; CgroupDriver: string };
  try {
    docker = await connectEngine(config);
    info = await docker.info();
  } catch (error) {
    return [thrown('engine', error), await disk(config, OWN_ROOTS.find(existsSync) ?? '')];
  }
  const checks: [string, Promise<Finding>][] = [
    ['engine', version(docker)],
    ['disk', disk(config, info.DockerRootDir)],
    ['build limits', limits(config, info.CgroupDriver)],
    ['egress firewall', egress(docker, config)],
  ];
  return Promise.all(checks.map(([name, finding]) => finding.catch((error) => thrown(name, error))));
};
