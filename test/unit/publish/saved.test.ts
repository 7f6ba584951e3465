/** Images as engines of several kinds give them out. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, it } from 'vitest';
import { readSaved } from '../../../src/publish/saved.ts';

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const layers = [randomBytes(200_000), randomBytes(300_000), Buffer.from('(not zstd, but a tar of this name)')];
const tars = layers.map((content, index) => {
  const tar = pack();
  tar.entry({ name: index === 2 ? '(odd' : 'file' }, content);
  tar.finalize();
  return tar;
});
const bytesOf = async (stream: AsyncIterable<unknown>) => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
const contents = await Promise.all(tars.map(bytesOf));
const diffIds = contents.map((tar) => `sha256:${sha(tar)}`);
const config = Buffer.from(JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } }));

/** What was taken, and the config that was found. */
async function read(files: Record<string, Buffer>, known: string[] = []) {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const taken: string[] = [];
  const found = await readSaved(
    Readable.from(tar as AsyncIterable<Buffer>, { objectMode: false }),
    diffIds,
    (id) => known.includes(id),
    async ({ content }) => {
      taken.push(`sha256:${sha(await bytesOf(content))}`);
    },
  );
  return { taken, found };
}

const blob = (bytes: Buffer) => `blobs/sha256/${sha(bytes)}`;
const others = { 'index.json': Buffer.from('{}'), 'oci-layout': Buffer.from('{}'), 'manifest.json': Buffer.from('[]') };

it('reads the layout with digests, and passes over what is known', async () => {
  const files = Object.fromEntries([...contents, config].map((bytes) => [blob(bytes), bytes]));
  expect(await read({ ...files, ...others })).toEqual({ taken: diffIds.slice(0, 3), found: config });
  const { taken } = await read({ ...files, ...others }, [diffIds[0] as string]);
  expect(taken).toEqual(diffIds.slice(1));
});

it("unpacks what containerd's image store has compressed", async () => {
  const files = Object.fromEntries(
    [...contents.map((tar) => gzipSync(tar)), config].map((bytes) => [blob(bytes), bytes]),
  );
  expect(await read({ ...files, ...others })).toEqual({ taken: diffIds, found: config });
});

it('takes no description for the config of the image', async () => {
  const other = Buffer.from(JSON.stringify({ rootfs: { type: 'layers', diff_ids: diffIds.slice(1) } }));
  expect((await read({ [blob(other)]: other, ...others })).found).toBeUndefined();
});

it('ends with an error when the engine ends too soon', async () => {
  const half = Readable.from([contents[0]?.subarray(0, 1000)]);
  await expect(
    readSaved(
      half,
      diffIds,
      () => false,
      async () => undefined,
    ),
  ).rejects.toThrow();
});
