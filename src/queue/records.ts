/** Records: JSON by id, kept for a while. */
import { randomUUID } from 'node:crypto';
import type { RedisLink } from './redis.ts';
import { script } from './script.ts';

export interface RecordOptions<T> {
  /** Milliseconds that a record is kept after its last change. */
  keep: number;
  /** What `findBy` finds a record by: index → the values of a record. */
  indexes?: Readonly<Record<string, (record: T) => string | readonly string[] | undefined>>;
}

/**
 * A record is kept as the mark of its last change and, after a line's end, its JSON: that tells a change that was made
 * already, its command having been sent twice, from the same change by somebody else.
 *
 * Keys: record, list of all, lists that it leaves, lists that it is to be in. Arguments: what it is expected to be
 * ('' for none), what it becomes ('' for none), id, now, milliseconds to keep, number of lists that it leaves.
 * → 1, or 0 when it is something else by now.
 */
const replace = script<number>(`
  local current = redis.call('GET', KEYS[1]) or ''
  if current == ARGV[2] and current ~= ARGV[1] then return 1 end
  if current ~= ARGV[1] then return 0 end
  local leaves = tonumber(ARGV[6])
  for index = 3, 2 + leaves do redis.call('ZREM', KEYS[index], ARGV[3]) end
  if ARGV[2] == '' then
    redis.call('DEL', KEYS[1])
    redis.call('ZREM', KEYS[2], ARGV[3])
    return 1
  end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[5])
  local since = redis.call('ZSCORE', KEYS[2], ARGV[3]) or ARGV[4]
  for index = 2, #KEYS do
    if index == 2 or index > 2 + leaves then
      redis.call('ZADD', KEYS[index], since, ARGV[3])
      redis.call('PEXPIRE', KEYS[index], ARGV[5])
    end
  end
  return 1
`);

/**
 * Keys: a list of ids. Arguments: what a record's key begins with, how many. → the latest records; ids of those that
 * have gone are taken off the list.
 */
const latest = script<string[]>(`
  local found, from, limit = {}, 0, tonumber(ARGV[2])
  while #found < limit do
    local ids = redis.call('ZREVRANGE', KEYS[1], from, from + 99)
    if #ids == 0 then break end
    for _, id in ipairs(ids) do
      local record = redis.call('GET', ARGV[1] .. id)
      if not record then
        redis.call('ZREM', KEYS[1], id)
      else
        from = from + 1
        if #found < limit then found[#found + 1] = record end
      end
    end
  end
  return found
`);

export class Records<T extends object> {
  readonly #redis: RedisLink;
  readonly #name: string;
  readonly #options: RecordOptions<T>;

  constructor(redis: RedisLink, name: string, options: RecordOptions<T>) {
    this.#redis = redis;
    this.#name = name;
    this.#options = options;
  }

  async get(id: string): Promise<T | undefined> {
    const text = await this.#redis.client.get(this.#key(id));
    return text === null ? undefined : read<T>(text);
  }

  /** Puts a record unless there is one. @returns the one that there is then */
  async create(id: string, record: T): Promise<T> {
    // There is hardly ever one: nobody asks first.
    return (await this.#change(id, (known) => (known ? undefined : record), '')) ?? record;
  }

  async put(id: string, record: T): Promise<void> {
    await this.#change(id, () => record);
  }

  /**
   * Changes a record in one step. `change` is called again when somebody else was faster, and returns undefined to leave
   * the record as it is.
   * @returns the record as it is then; undefined when there is none
   */
  async update(id: string, change: (record: T) => T | undefined): Promise<T | undefined> {
    return this.#change(id, (record) => (record === undefined ? undefined : change(record)));
  }

  async remove(id: string): Promise<void> {
    await this.#change(id, () => null);
  }

  /** The latest first, by when each was first put. */
  async recent(limit: number): Promise<T[]> {
    return this.#latest(this.#list(), limit);
  }

  /** Records of which an index has this value, the latest first. */
  async findBy(index: string, value: string, limit = 100): Promise<T[]> {
    return this.#latest(this.#list(index, value), limit);
  }

  async #latest(list: string, limit: number): Promise<T[]> {
    const texts = await latest(this.#redis.client, [list], [this.#key(''), limit]);
    return texts.map((text) => read<T>(text));
  }

  /**
   * @param change null removes
   * @param guess what the record is taken to be at first; absent: it is asked for
   */
  async #change(
    id: string,
    change: (record: T | undefined) => T | null | undefined,
    guess?: string,
  ): Promise<T | undefined> {
    for (let guessed = guess; ; guessed = undefined) {
      const text = guessed ?? (await this.#redis.client.get(this.#key(id))) ?? '';
      const before = text === '' ? undefined : read<T>(text);
      const after = change(before);
      if (after === undefined || (after === null && before === undefined)) return before;
      const [left, entered] = [this.#listsOf(before), this.#listsOf(after)];
      const leaves = left.filter((list) => !entered.includes(list));
      const keys = [this.#key(id), this.#list(), ...leaves, ...entered];
      const becomes = after === null ? '' : `${randomUUID()}\n${JSON.stringify(after)}`;
      const args = [text, becomes, id, Date.now(), this.#options.keep, leaves.length];
      if ((await replace(this.#redis.client, keys, args)) === 1) return after ?? undefined;
    }
  }

  #listsOf(record: T | null | undefined): string[] {
    if (!record) return [];
    return Object.entries(this.#options.indexes ?? {}).flatMap(([index, valuesOf]) =>
      [valuesOf(record) ?? []].flat().map((value) => this.#list(index, value)),
    );
  }

  #key(id: string): string {
    return `${this.#redis.prefix}:${this.#name}:id:${id}`;
  }

  #list(...by: [] | [index: string, value: string]): string {
    return [this.#redis.prefix, this.#name, ...(by.length > 0 ? ['by', ...by] : ['all'])].join(':');
  }
}

function read<T>(text: string): T {
  return JSON.parse(text.slice(text.indexOf('\n') + 1)) as T;
}
