/** Questions about images in the engine. "Not there" is an answer; any other trouble is an error. */
import type Docker from 'dockerode';
import type { ImageConfig } from '../image-config.ts';

export interface ImageInfo {
  /** `sha256:…` of the config. */
  id: string;
  labels: Record<string, string>;
  config: ImageConfig['config'];
  architecture: string;
  os: string;
  layers: string[];
  /** Bytes, with all layers. */
  size: number;
}

/** What the engine knows of an image by tag or id; undefined when it has none of that name. */
export async function imageInfo(docker: Docker, tag: string): Promise<ImageInfo | undefined> {
  try {
    const found = await docker.getImage(tag).inspect();
    return {
      id: found.Id,
      labels: found.Config.Labels ?? {},
      config: found.Config as unknown as ImageConfig['config'],
      architecture: found.Architecture,
      os: found.Os,
      layers: found.RootFS.Layers ?? [],
      size: found.Size,
    };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Removes an image that has no tag and no container left; one still in use stays. */
export async function removeUnused(docker: Docker, id: string): Promise<void> {
  const info = await docker
    .getImage(id)
    .inspect()
    .catch(() => undefined);
  if (!info || (info.RepoTags ?? []).length > 0) return;
  await docker
    .getImage(id)
    .remove({ force: false, noprune: false })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
    });
}

/** Takes a name from an image; the image itself stays. A name that is not there is no error. */
export async function untag(docker: Docker, tag: string): Promise<void> {
  await docker
    .getImage(tag)
    .remove({ force: false, noprune: true })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
    });
}

/** Gives an image a name; what had it before goes when nothing else uses it. */
export async function moveTag(docker: Docker, id: string, tag: string): Promise<void> {
  const before = await imageInfo(docker, tag);
  const { repo, name } = splitTag(tag);
  await docker.getImage(id).tag({ repo, tag: name });
  if (before && before.id !== id) await removeUnused(docker, before.id);
}

function splitTag(tag: string): { repo: string; name: string } {
  const colon = tag.lastIndexOf(':');
  const hasTag = colon > tag.lastIndexOf('/');
  return hasTag ? { repo: tag.slice(0, colon), name: tag.slice(colon + 1) } : { repo: tag, name: 'latest' };
}
