/** How jobs are kept in Redis, beside what BullMQ keeps of them. */
import type { RedisLink } from './redis.ts';
import type { Wanted } from './rounds.ts';
import { script } from './script.ts';

/** How a job is kept. */
export interface Kept<D> {
  key: string;
  data: D;
  by: Wanted;
}

/** Tries of a job whose handler asks for another, the first among them. */
export const TRIES = 3;
/** Keys: of a key's job. Arguments: what a job's key begins with. → the job's id, when there is such a job still. */
export const find = script<string | null>(`
  local id = redis.call('GET', KEYS[1])
  if id and redis.call('EXISTS', ARGV[1] .. id) == 1 then return id end
  return false
`);

/** Keys: of a key's job, active, wait, prioritized, delayed. → -1 none, 0 active, else the place among those that wait. */
export const place = script<number>(`
  local id = redis.call('GET', KEYS[1])
  if not id then return -1 end
  if redis.call('LPOS', KEYS[2], id) then return 0 end
  local first = redis.call('LLEN', KEYS[3])
  local before = redis.call('LPOS', KEYS[3], id)
  if before then return first - before end
  local rank = redis.call('ZRANK', KEYS[4], id)
  if rank then return first + rank + 1 end
  rank = redis.call('ZRANK', KEYS[5], id)
  if rank then return first + redis.call('ZCARD', KEYS[4]) + rank + 1 end
  return -1
`);

/** Keys: of a key's job, mark of a cancelled one. Arguments: id, seconds, channel. From then on the key is free for a new job. */
export const cancelActive = script<number>(`
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
  redis.call('SET', KEYS[2], 1, 'EX', ARGV[2])
  redis.call('PUBLISH', ARGV[3], ARGV[1])
  return 1
`);

/**
 * Takes back a lock that ran out while Redis or the way to it was away, when nobody has begun the job anew since.
 * Keys: job, its lock, active, stalled. Arguments: id, token, milliseconds, how often it had been begun. → 1 when taken.
 */
export const retakeLock = script<number>(`
  local isSame = redis.call('HGET', KEYS[1], 'ats') == ARGV[4] and redis.call('LPOS', KEYS[3], ARGV[1])
  if not isSame then return 0 end
  local holder = redis.call('GET', KEYS[2])
  if holder and holder ~= ARGV[2] then return 0 end
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
  redis.call('SREM', KEYS[4], ARGV[1])
  return 1
`);

export function cancelMark(redis: RedisLink, queue: string, id: string): string {
  return `${redis.prefix}:${queue}:cancelled:${id}`;
}

export function cancelChannel(redis: RedisLink, queue: string): string {
  return `${redis.prefix}:${queue}:cancel`;
}
