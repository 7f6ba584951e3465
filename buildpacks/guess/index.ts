/** What notebooks and scripts import and no environment file asks for: said, and added as a guess. */
import { shown } from '../../src/paths.ts';
import { isAncient } from '../../src/pythons.ts';
import type { Checkout, ConfigFolder, Contribution, Match, Notice, PlanContext, Step } from '../../src/types.ts';
import { NO_REQUIREMENTS, python } from '../python/index.ts';
import { readPackage } from '../python/package.ts';
import { KERNEL_EXTRAS, SERVER_EXTRAS } from '../python/server.ts';
import { askedByPackage, askedByScripts, askedOfDebian, type Scripts } from './asked.ts';
import { judge } from './judge.ts';
import { withDependencies, withProvisions } from './packages.ts';
import { type Scan, scan } from './scan.ts';

/** The plan so far. */
export interface Planned {
  folder: ConfigFolder;
  matches: readonly Match<never>[];
  contributions: readonly Contribution[];
  context: PlanContext;
  /** Lock of the Jupyter server, in which notebooks run when there is no environment of the repository's own. */
  serverLock: readonly string[];
}

/** For a Python that only solving tells. */
const SOME_PYTHON = '3.11';
const NOTHING: Contribution = { steps: [], notices: [] };

/** Folders that are installed as packages with the content. */
function packageFolders({ contributions }: Planned): string[] {
  return contributions
    .flatMap(({ steps }) => steps)
    .filter(({ template }) => template === 'python/package')
    .map(({ values }) => String(values.path));
}

/** Names of what the environment will have, without what they bring. */
async function environmentNames(checkout: Checkout, planned: Planned, scripts: Scripts): Promise<string[]> {
  const { matches, contributions, folder } = planned;
  const hasOwnServer = contributions.some(({ server }) => server === 'environment');
  const [debian, ...packages] = await Promise.all([
    askedOfDebian(checkout, folder),
    ...packageFolders(planned).map((path) => askedByPackage(checkout, path)),
  ]);
  return [
    ...matches.flatMap((match) => match.python?.names ?? []),
    ...KERNEL_EXTRAS,
    ...(hasOwnServer ? SERVER_EXTRAS : []),
    ...scripts.names,
    ...(debian ?? []),
    ...packages.flat(),
  ];
}

function guessStep(guesses: readonly string[], context: PlanContext): Step {
  const count = guesses.length === 1 ? '1 package' : `${guesses.length} packages`;
  return {
    title: `Adding ${count} as a guess: ${guesses.join(', ')}`,
    place: 'guessed',
    template: 'guess/install',
    values: { packages: guesses, provisions: guesses.map(withProvisions), asOf: context.asOf },
  };
}

/**
 * The repository as a package that is installed as well: notebooks import it, and an environment file of another
 * folder hides what makes it one.
 */
async function ownPackage(
  checkout: Checkout,
  { astray, own }: Scan,
  planned: Planned,
  scripts: Scripts,
): Promise<Contribution> {
  const found = astray.find(({ path, file }) => file.endsWith('.ipynb') && own.isInstallable(path.split('.')[0] ?? ''));
  if (!found || scripts.installsItself || packageFolders(planned).length > 0) return NOTHING;
  // What is wrong with a file that nobody asked to be read is no fault of the environment's.
  const made = await readPackage(checkout, checkout.subdir).catch(() => undefined);
  if (!made?.install) return NOTHING;
  const adds = planned.context.config.SLIPWAY_INFER_DEPENDENCIES === 'on';
  const name = shown(found.path.split('.')[0] ?? '', 60);
  const said = `${shown(found.file)} imports ${name}, the repository's own package, which no environment file asks for`;
  const message = `${said}; ${adds ? `it is installed as a guess, by ${made.file}` : `${made.file} could install it`}.`;
  const notice: Notice = { code: adds ? 'guessed-package' : 'missing-package', message, file: found.file };
  if (!adds) return { steps: [], notices: [notice] };
  const step: Step = {
    title: `Installing the repository as a Python package, as a guess`,
    place: 'content',
    template: 'guess/package',
    values: { path: checkout.subdir },
  };
  return { steps: [step], notices: [notice], fullHistory: made.versionFromGit };
}

/** An environment without any requirement, for a repository that runs in the default one otherwise. */
async function emptyEnvironment(checkout: Checkout, context: PlanContext): Promise<Step[]> {
  const match = { name: 'python', evidence: [], notices: [], files: [], data: NO_REQUIREMENTS };
  return (await python.plan(checkout, match, context)).steps;
}

/** Notices, and what is added where guesses are. Never fails a plan for what a notebook or a script is like. */
export async function infer(checkout: Checkout, planned: Planned): Promise<Contribution> {
  const { context, contributions, serverLock } = planned;
  const scanned = await scan(checkout, packageFolders(planned).length > 0);
  if (!scanned) return NOTHING;
  const scripts = await askedByScripts(checkout, planned.folder);
  const hasOwn = contributions.some(({ ownPython }) => ownPython === true);
  // Nothing of today adds a package to such a Python without moving others.
  const adds = context.config.SLIPWAY_INFER_DEPENDENCIES === 'on' && !isAncient(context.era.python);
  const [names, itself] = await Promise.all([
    environmentNames(checkout, planned, scripts),
    ownPackage(checkout, scanned, planned, scripts),
  ]);
  const ofServer = serverLock.map((line) => line.split('==')[0] ?? '');
  const judged = (there: string[]) =>
    judge(scanned, {
      there: withDependencies(there),
      python: context.python.version || context.era.python || SOME_PYTHON,
      adds,
    });
  let { guesses, notices } = judged(hasOwn ? names : [...names, ...ofServer]);
  const needsOwn = !hasOwn && (guesses.length > 0 || itself.steps.length > 0);
  // The server's packages are out of sight from an environment of its own.
  if (needsOwn) ({ guesses, notices } = judged(names));
  return {
    steps: [
      ...(needsOwn ? await emptyEnvironment(checkout, context) : []),
      ...(guesses.length > 0 ? [guessStep(guesses, context)] : []),
      ...itself.steps,
    ],
    notices: [...scanned.notices, ...itself.notices, ...notices],
    ...(needsOwn ? { ownPython: true } : {}),
    ...(itself.fullHistory ? { fullHistory: true } : {}),
  };
}
