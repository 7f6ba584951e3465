/** The repository as a Python package or project: pyproject.toml and setup.py. */
import { folderOf, joinPath } from '../../src/paths.ts';
import type { Checkout, Notice, PythonWish } from '../../src/types.ts';
import { type Declared, keyOf, parseDependency, takeDependency } from './dependency.ts';
import { ownIndexes, takeIndexes } from './indexes.ts';
import { withOwnExtras } from './own-extras.ts';
import { packagePlaces, readPoetry } from './poetry.ts';
import { groupDependencies, type Tool, toolOf, toolTable } from './pyproject.ts';
import { noRequirements, type Requirements } from './requirements.ts';
import { takeConstraints, unapplied as unappliedSettings } from './settings.ts';
import { isTable, readToml, type Table, tableAt, textAt, textsAt } from './toml.ts';
import { withUvSources } from './uv-sources.ts';

export interface PythonPackage {
  /** The file that makes it one. */
  file: string;
  /** Whether it is installed itself, or only what it depends on. */
  install: boolean;
  /** Whether Binder reads it, too. */
  isBinders: boolean;
  /** What it asks for, as far as that is known without running anything. */
  declared: readonly Declared[];
  /** The same as requirements, with notices and indexes. */
  requirements: Requirements;
  /** Settings that count only in a lock. */
  unapplied: readonly Notice[];
  requires?: NonNullable<PythonWish['requires']>;
  /** Its build asks git for a version. */
  versionFromGit: boolean;
  pyproject: Table;
}

/** Whose rules say which parts of pyproject.toml count. */
export type Reader = Tool | 'pip';

const ASKS_GIT =
  /setuptools[_-]scm|use_scm_version|versioneer|hatch-vcs|setuptools[_-]git|\bpbr\b|dunamai|vcs-versioning|poetry-dynamic-versioning/;

/** Reads pyproject.toml of a folder; empty when there is none. @throws SlipwayError `bad_environment_file` */
export async function readPyproject(checkout: Checkout, folder: string): Promise<Table> {
  const file = joinPath(folder, 'pyproject.toml');
  return (await checkout.kind(file)) === undefined ? {} : readToml(checkout, file);
}

/** `requires-python` of [project], or the `python` of Poetry's dependencies. */
function requiresOf(file: string, metadata: Table, poetry: string | undefined): PythonWish['requires'] {
  const value = textAt(file, 'requires-python', metadata['requires-python']) ?? poetry;
  return value === undefined ? undefined : { value, file };
}

/** What [project] declares; Poetry's table may say where some of it comes from, and has groups of its own. */
function declaredBy(file: string, metadata: Table, poetry: readonly Declared[]): Declared[] {
  const lines = textsAt(file, 'dependencies', metadata.dependencies);
  const own = lines.map((text) => parseDependency(file, 'dependencies', text));
  const sources = new Map(
    poetry.filter(({ source }) => source.kind !== 'index').map((one) => [keyOf(one), one.source]),
  );
  const names = new Set(own.map(keyOf));
  const enriched = own.map((one) => ({ ...one, source: sources.get(keyOf(one)) ?? one.source }));
  return [...enriched, ...poetry.filter((one) => !names.has(keyOf(one)))];
}

async function fromPyproject(
  checkout: Checkout,
  file: string,
  pyproject: Table,
  reader: Reader | undefined,
): Promise<PythonPackage | undefined> {
  const hasPoetry = isTable(pyproject.tool) && isTable(pyproject.tool.poetry);
  if (pyproject.project === undefined && !hasPoetry) return undefined;
  const metadata = tableAt(file, 'project', pyproject.project);
  const poetry = readPoetry(file, reader === 'pip' ? {} : toolTable(pyproject, 'poetry'));
  const requirements = noRequirements();
  requirements.notices.push(...poetry.notices);
  const tool = reader ?? toolOf(pyproject);
  const groups = tool === undefined || tool === 'pip' ? [] : groupDependencies(file, pyproject, tool);
  const all = [...declaredBy(file, metadata, poetry.declared), ...groups];
  const whole = withOwnExtras(file, metadata, all, requirements.notices);
  const declared = withUvSources(file, pyproject, whole, requirements.notices);
  for (const one of declared) takeDependency(requirements, file, one);
  takeIndexes(requirements, file, ownIndexes(file, pyproject));
  if (reader !== 'pip') takeConstraints(requirements, file, pyproject);
  const unapplied = reader === 'pip' ? [] : [...poetry.unapplied, ...unappliedSettings(file, pyproject)];
  const isLocked = reader !== undefined || (await checkout.kind(joinPath(folderOf(file), 'pylock.toml'))) !== undefined;
  if (!isLocked) requirements.notices.push(...unapplied);
  const build =
    pyproject['build-system'] === undefined ? undefined : tableAt(file, 'build-system', pyproject['build-system']);
  const install = await isInstalled(checkout, file, pyproject, build !== undefined, poetry, requirements);
  const requires = requiresOf(file, metadata, poetry.python);
  const dynamic = textsAt(file, 'dynamic', metadata.dynamic);
  const buildNeeds = textsAt(file, 'build-system.requires', build?.requires).join(' ');
  return {
    file,
    install,
    isBinders: pyproject.project !== undefined && build !== undefined,
    declared,
    requirements,
    unapplied,
    ...(requires === undefined ? {} : { requires }),
    versionFromGit:
      ASKS_GIT.test(buildNeeds) ||
      (dynamic.includes('version') && isTable(pyproject.tool) && pyproject.tool.setuptools_scm !== undefined),
    pyproject,
  };
}

/** As the tools have it: without a build system there is nothing to build, and a project may say that it is no package. */
async function isInstalled(
  checkout: Checkout,
  file: string,
  pyproject: Table,
  hasBuild: boolean,
  poetry: { name: string | undefined; isPackage: boolean },
  { notices }: Requirements,
): Promise<boolean> {
  const say = (why: string) => {
    const message = `${file} ${why}, so its dependencies are installed but the package itself is not.`;
    notices.push({ code: 'package-not-built', message, file });
    return false;
  };
  if (!hasBuild) return say('has no [build-system]');
  const refused =
    !poetry.isPackage ||
    toolTable(pyproject, 'uv').package === false ||
    toolTable(pyproject, 'pdm').distribution === false;
  if (refused) return say('says that it is no package');
  if (pyproject.project !== undefined) return true;
  // Poetry writes a build system into every file that it makes, also where there is nothing to build.
  const places = packagePlaces(poetry.name, toolTable(pyproject, 'poetry'));
  const folder = file.slice(0, -'pyproject.toml'.length);
  for (const place of places) if (place !== '' && (await checkout.kind(folder + place)) !== undefined) return true;
  return say('describes a package of which there are no files');
}

async function fromSetup(checkout: Checkout, folder: string): Promise<PythonPackage | undefined> {
  const setup = joinPath(folder, 'setup.py');
  if ((await checkout.kind(setup)) === undefined) return undefined;
  const text = await checkout.read(setup);
  const config = joinPath(folder, 'setup.cfg');
  const more = (await checkout.kind(config)) === 'file' ? await checkout.read(config) : '';
  return {
    file: setup,
    install: true,
    isBinders: true,
    declared: [],
    requirements: noRequirements(),
    unapplied: [],
    versionFromGit: ASKS_GIT.test(text + more),
    pyproject: {},
  };
}

/**
 * Finds the Python package that a folder of the repository is.
 * @param folder path in the repository, '' for the root
 * @param pyproject its pyproject.toml, where it was read already or is to be passed over
 * @param reader the tool whose lock stands beside it, or pip where another file says what is installed
 * @returns undefined when neither file makes it one
 * @throws SlipwayError `bad_environment_file` naming file, and line or key
 */
export async function readPackage(
  checkout: Checkout,
  folder: string,
  reader?: Reader,
  pyproject?: Table,
): Promise<PythonPackage | undefined> {
  const table = pyproject ?? (await readPyproject(checkout, folder));
  const found = await fromPyproject(checkout, joinPath(folder, 'pyproject.toml'), table, reader);
  if (found?.isBinders || found?.install) return found;
  const setup = await fromSetup(checkout, folder);
  if (found === undefined || setup === undefined) return found ?? setup;
  // Binder installs what setup.py makes a package, whatever else pyproject.toml says.
  return { ...found, install: true, isBinders: true, versionFromGit: found.versionFromGit || setup.versionFromGit };
}
