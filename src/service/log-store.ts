/**
 * Logs of builds that are over, compressed, kept as long as their records: files in the data folder where all processes have
 * that in common, else in the operator's Redis.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Config } from '../config.ts';
import type { RedisLink } from '../queue/redis.ts';
import { Texts } from '../queue/texts.ts';
import type { Read } from './types.ts';

/** Characters of a log that are kept. */
const LONGEST = 8 * 1024 * 1024;
/** Bytes of a log in Redis, compressed: it is memory. */
const PACKED = 256 * 1024;
const CUT = '… the log is too long; the rest of it was not kept\n';

type LogConfig = Pick<Config, 'SLIPWAY_DATA'>;

export class Logs {
  private readonly config: Config;
  private readonly shared: Texts | undefined;

  constructor(config: Config, redis: RedisLink) {
    this.config = config;
    const options = { keep: config.SLIPWAY_KEEP_RECORDS, longest: PACKED };
    this.shared = config.REDIS_URL === '' ? undefined : new Texts(redis, 'logs', options);
  }

  async store(id: string, entries: readonly Read[]): Promise<void> {
    if (!this.shared) return storeLog(id, entries, this.config);
    // Most compress tenfold; of those that do not less is kept.
    for (let longest = LONGEST; !(await this.shared.put(id, [...logText(entries, longest)].join(''))); ) longest /= 2;
  }

  /** Its text; undefined when there is none. */
  async read(id: string): Promise<Readable | undefined> {
    const text = await this.shared?.get(id);
    return text === undefined ? readLog(id, this.config) : Readable.from([text]);
  }
}

function fileOf(id: string, { SLIPWAY_DATA }: LogConfig): string {
  // Ids are ours, but this one came with a request.
  if (!/^[\w-]{1,64}$/.test(id)) throw new Error('no id of a build');
  return join(SLIPWAY_DATA, 'logs', `${id}.log.gz`);
}

/** What a journal says to people, as text. */
export function* logText(entries: Iterable<Read>, longest = LONGEST): Generator<string> {
  let [length, last] = [0, ''];
  for (const { event, json } of entries) {
    if (event !== undefined) continue;
    const { phase, message = '' } = JSON.parse(json) as { phase?: string; message?: string };
    // Said again and again while the bytes beside it grow.
    if (phase === 'pushing' && message === last) continue;
    last = message;
    length += message.length;
    if (length > longest) {
      yield CUT;
      return;
    }
    yield message.endsWith('\n') || message === '' ? message : `${message}\n`;
  }
}

export async function storeLog(id: string, entries: Iterable<Read>, config: LogConfig): Promise<void> {
  const path = fileOf(id, config);
  await mkdir(join(config.SLIPWAY_DATA, 'logs'), { recursive: true, mode: 0o700 });
  await pipeline(Readable.from(logText(entries)), createGzip(), createWriteStream(`${path}.part`, { mode: 0o600 }));
  await rename(`${path}.part`, path);
}

/** A stored log as text; undefined when there is none. */
export async function readLog(id: string, config: LogConfig): Promise<Readable | undefined> {
  if (!/^[\w-]{1,64}$/.test(id)) return undefined;
  const path = fileOf(id, config);
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const text = createGunzip();
  // An error reaches whoever reads the text.
  pipeline(createReadStream(path), text).catch((error: Error) => text.destroy(error));
  return text;
}
