/** The Redis of the service; launches from the command line need none. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '../../config.ts';
import { type Check, type Finding, ok, thrown, warn } from './finding.ts';

const NAME = 'redis';
const MEND = 'Install Redis 6.2 or newer (apt-get install redis-server), or set REDIS_URL to one that runs.';

export const checkRedis: Check = async (config) => {
  if (config.REDIS_URL !== '') return checkNamed(config);
  const said = await promisify(execFile)('redis-server', ['--version']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const [, version, major = 0, minor = 0] = /v=((\d+)\.(\d+)[.\d]*)/.exec(said) ?? [];
  if (!version) return warn(NAME, 'redis-server is not installed, so slipway serve does not start.', MEND);
  const isOld = Number(major) < 6 || (Number(major) === 6 && Number(minor) < 2);
  if (isOld) return warn(NAME, `redis-server ${version} is too old for slipway serve.`, MEND);
  return ok(NAME, `redis-server ${version}; slipway serve starts one of its own`);
};

async function checkNamed(config: Config): Promise<Finding> {
  const { probeRedis } = await import('../../service/probe-redis.ts');
  try {
    const [warning] = await probeRedis(config);
    return warning ? warn(NAME, warning, 'redis-cli CONFIG SET appendonly yes') : ok(NAME, 'REDIS_URL answers');
  } catch (error) {
    return thrown(NAME, error);
  }
}
