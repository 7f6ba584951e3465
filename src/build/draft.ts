/** Names of what a build makes for a moment, each its process's own: what a killed one left is known by it. */
import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { isRunning, processMark, processPlace } from '../process-mark.ts';
import { untag } from './inspect.ts';

const IMAGE = 'slipway/build:';
const CONTAINER = 'slipway-build-';
/** Nothing needs a container that never starts for that long, wherever its process may be, in seconds. */
const FORGOTTEN = 3600;

async function ownName(): Promise<string> {
  const place = await processPlace();
  const random = randomBytes(10).toString('hex');
  return place === undefined ? random : `${place}-${await processMark()}-${random}`;
}

/** A name for the image of one build of this process. */
export async function newDraft(): Promise<string> {
  return IMAGE + (await ownName());
}

/** A name for one container of this process that never starts. */
export async function draftContainer(): Promise<string> {
  return CONTAINER + (await ownName());
}

/**
 * Removes what processes of this machine left that were killed between a build's end and its name, or while they read
 * from an image. Pruning finds the rest of the images; containers go by age, which would keep their image for ever.
 */
export async function removeDeadDrafts(docker: Docker): Promise<void> {
  const place = await processPlace();
  const isDead = async (name: string) =>
    place !== undefined && name.startsWith(`${place}-`) && !(await isRunning(name.slice(place.length + 1)));
  await Promise.all([removeContainers(docker, isDead), removeImages(docker, isDead)]);
}

type IsDead = (name: string) => Promise<boolean>;

async function removeContainers(docker: Docker, isDead: IsDead): Promise<void> {
  const filters = { name: [CONTAINER], status: ['created'] };
  for (const { Id, Names, Created } of await docker.listContainers({ all: true, filters })) {
    const name = Names[0]?.replace(/^\//, '') ?? '';
    if (!name.startsWith(CONTAINER)) continue;
    const isForgotten = Date.now() / 1000 - Created > FORGOTTEN;
    if (isForgotten || (await isDead(name.slice(CONTAINER.length))))
      await docker.getContainer(Id).remove({ force: true, v: true });
  }
}

async function removeImages(docker: Docker, isDead: IsDead): Promise<void> {
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [`${IMAGE}*`] }) });
  const drafts = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith(IMAGE));
  for (const draft of drafts) if (await isDead(draft.slice(IMAGE.length))) await untag(docker, draft);
}
