/** What an image in the registry says of itself. */
import { SlipwayError } from '../errors.ts';
import { readArtifact, referrers } from './artifacts.ts';
import { type Place, type PublishedImage, readImage } from './image.ts';
import type { Registry } from './registry.ts';
import { ARTIFACTS } from './statements.ts';

/** An image as `slipway inspect` shows it. */
export interface ImageFacts {
  image: string;
  digest: string;
  labels: Record<string, string>;
  /** Bytes, as they are stored. */
  size: number;
  layers: number;
  artifacts: { name: string; type: string; digest: string; size: number }[];
}

async function known(registry: Registry, { repository, tag }: Place): Promise<PublishedImage> {
  const image = await readImage(registry, { repository, tag });
  if (image) return image;
  throw new SlipwayError('image_not_found', `There is no image ${registry.imageName(repository, tag)}.`, {
    hint: 'slipway build prints the names of images.',
  });
}

/** @throws image_not_found */
export async function inspectPublished(registry: Registry, place: Place): Promise<ImageFacts> {
  const { repository, tag } = place;
  const { digest, manifest, config } = await known(registry, place);
  const attached = await referrers(registry, repository, digest);
  return {
    image: registry.imageName(repository, tag),
    digest,
    labels: config.config.Labels ?? {},
    size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
    layers: manifest.layers.length,
    artifacts: attached.map(({ artifactType = '', annotations, ...one }) => ({
      name: annotations?.['org.opencontainers.image.title'] ?? artifactType,
      type: artifactType,
      digest: one.digest,
      size: one.size,
    })),
  };
}

/** @throws bad_usage, image_not_found */
export async function attachmentOf(registry: Registry, place: Place, what: string): Promise<Buffer> {
  const type = Object.entries(ARTIFACTS).find(([name]) => name === what)?.[1];
  if (type === undefined)
    throw new SlipwayError('bad_usage', `--show takes ${Object.keys(ARTIFACTS).join(', ')}, not "${what}".`);
  const { digest, manifest } = await known(registry, place);
  const own = await readArtifact(registry, place.repository, digest, type);
  if (own) return own;
  // What a commit's image is made of is attached to its environment.
  const environment = manifest.annotations?.['org.slipway.environment'];
  if (environment !== undefined && place.repository === 'content')
    return attachmentOf(registry, { repository: 'environment', tag: environment }, what);
  throw new SlipwayError('image_not_found', `Nothing of the kind "${what}" is attached to this image.`);
}
