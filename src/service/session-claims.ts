/** What Redis knows of sessions: who claimed which, when each was last used, why it ended. Shared by all processes. */

import type { RedisLink } from '../queue/redis.ts';
import { script } from '../queue/script.ts';

/** One session or the claim of one; the container's labels say the same, but for a server that was warm. */
export interface SessionRecord {
  name: string;
  launchId: string;
  client: string;
  /** Canonical URL, and the spec as in `/v2/<provider>/<spec>`. */
  repo: string;
  provider: string;
  spec: string;
  ref: string;
  commit: string;
  image: string;
  urlpath: string;
  /** Absent for the whole repository, and where Redis has forgotten. */
  subdir?: string;
  /** Process that starts it. */
  owner: string;
  /** ISO. */
  claimedAt: string;
  /** Its server has answered. */
  ready: boolean;
}

/** Why there is no session any more. */
export type EndReason = 'idle' | 'age' | 'disk' | 'stopped' | 'ended' | 'abandoned' | 'out_of_memory';

export interface EndedSession extends SessionRecord {
  reason: EndReason;
  endedAt: string;
}

/** Sessions at once; 0 is any number. */
export interface Quotas {
  total: number;
  ofRepo: number;
}

/** How a claim went, and the name; `lost` is one that another launch has. */
export type Taken = ['taken' | 'known' | 'lost' | 'total' | 'repo', string];

/** How long it is remembered why a session ended. */
const REMEMBERED = 86_400_000;

/**
 * Keys: claims by name, names by launch. Arguments: name, record, launch, repository, owner, most in all, most of the
 * repository. → how it went, and the name. A launch has one session, so another claim of it only changes the owner.
 */
const take = script<Taken>(`
  local known = redis.call('HGET', KEYS[2], ARGV[3])
  if known then
    local record = redis.call('HGET', KEYS[1], known)
    if record then
      record = cjson.decode(record)
      record.owner = ARGV[5]
      redis.call('HSET', KEYS[1], known, cjson.encode(record))
      return {'known', known}
    end
  end
  if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return {'lost', ''} end
  local total, repo = tonumber(ARGV[6]), tonumber(ARGV[7])
  if total > 0 and redis.call('HLEN', KEYS[1]) >= total then return {'total', ''} end
  if repo > 0 then
    local count = 0
    for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
      if cjson.decode(text).repo == ARGV[4] then count = count + 1 end
    end
    if count >= repo then return {'repo', ''} end
  end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[1])
  return {'taken', ARGV[1]}
`);

/**
 * Keys: claims, names by launch, activity. Arguments: name, owner ('' for whoever it is). → the record that was there.
 */
const drop = script<string | null>(`
  local text = redis.call('HGET', KEYS[1], ARGV[1])
  if text then
    if ARGV[2] ~= '' and cjson.decode(text).owner ~= ARGV[2] then return false end
    local launch = cjson.decode(text).launchId
    if redis.call('HGET', KEYS[2], launch) == ARGV[1] then redis.call('HDEL', KEYS[2], launch) end
  end
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[3], ARGV[1])
  return text
`);

/** Keys: claims. Arguments: name. */
const settle = script<number>(`
  local text = redis.call('HGET', KEYS[1], ARGV[1])
  if not text then return 0 end
  local record = cjson.decode(text)
  record.ready = true
  redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(record))
  return 1
`);

/** Keys: activity, claims. Arguments: name and time in turn. The latest time stays, whoever says it. */
const note = script<number>(`
  for index = 1, #ARGV, 2 do
    local isThere = redis.call('HEXISTS', KEYS[2], ARGV[index]) == 1
    local known = tonumber(redis.call('HGET', KEYS[1], ARGV[index]) or '0')
    if isThere and tonumber(ARGV[index + 1]) > known then redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
  end
  return 1
`);

export class SessionClaims {
  readonly #redis: RedisLink;

  constructor(redis: RedisLink) {
    this.#redis = redis;
  }

  /** Claims a session within the quotas in one step, so that no two processes can take the last place. */
  async take(record: SessionRecord, quotas: Quotas): Promise<Taken> {
    const { name, launchId, repo, owner } = record;
    const args = [name, JSON.stringify(record), launchId, repo, owner, quotas.total, quotas.ofRepo];
    return take(this.#redis.client, [this.#key('claims'), this.#key('launches')], args);
  }

  /** The server has answered; false when the claim is gone meanwhile. */
  async settle(name: string): Promise<boolean> {
    return (await settle(this.#redis.client, [this.#key('claims')], [name])) === 1;
  }

  /** Enters a session that Redis has forgotten. */
  async restore(record: SessionRecord): Promise<void> {
    await this.take(record, { total: 0, ofRepo: 0 });
  }

  /** Gives up a claim of one's own, unless another process has taken it over. */
  async release(name: string, owner: string): Promise<void> {
    await this.#remember(await this.#drop(name, owner), 'abandoned');
  }

  /** Takes a session off the list, and remembers for a day why. */
  async end(name: string, reason: EndReason): Promise<void> {
    await this.#remember(await this.#drop(name, ''), reason);
  }

  async #remember(record: string | null, reason: EndReason): Promise<void> {
    if (record === null) return;
    const ended: EndedSession = { ...(JSON.parse(record) as SessionRecord), reason, endedAt: new Date().toISOString() };
    await this.#redis.client.set(this.#key(`ended:${ended.name}`), JSON.stringify(ended), 'PX', REMEMBERED);
  }

  #drop(name: string, owner: string): Promise<string | null> {
    const keys = [this.#key('claims'), this.#key('launches'), this.#key('activity')];
    return drop(this.#redis.client, keys, [name, owner]);
  }

  async get(name: string): Promise<SessionRecord | undefined> {
    const text = await this.#redis.client.hget(this.#key('claims'), name);
    return text === null ? undefined : (JSON.parse(text) as SessionRecord);
  }

  async all(): Promise<SessionRecord[]> {
    const texts = await this.#redis.client.hvals(this.#key('claims'));
    return texts.map((text) => JSON.parse(text) as SessionRecord);
  }

  async count(): Promise<number> {
    return this.#redis.client.hlen(this.#key('claims'));
  }

  async nameOfLaunch(launchId: string): Promise<string | undefined> {
    return (await this.#redis.client.hget(this.#key('launches'), launchId)) ?? undefined;
  }

  async whyEnded(name: string): Promise<EndedSession | undefined> {
    const text = await this.#redis.client.get(this.#key(`ended:${name}`));
    return text === null ? undefined : (JSON.parse(text) as EndedSession);
  }

  /** Notes when sessions were used, in milliseconds since 1970. */
  async noteActivity(times: ReadonlyMap<string, number>): Promise<void> {
    if (times.size === 0) return;
    await note(this.#redis.client, [this.#key('activity'), this.#key('claims')], [...times].flat());
  }

  async activityOf(name: string): Promise<number> {
    return Number((await this.#redis.client.hget(this.#key('activity'), name)) ?? 0);
  }

  #key(what: string): string {
    return `${this.#redis.prefix}:sessions:${what}`;
  }
}
