/** How journals are kept in Redis: a list of entries, and a hash that says who writes and whether it is closed. */
import type { RedisLink } from './redis.ts';
import { script } from './script.ts';

/** An event; or another journal whose entries, all there will ever be, take this one's place. */
export type Entry = { data: object; event?: string } | { follow: string };

/** An entry as it is kept. `cut` ends the following of the journal before it after so many of its events. */
export type Stored =
  | { kind: 'event'; event?: string; json: string }
  | { kind: 'follow'; id: string }
  | { kind: 'cut'; count: number };

/** Journals that follow one another more deeply than this follow themselves in the end. */
export const DEPTH = 8;
/** A journal that nobody closes and nobody forgets goes after this long. */
export const KEPT = 86_400_000;

export function keysOf(prefix: string, id: string): [entries: string, state: string] {
  const key = `${prefix}:journal:${id}`;
  return [key, `${key}:state`];
}

export function channelOf(prefix: string, id: string): string {
  return `${prefix}:journal:${id}:news`;
}

/** The first letter says what it is; the JSON stands as readers get it. */
export function encode(entry: Entry): string {
  if ('follow' in entry) return `f${entry.follow}`;
  const json = JSON.stringify(entry.data);
  return entry.event === undefined ? `d${json}` : `e${entry.event}\n${json}`;
}

export function encodeCut(count: number): string {
  return `c${count}`;
}

export function decode(text: string): Stored {
  const rest = text.slice(1);
  if (text[0] === 'f') return { kind: 'follow', id: rest };
  if (text[0] === 'c') return { kind: 'cut', count: Number(rest) };
  if (text[0] === 'd') return { kind: 'event', json: rest };
  const end = rest.indexOf('\n');
  return { kind: 'event', event: rest.slice(0, end), json: rest.slice(end + 1) };
}

/** Keys: entries, state. Arguments: milliseconds to keep. → fence of the new writer, length, whether closed. */
export const openJournal = script<[fence: number, length: number, closed: number]>(`
  local fence = redis.call('HINCRBY', KEYS[2], 'fence', 1)
  if redis.call('PTTL', KEYS[2]) < 0 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
  return {fence, redis.call('LLEN', KEYS[1]), redis.call('HEXISTS', KEYS[2], 'closed')}
`);

/**
 * Keys: entries, state. Arguments: fence, place of the first entry, '1' to close, channel, milliseconds to keep, entries.
 * → length by then, or -1 when another writer has the journal. A length below the place says that Redis has lost its
 * last entries; nothing was appended then. What is there already, since the command was sent twice, is not appended again.
 */
export const appendEntries = script<number>(`
  local fence, from, closing = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
  local known = tonumber(redis.call('HGET', KEYS[2], 'fence') or '0')
  if known > fence then return -1 end
  if known < fence then redis.call('HSET', KEYS[2], 'fence', fence) end
  local length = redis.call('LLEN', KEYS[1])
  if length < from then return length end
  local count = #ARGV - 5
  local there = math.min(length - from, count)
  if there > 0 then
    for index, entry in ipairs(redis.call('LRANGE', KEYS[1], from, from + there - 1)) do
      if entry ~= ARGV[5 + index] then return -1 end
    end
  end
  local closed = redis.call('HEXISTS', KEYS[2], 'closed') == 1
  if there == count and (closed or not closing) then return length end
  if closed or length > from + count then return -1 end
  if there < count then redis.call('RPUSH', KEYS[1], unpack(ARGV, 6 + there)) end
  if closing then redis.call('HSET', KEYS[2], 'closed', 1) end
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) == -1 then redis.call('PEXPIRE', key, ARGV[5]) end
  end
  redis.call('PUBLISH', ARGV[4], '')
  return from + count
`);

/** Keys: entries, state. Arguments: first place, how many. → whether it exists, whether closed, length, entries. */
export const readEntries = script<[exists: number, closed: number, length: number, entries: string[]]>(`
  return {
    redis.call('EXISTS', KEYS[2]),
    redis.call('HEXISTS', KEYS[2], 'closed'),
    redis.call('LLEN', KEYS[1]),
    redis.call('LRANGE', KEYS[1], ARGV[1], ARGV[1] + ARGV[2] - 1)
  }
`);

/** Keys: entries and state of each journal. → a number for each that differs whenever there is something to read. */
export const journalMarks = script<number[]>(`
  local marks = {}
  for index = 1, #KEYS, 2 do
    local closed = redis.call('HEXISTS', KEYS[index + 1], 'closed')
    marks[#marks + 1] = redis.call('EXISTS', KEYS[index + 1]) + 2 * closed + 4 * redis.call('LLEN', KEYS[index])
  end
  return marks
`);

/** Keys: entries, state. Arguments: milliseconds, '1' to lengthen only what has an end already. */
export const keepJournal = script<number>(`
  for _, key in ipairs(KEYS) do
    local left = redis.call('PTTL', key)
    if ARGV[2] ~= '1' or (left >= 0 and left < tonumber(ARGV[1])) then redis.call('PEXPIRE', key, ARGV[1]) end
  end
  return 1
`);

/** A journal's entries as they are at this moment. */
export async function allEntries({ client, prefix }: RedisLink, id: string): Promise<Stored[]> {
  const [, , , texts] = await readEntries(client, keysOf(prefix, id), [0, Number.MAX_SAFE_INTEGER]);
  return texts.map(decode);
}
