/** Files that other tools build an environment from and that no buildpack reads: said, never passed over in silence. */
import { joinPath } from '../paths.ts';
import type { Checkout, ConfigFolder, Match, Notice } from '../types.ts';

const UNREAD: Record<string, string> = {
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

/** What says something of the repository it stands at the root of, and nothing in `binder/`; Binder passes it over, too. */
const AT_ROOT = new Set(['pyproject.toml', 'setup.py', 'uv.lock', 'poetry.lock', 'pdm.lock']);

/** A notice for each file in the config folder that describes an environment nobody reads. */
export async function unreadFiles(checkout: Checkout, folder: ConfigFolder): Promise<Notice[]> {
  const names = await checkout.list(folder.path);
  return names.flatMap((name) => {
    const file = joinPath(folder.path, name);
    if (folder.isBinder && AT_ROOT.has(name)) {
      const message = `${file} is ignored: it counts at the root of a project only.`;
      return [{ code: 'ignored-file', message, file }];
    }
    if (!Object.hasOwn(UNREAD, name)) return [];
    const message = `${file} is not read: Slipway has no buildpack for ${UNREAD[name]} yet.`;
    return [{ code: 'unread-file', message, file }];
  });
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
