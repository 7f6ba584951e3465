/** Images of a few files for tests that move them about, made without any network. */
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';

/** Of every file: layers of the same content are the same, whenever they are built. */
const WRITTEN = new Date('2024-01-01');

/**
 * Builds a Dockerfile with these files as its context, by the engine's old builder unless `options` say `version: '2'`. That
 * one looks through all images for what it could use, and fails when another test removes one meanwhile: it may not look.
 */
export async function buildSmall(
  docker: Docker,
  tag: string,
  dockerfile: string,
  files: Record<string, Buffer | string> = {},
  options: { version?: '2'; labels?: Record<string, string> } = {},
): Promise<void> {
  const tar = pack();
  for (const [name, content] of Object.entries({ Dockerfile: dockerfile, ...files }))
    tar.entry({ name, mtime: WRITTEN }, content as string);
  tar.finalize();
  const query = {
    t: tag,
    forcerm: true,
    nocache: true,
    ...options,
    labels: JSON.stringify(options.labels ?? {}),
  } as object;
  const answer = await docker.buildImage(tar as unknown as Readable, query);
  let said = '';
  for await (const chunk of answer) said += chunk;
  if (/"error"/.test(said)) throw new Error(said);
}

/** A file of an image, read through a container that never starts. */
export async function fileOf(docker: Docker, image: string, path: string): Promise<Buffer> {
  const container = await docker.createContainer({ Image: image, Cmd: ['/nothing'] });
  try {
    const { extract } = await import('tar-stream');
    const reader = extract();
    ((await container.getArchive({ path })) as Readable).pipe(reader);
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
    throw new Error(`${path} is not in ${image}`);
  } finally {
    await container.remove({ force: true });
  }
}
