/** The repository as a Python package: pyproject.toml and setup.py. */
import { SlipwayError } from '../../src/errors.ts';
import { joinPath } from '../../src/paths.ts';
import type { Checkout, Notice, PythonWish } from '../../src/types.ts';
import { parseRequirement } from './requirement.ts';

export interface PythonPackage {
  /** The file that makes it one. */
  file: string;
  /** Whether it is installed itself, or only what it depends on. */
  install: boolean;
  /** PEP 508 lines that are known without running anything. */
  dependencies: string[];
  names: Set<string>;
  pins: { name: string; version: string; file: string }[];
  requires?: NonNullable<PythonWish['requires']>;
  /** Its build asks git for a version. */
  versionFromGit: boolean;
  notices: Notice[];
}

const ASKS_GIT =
  /setuptools[_-]scm|use_scm_version|versioneer|hatch-vcs|setuptools[_-]git|\bpbr\b|dunamai|vcs-versioning|poetry-dynamic-versioning/;

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function bad(file: string, problem: string): SlipwayError {
  return new SlipwayError('bad_environment_file', `${file}: ${problem}`, {
    hint: 'See packaging.python.org for how pyproject.toml is written.',
  });
}

/** Parses a TOML file of the repository; a fault names line and column. */
async function readToml(checkout: Checkout, file: string): Promise<Record<string, unknown>> {
  const text = await checkout.read(file);
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text, { maxDepth: 100 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = error.message.split('\n')[0] ?? '';
    throw new SlipwayError('bad_environment_file', `${file}, line ${error.line}, column ${error.column}: ${problem}`, {
      hint: 'Mend the TOML there.',
      cause: error,
    });
  }
}

function strings(file: string, key: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw bad(file, `${key} has to be a list of strings.`);
}

function takeDependencies(found: PythonPackage, lines: readonly string[]): void {
  for (const text of lines) {
    const parsed = parseRequirement(text, { text, file: `${found.file} (dependencies)`, number: 1 });
    if (parsed.kind === 'local')
      throw bad(found.file, `the dependency "${parsed.path}" is a path; only names and URLs are dependencies.`);
    if (parsed.kind === 'dropped') continue;
    found.dependencies.push(parsed.line);
    found.names.add(parsed.name);
    if (parsed.pin !== undefined) found.pins.push({ name: parsed.name, version: parsed.pin, file: found.file });
    if (parsed.notice) found.notices.push({ ...parsed.notice, file: found.file });
  }
}

async function fromPyproject(checkout: Checkout, file: string): Promise<PythonPackage | undefined> {
  const toml = await readToml(checkout, file);
  const metadata = record(toml.project);
  if (metadata === undefined) return undefined;
  const build = record(toml['build-system']);
  const dynamic = strings(file, 'dynamic', metadata.dynamic);
  const requires = metadata['requires-python'];
  if (requires !== undefined && typeof requires !== 'string') throw bad(file, 'requires-python has to be a string.');
  const buildNeeds = strings(file, 'build-system.requires', build?.requires).join(' ');
  const found: PythonPackage = {
    file,
    // As uv has it: without a build system there is nothing to build, only dependencies.
    install: build !== undefined,
    dependencies: [],
    names: new Set(),
    pins: [],
    ...(requires === undefined ? {} : { requires: { value: requires, file } }),
    versionFromGit:
      ASKS_GIT.test(buildNeeds) || (dynamic.includes('version') && record(toml.tool)?.setuptools_scm !== undefined),
    notices: [],
  };
  if (!found.install) {
    const message = `${file} has no [build-system], so its dependencies are installed but the package itself is not.`;
    found.notices.push({ code: 'package-not-built', message, file });
  }
  takeDependencies(found, strings(file, 'dependencies', metadata.dependencies));
  return found;
}

/**
 * Finds the Python package that a folder of the repository is.
 * @param folder path in the repository, '' for the root
 * @returns undefined when neither file makes it one
 */
export async function readPackage(checkout: Checkout, folder: string): Promise<PythonPackage | undefined> {
  const pyproject = joinPath(folder, 'pyproject.toml');
  if ((await checkout.kind(pyproject)) !== undefined) {
    const found = await fromPyproject(checkout, pyproject);
    if (found !== undefined) return found;
  }
  const setup = joinPath(folder, 'setup.py');
  if ((await checkout.kind(setup)) === undefined) return undefined;
  const text = await checkout.read(setup);
  const config = joinPath(folder, 'setup.cfg');
  const more = (await checkout.kind(config)) === 'file' ? await checkout.read(config) : '';
  return {
    file: setup,
    install: true,
    dependencies: [],
    names: new Set(),
    pins: [],
    versionFromGit: ASKS_GIT.test(text + more),
    notices: [],
  };
}
