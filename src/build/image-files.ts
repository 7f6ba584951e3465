/** Files in images, read without starting any of them. */
import type Docker from 'dockerode';
import { extract as newExtract } from 'tar-stream';
import type { Config } from '../config.ts';
import { INSTANCE_LABEL, instanceId } from '../instance.ts';
import { draftContainer } from './draft.ts';

/** What we read from an image are small files of our own; anybody may have put something else in their place. */
const FILE_LIMIT = 4 * 1024 * 1024;

/** `readFilesFromImage` for one. */
export async function readFileFromImage(
  docker: Docker,
  image: string,
  path: string,
  config: Pick<Config, 'SLIPWAY_DATA'>,
): Promise<Buffer | undefined> {
  const [content] = await readFilesFromImage(docker, image, [path], config);
  return content;
}

/**
 * The bytes of files in an image, read through a container that is never started; undefined for what is not there, is no
 * file, or is larger than 4 MB.
 */
export async function readFilesFromImage(
  docker: Docker,
  image: string,
  paths: readonly string[],
  config: Pick<Config, 'SLIPWAY_DATA'>,
): Promise<(Buffer | undefined)[]> {
  const labels = { [INSTANCE_LABEL]: await instanceId(config) };
  const name = await draftContainer();
  const container = await docker.createContainer({
    name,
    Image: image,
    Cmd: ['/nothing'],
    Entrypoint: [],
    Labels: labels,
  });
  try {
    return await Promise.all(paths.map((path) => readFile(container, path)));
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function readFile(container: Docker.Container, path: string): Promise<Buffer | undefined> {
  try {
    return await firstFile(await container.getArchive({ path }));
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** The first entry of a tar, if it is a file within the limit; of the rest nothing is read. */
async function firstFile(archive: NodeJS.ReadableStream): Promise<Buffer | undefined> {
  const extract = newExtract();
  archive.on('error', (error) => extract.destroy(error as Error));
  archive.pipe(extract);
  try {
    for await (const entry of extract) {
      if (entry.header.type !== 'file' || (entry.header.size ?? 0) > FILE_LIMIT) return undefined;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
    return undefined;
  } finally {
    (archive as unknown as { destroy(): void }).destroy();
  }
}
