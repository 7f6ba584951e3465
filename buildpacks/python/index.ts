/** Python: requirements.txt, runtime.txt, .python-version, setup.py and pyproject.toml. */
import { joinPath } from '../../src/paths.ts';
import type {
  Buildpack,
  Checkout,
  ConfigFolder,
  Contribution,
  Match,
  Notice,
  PlanContext,
  Step,
} from '../../src/types.ts';
import { cutoff, cutoffs } from '../cutoffs.ts';
import { type PythonPackage, readPackage } from './package.ts';
import { type LocalRequirement, type Requirements, readRequirements } from './requirements.ts';
import { KERNEL_EXTRAS, SERVER_EXTRAS, serverPart } from './server.ts';
import { readVersions } from './versions.ts';

interface PythonData {
  requirements: Requirements | undefined;
  package: PythonPackage | undefined;
}

/** What a repository without any of these files asks for. */
export const NO_REQUIREMENTS: PythonData = { requirements: undefined, package: undefined };

async function detect(checkout: Checkout, folder: ConfigFolder): Promise<Match<PythonData> | undefined> {
  const file = joinPath(folder.path, 'requirements.txt');
  const asked = await readVersions(checkout, folder);
  const requirements = (await checkout.kind(file)) === undefined ? undefined : await readRequirements(checkout, file);
  const found = folder.isBinder ? undefined : await readPackage(checkout, checkout.subdir);
  const evidence = [...asked.evidence];
  if (requirements !== undefined) evidence.push(...describeRequirements(requirements));
  if (found !== undefined) evidence.push({ file: found.file, reason: describePackage(found) });
  if (evidence.length === 0) return undefined;
  return {
    name: 'python',
    evidence,
    notices: [...asked.notices, ...(requirements?.notices ?? []), ...(found?.notices ?? [])],
    files: [...asked.files, ...(requirements?.files ?? []), ...(found === undefined ? [] : [found.file])],
    ...(asked.asOf === undefined ? {} : { asOf: asked.asOf }),
    python: {
      ...(asked.version === undefined ? {} : { version: asked.version }),
      ...(found?.requires === undefined ? {} : { requires: found.requires }),
      pins: [...(requirements?.pins ?? []), ...(found?.pins ?? [])],
      names: [...(requirements?.names ?? []), ...(found?.names ?? [])],
    },
    data: { requirements, package: found },
  };
}

function describeRequirements(requirements: Requirements): { file: string; reason: string }[] {
  const [first = '', ...included] = requirements.files;
  const count = requirements.requirements.length + requirements.local.length;
  return [
    { file: first, reason: `lists ${count} Python ${count === 1 ? 'package' : 'packages'}` },
    ...included.map((file) => ({ file, reason: `is included by ${first}` })),
  ];
}

function describePackage(found: PythonPackage): string {
  return found.install ? 'makes the repository a Python package' : 'lists dependencies';
}

function resolveStep(data: PythonData, context: PlanContext, extras: string[]): Step {
  const { requirements, package: found } = data;
  const lines = [...(requirements?.requirements ?? []), ...(found?.dependencies ?? [])];
  const from = [context.asOf, context.python.notBefore].sort().at(-1) ?? context.asOf;
  const count = `${lines.length} Python ${lines.length === 1 ? 'package' : 'packages'}`;
  return {
    title:
      lines.length === 0 ? `Choosing Python's kernel as of ${from}` : `Choosing versions of ${count} as of ${from}`,
    place: 'resolve',
    template: 'python/resolve',
    values: {
      python: context.python,
      requirements: lines,
      constraints: requirements?.constraints ?? [],
      asOf: from,
      cutoffs: cutoffs(from),
      extras,
      indexOptions: requirements?.indexOptions ?? [],
    },
  };
}

function contentSteps(data: PythonData, checkout: Checkout, asOf: string): Step[] {
  const local: LocalRequirement[] = [...(data.requirements?.local ?? [])];
  const { package: found } = data;
  const known = local.some(({ path }) => path === checkout.subdir);
  if (found?.install && !known) local.push({ path: checkout.subdir, extras: '', editable: false, file: found.file });
  return local.map(({ path, extras, editable }) => ({
    title: `Installing ${path === '' ? 'the repository' : path} as a Python package`,
    place: 'content' as const,
    template: 'python/package',
    values: { path, extras, editable, cutoff: cutoff(asOf, 0), indexOptions: data.requirements?.indexOptions ?? [] },
  }));
}

async function plan(checkout: Checkout, match: Match<PythonData>, context: PlanContext): Promise<Contribution> {
  const { data } = match;
  const part = serverPart([...(data.requirements?.names ?? []), ...(data.package?.names ?? [])]);
  const notices: Notice[] = [];
  if (part !== undefined) {
    const message = `The environment asks for ${part}, which is part of the Jupyter server, so the server runs from the repository's own environment.`;
    notices.push({ code: 'own-server', message });
  }
  if (context.asOf < context.python.notBefore) {
    const message = `Packages are as of ${context.python.notBefore} instead of ${context.asOf}: before that day few had wheels for Python ${context.python.version}.`;
    notices.push({ code: 'as-of-moved', message });
  }
  const resolve = resolveStep(data, context, part === undefined ? KERNEL_EXTRAS : [...KERNEL_EXTRAS, ...SERVER_EXTRAS]);
  const content = contentSteps(data, checkout, String(resolve.values.asOf));
  const install: Step = {
    title: 'Installing Python packages',
    place: 'install',
    template: 'python/install',
    values: {
      python: context.python,
      ownIndex: (data.requirements?.indexOptions.length ?? 0) > 0,
      indexOptions: data.requirements?.indexOptions ?? [],
      server: part !== undefined,
    },
  };
  return {
    steps: [resolve, install, ...content],
    notices,
    ownPython: true,
    ...(part === undefined ? {} : { server: 'environment' as const }),
    fullHistory: content.length > 0 && (data.package?.versionFromGit ?? false),
  };
}

export const python: Buildpack<PythonData> = {
  name: 'python',
  reads: ['requirements.txt', 'runtime.txt', '.python-version', 'setup.py', 'pyproject.toml'],
  detect,
  plan,
};
