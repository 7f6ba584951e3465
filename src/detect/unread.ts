/** Files that other tools build an environment from and that no buildpack reads: said, never passed over in silence. */
import { joinPath } from '../paths.ts';
import type { Checkout, ConfigFolder, Notice } from '../types.ts';

const UNREAD: Record<string, string> = {
  'conda-lock.yml': 'conda environments',
  'pixi.toml': 'pixi environments',
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
