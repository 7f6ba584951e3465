/** An image on its way into the engine, as `docker load` takes one; only the layers that are new are in it. */
import type Docker from 'dockerode';
import { pack as newPack } from 'tar-stream';
import { SlipwayError } from '../errors.ts';
import { encodeConfig, type ImageConfig } from '../image-config.ts';
import { addEntries, type ContextStream } from './context.ts';

export interface ImageArchive {
  /**
   * Sends the config and the layers given; those below are found by their chain id.
   * @returns the image's id; undefined when the engine does not take it so, for want of the layers that were left out
   * @throws disk_full
   */
  send(config: ImageConfig, streams: ContextStream[]): Promise<string | undefined>;
  /** Gives up what was not sent. */
  close(): void;
}

/**
 * `POST /images/load`, under way before there is an image to send: the engine takes as long to get ready for one as we do to
 * write the layer.
 */
export function openArchive(docker: Docker): ImageArchive {
  const pack = newPack();
  const over = new AbortController();
  // What archives of old begin with; at the first of it the engine starts.
  const begun = addEntries(pack, [{ path: 'layer/VERSION', content: '1.0' }]);
  // The types do not have the signal.
  const options = { quiet: true, abortSignal: over.signal } as object;
  const answer = docker.loadImage(pack as unknown as NodeJS.ReadableStream, options).then(textOf, refusal);
  answer.catch(() => undefined);
  return {
    async send(config, streams) {
      const { bytes, digest } = encodeConfig(config);
      const name = `${digest.slice('sha256:'.length)}.json`;
      const files = [
        { path: name, content: bytes },
        { path: 'manifest.json', content: manifestOf(name, config.rootfs.diff_ids, streams) },
      ];
      begun
        .then(() => addEntries(pack, files, streams))
        .then(() => pack.finalize())
        .catch((error) => pack.destroy(error as Error));
      const said = await answer;
      return /"error":/.test(said) ? refused(said) : digest;
    },
    close: () => over.abort(),
  };
}

function manifestOf(config: string, diffIds: readonly string[], streams: readonly ContextStream[]): string {
  const known = diffIds.length - streams.length;
  const layers = diffIds.map((diffId, index) =>
    index < known ? `${diffId.slice('sha256:'.length)}.tar` : 'layer.tar',
  );
  return JSON.stringify([{ Config: config, RepoTags: null, Layers: layers }]);
}

async function textOf(answer: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of answer) said += chunk;
  return said;
}

/** An answer that is a refusal, as the others are; @throws what is no answer */
function refusal(error: { statusCode?: number; message: string }): string {
  if (error.statusCode === undefined) throw error;
  return JSON.stringify({ error: error.message });
}

/** @throws disk_full, where a build in its place would have no more room */
function refused(said: string): undefined {
  if (!/no space left/i.test(said)) return undefined;
  throw new SlipwayError('disk_full', 'There is no space left on the disk of the engine for the files of the commit.', {
    hint: 'slipway prune removes what nobody has used lately; the operator can give the engine a larger disk.',
  });
}
