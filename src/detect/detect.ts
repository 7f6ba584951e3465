/** checkout → matches. Walks the registry of buildpacks and knows no language. */
import { BUILDPACKS, DEFAULT_BUILDPACK } from '../../buildpacks/index.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { joinPath } from '../paths.ts';
import type { Buildpack, Checkout, ConfigFolder, Match, Notice } from '../types.ts';
import { passedOver, unreadFiles } from './unread.ts';

const READ = new Set(BUILDPACKS.flatMap((pack) => pack.reads));

export interface Detection {
  folder: ConfigFolder;
  /** In the order of the registry. */
  matches: { pack: Buildpack<never>; match: Match<never> }[];
  notices: Notice[];
}

async function findConfigFolder(checkout: Checkout): Promise<ConfigFolder> {
  const candidates = ['binder', '.binder'].map((name) => joinPath(checkout.subdir, name));
  const kinds = await Promise.all(candidates.map((path) => checkout.kind(path)));
  const link = candidates.find((_, index) => kinds[index] === 'link' || kinds[index] === 'other');
  if (link !== undefined) {
    throw new SlipwayError('unsafe_file', `${link} is not a folder but a link or a special file.`, {
      hint: `Make ${link} a real folder of the repository.`,
    });
  }
  const folders = candidates.filter((_, index) => kinds[index] === 'folder');
  if (folders.length > 1) {
    throw new SlipwayError(
      'conflicting_folders',
      `There are both ${folders.join(' and ')}; only one can hold the environment.`,
      {
        hint: 'Keep the environment files in one of them and remove the other.',
      },
    );
  }
  const [path] = folders;
  return path === undefined ? { path: checkout.subdir, isBinder: false } : { path, isBinder: true };
}

/** Files at the root that a `binder/` folder hides. */
async function hiddenFiles(checkout: Checkout, folder: ConfigFolder): Promise<Notice[]> {
  if (!folder.isBinder) return [];
  const names = await checkout.list(checkout.subdir);
  return names
    .filter((name) => READ.has(name))
    .map((name) => ({
      code: 'ignored-file',
      message: `${joinPath(checkout.subdir, name)} is ignored because ${folder.path}/ holds the environment.`,
      file: joinPath(checkout.subdir, name),
    }));
}

/**
 * Asks every buildpack whether it applies.
 * @throws SlipwayError `conflicting_folders`, `bad_environment_file`, `unsafe_file`, or `no_environment` when nothing
 *   applies and the default environment is switched off
 */
export async function detect(checkout: Checkout, config: Config): Promise<Detection> {
  const folder = await findConfigFolder(checkout);
  const matches: Detection['matches'] = [];
  for (const pack of BUILDPACKS) {
    if (matches.some((other) => other.pack.replaces?.includes(pack.name))) continue;
    const match = await pack.detect(checkout, folder, config);
    if (match !== undefined) matches.push({ pack, match });
  }
  const givesEnvironment = matches.some(({ match }) => match.files.length > 0);
  if (!givesEnvironment && config.SLIPWAY_DEFAULT_ENVIRONMENT === 'off') {
    throw new SlipwayError('no_environment', 'The repository has no file that describes an environment.', {
      hint: 'Add a requirements.txt that lists its Python packages.',
    });
  }
  if (!matches.some(({ match }) => match.python !== undefined)) {
    const match = await DEFAULT_BUILDPACK.detect(checkout, folder, config);
    if (match !== undefined)
      matches.push({ pack: DEFAULT_BUILDPACK as unknown as Buildpack<never>, match: match as Match<never> });
  }
  const found = matches.map(({ match }) => match);
  const notices = [
    ...(await hiddenFiles(checkout, folder)),
    ...(await unreadFiles(checkout, folder)),
    ...(await passedOver(checkout, folder, READ, found)),
    ...found.flatMap((match) => match.notices),
  ];
  return { folder, matches, notices };
}
