/** Files that other tools build an environment from and that no buildpack reads: said, never passed over in silence. */
import { joinPath } from '../paths.ts';
import type { Checkout, ConfigFolder, Match, Notice } from '../types.ts';

const UNREAD: Record<string, string> = {
  Pipfile: 'Pipenv',
  'Pipfile.lock': 'Pipenv',
  'poetry.lock': 'locks of Poetry',
  'uv.lock': 'locks of uv',
  'pdm.lock': 'locks of PDM',
  'pylock.toml': 'pylock files',
  'Project.toml': 'Julia environments',
  'JuliaProject.toml': 'Julia environments',
  'Manifest.toml': 'Julia environments',
  REQUIRE: 'Julia environments',
  DESCRIPTION: 'R packages',
  'install.R': 'R packages',
  'renv.lock': 'locks of renv',
  'default.nix': 'Nix',
  Dockerfile: 'Dockerfiles',
  'devcontainer.json': 'development containers',
  'package.json': 'Node packages',
};

/** A notice for each file in the config folder that describes an environment nobody reads. */
export async function unreadFiles(checkout: Checkout, folder: ConfigFolder): Promise<Notice[]> {
  const names = await checkout.list(folder.path);
  return names
    .filter((name) => Object.hasOwn(UNREAD, name))
    .map((name) => ({
      code: 'unread-file',
      message: `${joinPath(folder.path, name)} is not read: Slipway has no buildpack for ${UNREAD[name]} yet.`,
      file: joinPath(folder.path, name),
    }));
}

/** A notice for each file of the config folder that a pack reads in general and that no match has taken or spoken of. */
export async function passedOver(
  checkout: Checkout,
  folder: ConfigFolder,
  reads: ReadonlySet<string>,
  matches: readonly Match<never>[],
): Promise<Notice[]> {
  const told = new Set(
    matches.flatMap(({ files, evidence, notices }) => [...files, ...[...evidence, ...notices].map(({ file }) => file)]),
  );
  const names = await checkout.list(folder.path);
  const files = names.filter((name) => reads.has(name)).map((name) => joinPath(folder.path, name));
  return files
    .filter((file) => !told.has(file))
    .map((file) => ({
      code: 'ignored-file',
      message: `${file} is ignored, as other files describe the environment.`,
      file,
    }));
}
