/** Who works at a queue, where, and with how many free places. */
import { randomUUID } from 'node:crypto';
import type { RedisLink } from './redis.ts';
import { script } from './script.ts';

const SAID_EVERY = 2000;
/** A worker that said nothing for so long is taken for dead. */
const BELIEVED = 6000;

export interface Peer {
  id: string;
  /** Workers of one place have the same things at hand. */
  place: string;
  free: number;
}

/** Redis's own clock, as workers are on many machines. */
const NOW = `local time = redis.call('TIME'); local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Keys: workers. Arguments: id, milliseconds that it is believed, what it says. */
const say = script<number>(`
  ${NOW}
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', now + ARGV[2]) .. ' ' .. ARGV[3])
  return 1
`);

/** Keys: workers. → what each says that is alive; those that are not are forgotten. */
const living = script<string[]>(`
  ${NOW}
  local all, found = redis.call('HGETALL', KEYS[1]), {}
  for index = 1, #all, 2 do
    local till, said = string.match(all[index + 1], '^(%d+) (.*)$')
    if tonumber(till) > now then found[#found + 1] = said else redis.call('HDEL', KEYS[1], all[index]) end
  end
  return found
`);

const keyOf = (redis: RedisLink, queue: string) => `${redis.prefix}:${queue}:workers`;

/** Those who work at a queue. */
export async function livingWorkers(redis: RedisLink, queue: string): Promise<Peer[]> {
  return (await living(redis.client, [keyOf(redis, queue)], [])).map((said) => JSON.parse(said) as Peer);
}

/** One worker among those of its queue. */
export class Workers {
  readonly id = randomUUID();
  readonly #redis: RedisLink;
  readonly #queue: string;
  readonly #key: string;
  readonly #place: string;
  readonly #free: () => number;
  readonly #timer: NodeJS.Timeout;
  #saying: Promise<unknown> | undefined;
  #isLate = false;
  #ended = false;

  constructor(redis: RedisLink, queue: string, place: string, free: () => number) {
    this.#redis = redis;
    this.#queue = queue;
    this.#key = keyOf(redis, queue);
    this.#place = place;
    this.#free = free;
    this.#timer = setInterval(() => this.say(), SAID_EVERY).unref();
    this.say();
  }

  /** Says how it is now; while the connection is away or the last was not heard yet, once for all that changed. */
  say(): void {
    if (this.#ended) return;
    this.#isLate = this.#saying !== undefined;
    if (this.#isLate) return;
    const peer: Peer = { id: this.id, place: this.#place, free: this.#free() };
    this.#saying = say(this.#redis.client, [this.#key], [this.id, BELIEVED, JSON.stringify(peer)])
      .catch(() => undefined)
      .finally(() => {
        this.#saying = undefined;
        if (this.#isLate) this.say();
      });
  }

  alive(): Promise<Peer[]> {
    return livingWorkers(this.#redis, this.#queue);
  }

  /** From now on nobody hands anything to it. */
  async leave(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    // Else it goes by itself.
    if (this.#redis.client.status !== 'ready') return;
    await this.#saying;
    await this.#redis.client.hdel(this.#key, this.id);
  }
}
