/**
 * Who is next among jobs that wait: everybody has one turn in each round. A job's round is its priority; a new one is of
 * the round that is being served, or of the one after the latest of the same client or repository. So many jobs of one
 * come after few of another, and yet none waits forever. What is remembered ends when nothing waits.
 */
import type { RedisLink } from './redis.ts';
import { script } from './script.ts';

/** Who wants a job. */
export interface Wanted {
  client: string;
  repo: string;
}

/** BullMQ takes no more than 2²¹. */
const LAST = 2_000_000;

/** Keys: rounds, jobs that wait. Arguments: names, last round. → the round of a new job. */
const take = script<number>(`
  if redis.call('ZCARD', KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end
  local round = tonumber(redis.call('HGET', KEYS[1], 'served') or '1')
  for index = 1, #ARGV - 1 do
    local latest = redis.call('HGET', KEYS[1], ARGV[index])
    if latest then round = math.max(round, tonumber(latest) + 1) end
  end
  round = math.min(round, tonumber(ARGV[#ARGV]))
  for index = 1, #ARGV - 1 do redis.call('HSET', KEYS[1], ARGV[index], round) end
  return round
`);

/** Keys: rounds. Arguments: names. */
const giveBack = script<number>(`
  for _, name in ipairs(ARGV) do
    if redis.call('HEXISTS', KEYS[1], name) == 1 then redis.call('HINCRBY', KEYS[1], name, -1) end
  end
  return 1
`);

/** Keys: rounds. Arguments: round that a job was taken of. */
const serve = script<number>(`
  local served = tonumber(redis.call('HGET', KEYS[1], 'served') or '1')
  if tonumber(ARGV[1]) > served then redis.call('HSET', KEYS[1], 'served', ARGV[1]) end
  return 1
`);

export class Rounds {
  readonly #redis: RedisLink;
  readonly #keys: [rounds: string, waiting: string];

  constructor(redis: RedisLink, queue: string) {
    this.#redis = redis;
    this.#keys = [`${redis.prefix}:${queue}:rounds`, `${redis.prefix}:${queue}:prioritized`];
  }

  take(by: Wanted): Promise<number> {
    return take(this.#redis.client, this.#keys, [...names(by), LAST]);
  }

  /** A job that waited waits no longer, and was not done. */
  giveBack(by: Wanted): Promise<number> {
    return giveBack(this.#redis.client, this.#keys.slice(0, 1), names(by));
  }

  /** A job of this round is being done. */
  serve(round: number): Promise<number> {
    return serve(this.#redis.client, this.#keys.slice(0, 1), [round]);
  }
}

function names({ client, repo }: Wanted): string[] {
  return [`client ${client}`, `repo ${repo}`];
}
