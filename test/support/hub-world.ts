/** A world whose launches go to a hub, with an image that is there. */
import { DAY, plain } from './builds.ts';
import { startHub, type TestHub } from './hub.ts';
import { openWorld, type World } from './world.ts';

export interface HubWorld {
  world: World;
  hub: TestHub;
  /** A repository whose image is built. */
  repo: { url: string; image: string };
  /** One whose server begins with lines of `start`. */
  starting(name: string, lines: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * @param config, env as startHub takes them; the lines may name the image that is built
 * @param world one that is there already, which is closed with it
 */
export async function openHubWorld(
  config?: string | ((image: string) => string),
  env?: Record<string, string>,
  given?: World,
): Promise<HubWorld> {
  const world = given ?? (await openWorld());
  let hub: TestHub | undefined;
  const close = async () => {
    await hub?.close();
    await world.close();
  };
  try {
    const { url } = await world.repo('tides', plain());
    const { imageName } = await world.build([url]);
    hub = await startHub(typeof config === 'function' ? config(imageName) : config, env);
    Object.assign(world.settings, hub.settings);
    const starting = async (name: string, lines: string) => {
      const start = { content: `#!/bin/bash\n${lines}\nexec "$@"\n`, mode: '755' as const };
      const made = await world.repo(name, [{ date: DAY, files: { start } }]);
      await world.build([made.url]);
      return made.url;
    };
    return { world, hub, repo: { url, image: imageName }, starting, close };
  } catch (error) {
    await close();
    throw error;
  }
}
