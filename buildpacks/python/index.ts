/** Python: every file that people describe an environment with, from requirements.txt to the locks of uv, Poetry and PDM. */
import { SlipwayError } from '../../src/errors.ts';
import { fullVersion, minor } from '../../src/pythons.ts';
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
import { wheelTarget } from '../../src/wheel-tags.ts';
import { cutoff, cutoffs } from '../cutoffs.ts';
import { withCommits } from './commits.ts';
import { planFromChannel } from './from-channel.ts';
import { exportLock, type Lock, misfit } from './locked.ts';
import { markerWorld } from './markers.ts';
import type { PythonPackage } from './package.ts';
import { type LocalRequirement, localFor, noRequirements, type Requirements } from './requirements.ts';
import { KERNEL_EXTRAS, SERVER_EXTRAS, serverPart } from './server.ts';
import { readSources, type Sources } from './sources.ts';
import { readVersions } from './versions.ts';

interface PythonData {
  /** What is asked for: resolved when there is no lock, or none that can be used. */
  requirements: Requirements | undefined;
  package: PythonPackage | undefined;
  lock?: Lock;
  /** `requirements` are a lock themselves. */
  isLocked?: boolean;
}

/** What is installed: as locked, or to be resolved. */
interface Wanted {
  requirements: Requirements;
  /** The lock that it comes from. */
  lock?: string;
  notices: Notice[];
}

/** What a repository without any of these files asks for. */
export const NO_REQUIREMENTS: PythonData = { requirements: undefined, package: undefined };

async function detect(checkout: Checkout, folder: ConfigFolder): Promise<Match<PythonData> | undefined> {
  const asked = await readVersions(checkout, folder);
  const sources = await readSources(checkout, folder);
  const evidence = [...asked.evidence, ...(sources?.evidence ?? [])];
  if (evidence.length === 0) return undefined;
  const notices = [...asked.notices, ...(sources?.notices ?? [])];
  const own = sources?.wish.version;
  if (own !== undefined && asked.version !== undefined && own.value !== asked.version.value) {
    const message = `${asked.version.file} asks for Python ${asked.version.value}, but ${own.file} for ${own.value}, and that counts.`;
    notices.push({ code: 'ignored-file', message, file: asked.version.file });
  }
  const version = own ?? asked.version;
  const lock = lockFiles(sources);
  return {
    name: 'python',
    evidence,
    notices,
    files: [...new Set([...asked.files, ...(sources?.files ?? [])])],
    ...(lock === undefined ? {} : { lock }),
    ...(asked.asOf === undefined ? {} : { asOf: asked.asOf }),
    python: {
      ...(version === undefined ? {} : { version }),
      ...(sources?.wish.requires === undefined ? {} : { requires: sources.wish.requires }),
      pins: sources?.wish.pins ?? [],
      names: [...(sources?.asked.names ?? []), ...(sources?.lock?.packages.keys() ?? [])],
    },
    data: {
      requirements: sources?.asked,
      package: sources?.package,
      ...(sources?.lock === undefined ? {} : { lock: sources.lock }),
      isLocked: sources?.isLocked ?? false,
    },
  };
}

function lockFiles(sources: Sources | undefined): string[] | undefined {
  if (sources?.lock !== undefined) return [sources.lock.file];
  return sources?.isLocked ? sources.asked.files : undefined;
}

/**
 * What the sources come to on this Python and platform. A lock that cannot be installed there gives way to what its
 * manifest asks, where there is one.
 * @throws SlipwayError `bad_environment_file` when there is none
 */
function wantedOf(data: PythonData, context: PlanContext): Wanted {
  const { lock, requirements: asked = noRequirements(), isLocked = false } = data;
  if (lock === undefined) {
    const [first] = asked.files;
    return { requirements: asked, notices: [], ...(isLocked && first !== undefined ? { lock: first } : {}) };
  }
  const world = markerWorld(context.fullPython, context.platform);
  const { requirements, unfit } = exportLock(
    lock,
    world,
    wheelTarget(context.python.version, context.platform, context.era.debian),
  );
  const reason =
    misfit(lock, world) ??
    (unfit.length > 0 ? `it has no file for this platform of ${unfit.slice(0, 5).join(', ')}` : undefined);
  if (reason === undefined) {
    const nothing = requirements.requirements.length + requirements.local.length === 0 && lock.packages.size > 1;
    const message = `${lock.file} has nothing for Linux and Python ${context.python.version}: its markers leave every package out.`;
    const notices = nothing ? [{ code: 'nothing-for-platform', message, file: lock.file }] : [];
    return { requirements, lock: lock.file, notices: [...notices, ...requirements.notices] };
  }
  const manifest =
    asked.requirements.length + asked.local.length > 0 ? (data.package?.file ?? asked.files.at(-1)) : undefined;
  if (manifest === undefined) {
    throw new SlipwayError('bad_environment_file', `${lock.file} cannot be installed here: ${reason}.`, {
      hint: 'Lock it for Linux and this Python as well, or ask for the Python that it was made for in runtime.txt.',
    });
  }
  const message = `${lock.file} is not used, for ${reason}. The versions are those of the day, for what ${manifest} asks.`;
  return { requirements: asked, notices: [{ code: 'lock-unfit', message, file: lock.file }] };
}

function resolveTitle(count: number, from: string, lock: string | undefined): string {
  if (count === 0) return `Choosing Python's kernel as of ${from}`;
  const packages = `${count} Python ${count === 1 ? 'package' : 'packages'}`;
  if (lock === undefined) return `Choosing versions of ${packages} as of ${from}`;
  return `Taking ${packages} as ${lock} has them, and Python's kernel as of ${from}`;
}

function resolveStep({ requirements: wanted, lock }: Wanted, context: PlanContext, extras: string[]): Step {
  const from = [context.asOf, context.python.notBefore].sort().at(-1) ?? context.asOf;
  return {
    title: resolveTitle(wanted.requirements.length, from, lock),
    place: 'resolve',
    template: 'python/resolve',
    values: {
      python: context.python,
      requirements: lock === undefined ? wanted.requirements : [],
      // Not even the dependencies of what is locked are looked for.
      locked: lock === undefined ? [] : wanted.requirements,
      constraints: wanted.constraints,
      asOf: from,
      cutoffs: cutoffs(from),
      extras,
      indexOptions: wanted.indexOptions,
      ...(wanted.prereleases ? { prereleases: true } : {}),
    },
  };
}

/** Folders that are installed with the content, the repository's own package among them. */
function localOf(wanted: Requirements, found: PythonPackage | undefined, subdir: string, context: PlanContext) {
  const local = localFor(markerWorld(context.fullPython, context.platform), wanted.local);
  if (found?.install && !local.some(({ path }) => path === subdir))
    local.push({ path: subdir, extras: '', editable: false, file: found.file });
  return local;
}

function contentSteps(local: LocalRequirement[], indexOptions: string[], asOf: string): Step[] {
  return local.map(({ path, extras, editable }) => ({
    title: `Installing ${path === '' ? 'the repository' : path} as a Python package`,
    place: 'content' as const,
    template: 'python/package',
    values: { path, extras, editable, cutoff: cutoff(asOf, 0), indexOptions },
  }));
}

function ownServer(part: string | undefined): Notice[] {
  if (part === undefined) return [];
  const message = `The environment asks for ${part}, which is part of the Jupyter server, so the server runs from the repository's own environment.`;
  return [{ code: 'own-server', message }];
}

function movedDay({ asOf, python }: PlanContext): Notice[] {
  if (asOf >= python.notBefore) return [];
  const message = `Packages are as of ${python.notBefore} instead of ${asOf}: before that day few had wheels for Python ${python.version}.`;
  return [{ code: 'as-of-moved', message }];
}

/** Where conda brings the Python, its version is the one that is asked for. */
function withVersion(context: PlanContext): PlanContext {
  const { python, era } = context;
  if (python.source !== 'conda') return context;
  return { ...context, python: { ...python, version: minor(era.python) }, fullPython: fullVersion(era.python) };
}

async function plan(checkout: Checkout, match: Match<PythonData>, planned: PlanContext): Promise<Contribution> {
  const { requirements: asked, package: found } = match.data;
  const context = withVersion(planned);
  const offered = wantedOf(match.data, context);
  const wanted = { ...offered, requirements: await withCommits(offered.requirements, context) };
  const local = localOf(wanted.requirements, found, checkout.subdir, context);
  // A lock of a project names what others need, too; only what was asked for tells whose server it is to be.
  const names = asked !== undefined && asked.names.size > 0 ? asked.names : wanted.requirements.names;
  if (context.python.source === 'conda') {
    const { requirements, lock } = wanted;
    const isLocked = lock !== undefined;
    const onChannel = planFromChannel({ requirements, isLocked, names, local, files: match.files }, planned);
    return { ...onChannel, notices: [...wanted.notices, ...onChannel.notices] };
  }
  const part = serverPart(names);
  const resolve = resolveStep(
    wanted,
    context,
    part === undefined ? KERNEL_EXTRAS : [...KERNEL_EXTRAS, ...SERVER_EXTRAS],
  );
  const { indexOptions } = wanted.requirements;
  const content = contentSteps(local, indexOptions, String(resolve.values.asOf));
  const install: Step = {
    title: 'Installing Python packages',
    place: 'install',
    template: 'python/install',
    values: { python: context.python, ownIndex: indexOptions.length > 0, indexOptions, server: part !== undefined },
  };
  return {
    steps: [resolve, install, ...content],
    notices: [...wanted.notices, ...ownServer(part), ...movedDay(context)],
    ownPython: true,
    ...(part === undefined ? {} : { server: 'environment' as const }),
    fullHistory: content.length > 0 && (found?.versionFromGit ?? false),
  };
}

export const python: Buildpack<PythonData> = {
  name: 'python',
  reads: [
    'requirements.txt',
    'runtime.txt',
    '.python-version',
    'Pipfile',
    'Pipfile.lock',
    'setup.py',
    'pyproject.toml',
    'uv.lock',
    'poetry.lock',
    'pdm.lock',
    'pylock.toml',
  ],
  detect,
  plan,
};
