/** Logs of builds that are over, and what people read while one waits. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentsOf } from '../../../src/service/documents.ts';
import { createLimit } from '../../../src/service/limit.ts';
import { logText, readLog, storeLog } from '../../../src/service/log-store.ts';
import { tempFolder } from '../../support/repo.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let config: { SLIPWAY_DATA: string; SLIPWAY_KEEP_RECORDS: number };

beforeEach(async () => {
  folder = await tempFolder('logs');
  config = { SLIPWAY_DATA: folder.path, SLIPWAY_KEEP_RECORDS: 60_000 };
});
afterEach(() => folder.remove());

const read = (n: number, data: object, event?: string) => ({ n, json: JSON.stringify(data), ...(event && { event }) });

describe('a log', () => {
  const entries = [
    read(0, { phase: 'fetching', message: 'Fetching\n' }),
    read(1, { place: 1 }, 'queue'),
    read(2, { phase: 'building', message: 'data: {"phase":"ready"}' }),
  ];

  it('is what people were told, a line each, and read as it was stored', async () => {
    await storeLog('01ABC', entries, config);
    const stream = await readLog('01ABC', config);
    expect(stream && (await text(stream))).toBe('Fetching\ndata: {"phase":"ready"}\n');
    expect(await readdir(join(folder.path, 'logs'))).toEqual(['01ABC.log.gz']);
  });

  it('is cut with a marker when it is too long', () => {
    const long = Array.from({ length: 20 }, (_, n) => read(n, { message: 'x'.repeat(1024 * 1024) }));
    const words = [...logText(long)];
    expect(words.at(-1)).toBe('… the log is too long; the rest of it was not kept\n');
    expect(words.join('').length).toBeLessThan(9 * 1024 * 1024);
  });

  it.each(['../../etc/passwd', '', 'a/b', 'a\0', '.'.repeat(200)])('is not looked for under %j', async (id) => {
    expect(await readLog(id, config)).toBeUndefined();
  });
});

describe('what a link opens', () => {
  it.each([
    ['lab/tree/docs/a%20b.ipynb', 'docs/a b.ipynb'],
    ['/doc/tree//notebooks/x.ipynb?reset', 'notebooks/x.ipynb'],
    ['notebooks/x.ipynb', 'x.ipynb'],
    ['tree/x.ipynb', 'x.ipynb'],
    ['voila/render/x.ipynb', 'voila/render/x.ipynb'],
  ])('%s shows %s, else a README', (urlpath, path) => {
    expect(documentsOf(urlpath)[0]).toBe(path);
    expect(documentsOf(urlpath)).toContain('README.md');
  });

  it('cannot be read: a README', () => {
    expect(documentsOf('tree/%zz')).toEqual(documentsOf(undefined));
  });
});

describe('a limit', () => {
  it('lets so many work at once, in order, also after one that failed', async () => {
    const limit = createLimit(2);
    const begun: number[] = [];
    let [running, most] = [0, 0];
    const work = (n: number) =>
      limit(async () => {
        begun.push(n);
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        if (n === 1) throw new Error('failed');
      });
    await Promise.allSettled([0, 1, 2, 3, 4, 5].map(work));
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });
});
