/** Logs of builds that are over: compressed files in the data folder, kept as long as their records. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { Config } from '../config.ts';
import type { Read } from './types.ts';

/** Characters of a log that are kept. */
const LONGEST = 8 * 1024 * 1024;
const CUT = '… the log is too long; the rest of it was not kept\n';

type LogConfig = Pick<Config, 'SLIPWAY_DATA'>;

function fileOf(id: string, { SLIPWAY_DATA }: LogConfig): string {
  // Ids are ours, but this one came with a request.
  if (!/^[\w-]{1,64}$/.test(id)) throw new Error('no id of a build');
  return join(SLIPWAY_DATA, 'logs', `${id}.log.gz`);
}

/** What a journal says to people, as text. */
export function* logText(entries: Iterable<Read>): Generator<string> {
  let [length, last] = [0, ''];
  for (const { event, json } of entries) {
    if (event !== undefined) continue;
    const { phase, message = '' } = JSON.parse(json) as { phase?: string; message?: string };
    // Said again and again while the bytes beside it grow.
    if (phase === 'pushing' && message === last) continue;
    last = message;
    length += message.length;
    if (length > LONGEST) {
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
