/** What several buildpacks ask of a checkout. */
import { joinPath } from '../src/paths.ts';
import type { Checkout, ConfigFolder } from '../src/types.ts';

/**
 * The path of a script in the config folder. A folder of that name is nothing of ours: `start/` is an ordinary name.
 * @returns undefined when there is none
 */
export async function scriptFile(checkout: Checkout, folder: ConfigFolder, name: string): Promise<string | undefined> {
  const file = joinPath(folder.path, name);
  const kind = await checkout.kind(file);
  if (kind === undefined || kind === 'folder') return undefined;
  return file;
}
