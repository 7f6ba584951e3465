/** What is done with images that are there: found in registry and engine, looked at, removed. */
import type Docker from 'dockerode';
import type { StockImage } from './build/stock.ts';
import type { Config } from './config.ts';
import { connectEngine } from './engine.ts';
import { SlipwayError } from './errors.ts';
import { instanceId } from './instance.ts';
import type { ImageFacts } from './publish/inspect.ts';
import type { RegistryImage } from './publish/retain.ts';
import { type EngineDeps, isHub, openPublished, stages } from './stages.ts';

export type { StockImage } from './build/stock.ts';
export type { ImageFacts } from './publish/inspect.ts';
export type { RegistryImage } from './publish/retain.ts';

/** Name that an image which was found or built has in the engine; pulled there when only the registry has it. */
export async function imageInEngine(image: string, deps: EngineDeps): Promise<string> {
  const published = await openPublished(deps);
  const place = published?.ownPlace(image);
  if (!published || !place) return image;
  await published.pull(place.tier, place.key, await deps.engine());
  return `slipway/${place.tier}:${place.key}`;
}

/** Name under which whoever starts sessions finds an image: a hub pulls it by itself. */
export async function imageToLaunch(image: string, deps: EngineDeps): Promise<string> {
  return isHub(deps.config) ? image : imageInEngine(image, deps);
}

/** Has the engine have an environment that only the registry has. */
export async function environmentInEngine(key: string, deps: EngineDeps): Promise<void> {
  const published = await openPublished(deps);
  await published?.pull('environment', key, await deps.engine());
}

/** What an image of ours says of itself, wherever it is. @throws image_not_found */
export async function inspectImage(image: string, config: Config, signal: AbortSignal): Promise<ImageFacts> {
  const published = await openPublished({ config, signal });
  const place = published?.ownPlace(image);
  if (published && place)
    return (await stages.publish()).inspectPublished(published.registry, { repository: place.tier, tag: place.key });
  const found = await (await stages.build()).imageInfo(await connectEngine(config), image);
  if (!found) throw new SlipwayError('image_not_found', `Neither registry nor engine has an image ${image}.`);
  const { id, labels, size, layers } = found;
  return { image, digest: id, labels, size, layers: layers.length, artifacts: [] };
}

/** Lock, provenance or list of packages of an image in the registry. @throws image_not_found, bad_usage */
export async function readAttachment(
  image: string,
  what: string,
  config: Config,
  signal: AbortSignal,
): Promise<Buffer> {
  const published = await openPublished({ config, signal });
  const place = published?.ownPlace(image);
  if (!published || !place)
    throw new SlipwayError('image_not_found', `${image} is not an image in the registry of SLIPWAY_REGISTRY.`);
  return (await stages.publish()).attachmentOf(published.registry, { repository: place.tier, tag: place.key }, what);
}

/** Whether the registry answers and lets us in; nothing to ask where there is none. @throws SlipwayError of publish */
export async function checkRegistry(config: Config, signal: AbortSignal): Promise<void> {
  await (await openPublished({ config, signal }))?.registry.ping();
}

/** The same, and whether it takes a push, which leaves nothing there. @throws SlipwayError of publish */
export async function checkPush(config: Config, signal: AbortSignal): Promise<void> {
  await (await openPublished({ config, signal }))?.registry.check('content');
}

/** What pruning asks of the engine; see src/build/stock.ts. */
export interface Stock {
  list(): Promise<StockImage[]>;
  remove(image: StockImage): Promise<boolean>;
  cacheSize(): Promise<number>;
  pruneCache(keep: number): Promise<number>;
}

/** The images of this installation, and the cache of the engine that builds them. */
export async function openStock(docker: Docker, config: Config): Promise<Stock> {
  const [stock, instance] = await Promise.all([stages.stock(), instanceId(config)]);
  return {
    list: () => stock.listStock(docker, instance),
    remove: (image) => stock.removeImage(docker, image),
    cacheSize: () => stock.cacheSize(docker),
    pruneCache: (keep) => stock.pruneCache(docker, keep),
  };
}

/** What retention asks of the registry; see src/publish/retain.ts. */
export interface PublishedStock {
  list(): Promise<RegistryImage[]>;
  remove(image: RegistryImage): Promise<boolean>;
}

/** The images in the registry; undefined without one. */
export async function openPublishedStock(config: Config, signal?: AbortSignal): Promise<PublishedStock | undefined> {
  const published = await openPublished({ config, ...(signal && { signal }) });
  if (!published) return undefined;
  const { listPublished, removePublished } = await stages.retain();
  return {
    list: () => listPublished(published.registry),
    remove: (image) => removePublished(published.registry, image),
  };
}
