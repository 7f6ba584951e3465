/**
 * Has jobs of one kind done where the last of that kind was done, for what it left there. Workers take what is next, whoever
 * is free; one that took a job which belongs elsewhere offers it to a worker there that is free too. The job stays active
 * all the while, under the lock of the one or the other: whoever dies, it is found like any other. It is offered once.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { RedisLink } from './redis.ts';
import { script } from './script.ts';
import { type Peer, Workers } from './workers.ts';

/** How long a worker that is offered a job may take to take it, in milliseconds. */
const PATIENCE = 250;
/** How long it is remembered where a kind was done last: 30 days. */
const REMEMBERED = 30 * 86_400_000;

export interface LocalityOptions<D> {
  /** Where this worker is: the same for all that share what jobs leave behind, also after a restart. */
  place: string;
  /** What kind a job is of. */
  kindOf(data: D): string;
}

/** The worker itself, as far as jobs go from hand to hand. */
export interface Hands {
  free(): number;
  /** Takes over a job whose lock has this token, if it can. */
  adopt(id: string, token: string): Promise<void>;
}

/** Takes back an offer. Keys: offer, the job's lock. Arguments: token. → 1 when the job is still ours. */
const withdraw = script<number>(`
  redis.call('DEL', KEYS[1])
  return redis.call('GET', KEYS[2]) == ARGV[1] and 1 or 0
`);

/** Keys: offer, the job's lock. Arguments: who takes it, the token that it has, the new one, milliseconds. → 1 when taken. */
const take = script<number>(`
  if redis.call('GET', KEYS[2]) == ARGV[3] then return 1 end
  if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
  return 1
`);

type Message = { offer: string; token: string; from: string } | { answered: string };

export class Locality<D> {
  readonly #redis: RedisLink;
  readonly #queue: string;
  readonly #options: LocalityOptions<D>;
  readonly #workers: Workers;
  readonly #hands: Hands;
  readonly #answers = new EventTarget();
  readonly #hear = (text: string) => void this.#heard(JSON.parse(text) as Message).catch(() => undefined);

  constructor(redis: RedisLink, queue: string, options: LocalityOptions<D>, hands: Hands) {
    this.#redis = redis;
    this.#queue = queue;
    this.#options = options;
    this.#hands = hands;
    this.#workers = new Workers(redis, queue, options.place, () => hands.free());
    redis.news.subscribe(this.#channel(this.#workers.id), this.#hear).catch(() => undefined);
  }

  /** To be called when more or fewer jobs are at hand here. */
  changed(): void {
    this.#workers.say();
  }

  /** Gives a job to a worker where it belongs, if one is free there. @returns whether it has it now */
  async handOver(id: string, token: string, data: D): Promise<boolean> {
    const to = await this.#whose(this.#options.kindOf(data));
    if (!to) return false;
    const answered = this.#answer(id);
    const { client } = this.#redis;
    await client.set(this.#key(`offer:${id}`), to.id, 'PX', PATIENCE * 10);
    // Whom nobody heard is gone, and is not waited for.
    if ((await this.#tell(to.id, { offer: id, token, from: this.#workers.id })) > 0) await answered;
    return (await withdraw(client, [this.#key(`offer:${id}`), this.#key(`${id}:lock`)], [token])) === 0;
  }

  /** Takes the lock of a job that was offered. */
  async takeLock(id: string, token: string, own: string, duration: number): Promise<boolean> {
    const keys = [this.#key(`offer:${id}`), this.#key(`${id}:lock`)];
    return (await take(this.#redis.client, keys, [this.#workers.id, token, own, duration])) === 1;
  }

  /** A job of this kind was done here. */
  async done(data: D): Promise<void> {
    const kind = this.#options.kindOf(data);
    await this.#redis.client.set(this.#last(kind), this.#options.place, 'PX', REMEMBERED);
  }

  async close(): Promise<void> {
    this.#redis.news.unsubscribe(this.#channel(this.#workers.id), this.#hear);
    await this.#workers.leave();
  }

  /** A free worker at the place of this kind; undefined when that is here, or none is free there. */
  async #whose(kind: string): Promise<Peer | undefined> {
    const [last, peers] = await Promise.all([this.#redis.client.get(this.#last(kind)), this.#workers.alive()]);
    const place = placeOf(
      kind,
      last,
      peers.map((peer) => peer.place),
    );
    if (place === undefined || place === this.#options.place) return undefined;
    return peers.filter((peer) => peer.place === place && peer.free > 0).sort((a, b) => b.free - a.free)[0];
  }

  async #heard(message: Message): Promise<void> {
    if ('answered' in message) {
      this.#answers.dispatchEvent(new Event(message.answered));
      return;
    }
    await this.#hands.adopt(message.offer, message.token);
    await this.#tell(message.from, { answered: message.offer });
  }

  /** Settles when it was answered, or not in time. */
  async #answer(id: string): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE);
    await once(this.#answers, id, { signal: late }).catch(() => undefined);
  }

  /** @returns how many have heard it */
  #tell(worker: string, message: Message): Promise<number> {
    return this.#redis.client.publish(this.#channel(worker), JSON.stringify(message));
  }

  #last(kind: string): string {
    return this.#key(`last:${kind}`);
  }

  #channel(worker: string): string {
    return this.#key(`worker:${worker}`);
  }

  #key(rest: string): string {
    return `${this.#redis.prefix}:${this.#queue}:${rest}`;
  }
}

/** Where a kind belongs: where it was done last while somebody is there, else by rendezvous hashing, so that few kinds move as workers come and go. */
export function placeOf(kind: string, last: string | null, places: readonly string[]): string | undefined {
  if (last !== null && places.includes(last)) return last;
  const weight = (place: string) => createHash('sha256').update(`${kind}\n${place}`).digest('hex');
  const ranked = [...new Set(places)].map((place) => ({ place, weight: weight(place) }));
  return ranked.sort((a, b) => (a.weight < b.weight ? 1 : -1))[0]?.place;
}
