/** What people read while they wait: notebooks and texts of the fetched commit. */

import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Checkout } from '../types.ts';
import type { Context } from './context.ts';
import { KEEP_STREAMS } from './events.ts';
import type { StoredDocument } from './types.ts';

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

const LONGEST = 1024 * 1024;
const MOST = 100;
const ROOM = 4 * 1024 * 1024;

const name = ({ redis }: Pick<Context, 'redis'>, key: string) => `${redis.prefix}:documents:${key}`;

/** READMEs first, then what is nearest to the root. */
function readable(paths: readonly string[]): string[] {
  const rank = (path: string) => (/^readme\.(?:md|rst|txt)$/i.test(path) ? -1 : path.split('/').length);
  return paths
    .filter((path) => /\.ipynb$|(?:^|\/)readme\.(?:md|rst|txt)$/i.test(path))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MOST);
}

/** Keeps a checkout's notebooks and READMEs, as far as there is room for them. */
export async function storeDocuments(checkout: Checkout, key: string, context: Context): Promise<void> {
  const fields: Record<string, Buffer> = {};
  let room = ROOM;
  for (const path of readable(await checkout.paths())) {
    // What cannot be read is no notebook that anybody will miss here; detect says it when it matters.
    const text = await checkout.read(path).catch(() => undefined);
    if (text === undefined || text.length > LONGEST) continue;
    const packed = await pack(text);
    if (packed.length > room) continue;
    room -= packed.length;
    fields[path] = packed;
  }
  if (Object.keys(fields).length === 0) return;
  const { client } = context.redis;
  await client.multi().hset(name(context, key), fields).pexpire(name(context, key), KEEP_STREAMS).exec();
}

/** The first of these paths that was kept. */
export async function findDocument(
  paths: readonly string[],
  key: string,
  context: Context,
): Promise<StoredDocument | undefined> {
  for (const path of paths) {
    const packed = await context.redis.client.hgetBuffer(name(context, key), path);
    if (packed) return { path, text: (await unpack(packed)).toString('utf8') };
  }
  return undefined;
}

/** Which file a path inside a session shows, then what stands in for it. */
export function documentsOf(urlpath: string | undefined): string[] {
  const readmes = ['README.md', 'readme.md', 'README.rst', 'README.txt'];
  if (urlpath === undefined) return readmes;
  const path = urlpath
    .replace(/[?#].*$/, '')
    .replace(/^\/*(?:(?:lab|doc|retro|nbclassic)\/)?(?:tree|notebooks|edit)\/+/, '');
  try {
    return [decodeURIComponent(path), ...readmes];
  } catch {
    return readmes;
  }
}
