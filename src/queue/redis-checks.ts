/** Whether a Redis may be trusted with the queue. */
import type { Redis } from 'ioredis';
import ipaddr from 'ipaddr.js';
import { SlipwayError } from '../errors.ts';

const OLDEST = [6, 2] as const;

/**
 * Looks at a Redis that answers.
 * @returns what an operator should know
 * @throws SlipwayError `redis_unsafe` for one that drops data, that anybody may use, or that is too old
 */
export async function examineRedis(redis: Redis): Promise<string[]> {
  const facts = parseInfo(await redis.info());
  checkVersion(facts.redis_version ?? '');
  checkEviction(facts.maxmemory_policy ?? 'noeviction');
  if (!redis.options.path) await checkOpenness(redis);
  if (facts.aof_enabled === '1') return [];
  return [
    'This Redis keeps no append-only file: when it is restarted, builds and launches of the last minutes are forgotten. ' +
      'Set "appendonly yes".',
  ];
}

function parseInfo(info: string): Record<string, string> {
  return Object.fromEntries([...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value]));
}

function checkVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw unsafe(`is version ${version}`, `Slipway needs Redis ${OLDEST.join('.')} or newer.`);
}

function checkEviction(policy: string): void {
  if (policy === 'noeviction') return;
  throw unsafe(
    `may drop any key when its memory is full (maxmemory-policy ${policy})`,
    'Set "maxmemory-policy noeviction", or give Slipway a Redis of its own.',
  );
}

/** A Redis that every host may use lets every host run builds, and read what is in them. */
async function checkOpenness(redis: Redis): Promise<void> {
  if (!(await needsNoPassword(redis)) || !(await isOnNetwork(redis))) return;
  throw unsafe(
    'listens on the network, asks for no password and has its protected mode off',
    'Set "requirepass" and put the password into REDIS_URL, or bind it to loopback.',
  );
}

async function needsNoPassword(redis: Redis): Promise<boolean> {
  if (!redis.options.password) return true;
  try {
    const user = (await redis.call('ACL', 'GETUSER', 'default')) as [string, string[]];
    return user[1].includes('on') && user[1].includes('nopass');
  } catch {
    // Who may not ask has a user of its own, so somebody has set up who may do what.
    return false;
  }
}

async function isOnNetwork(redis: Redis): Promise<boolean> {
  try {
    const isProtected = (await setting(redis, 'protected-mode')) === 'yes';
    const addresses = (await setting(redis, 'bind')).split(/\s+/).map((address) => address.replace(/^-/, ''));
    return !isProtected && !addresses.every(isLoopback);
  } catch {
    // Hosted ones do not tell; how we reach it does.
    return !isLoopback(redis.options.host ?? '');
  }
}

async function setting(redis: Redis, name: string): Promise<string> {
  const [, value] = (await redis.config('GET', name)) as string[];
  if (value === undefined) throw new Error(`no setting ${name}`);
  return value;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
}

function unsafe(what: string, hint: string): SlipwayError {
  return new SlipwayError('redis_unsafe', `Slipway does not use this Redis: it ${what}.`, { hint });
}
