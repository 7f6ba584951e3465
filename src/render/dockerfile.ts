/**
 * plan → Dockerfiles. One plan, two renderings: the tiers that the engine builds, and one ordinary Dockerfile to take
 * home.
 *
 * The environment's stages, and what each may trust: `system` runs only Debian's packages as root. `resolve` branches
 * off and is thrown away; a setup.py of anybody may run there, unprivileged and without a cache that outlives it; only
 * a lock leaves it. `install` goes on from the clean system, and the step that mounts the shared cache runs nobody's code.
 * `guessed` stands on the environment, in a tier of its own: it is chosen in a stage that is thrown away, too.
 */
import { shown } from '../paths.ts';
import type { Plan, Step, StepPlace } from '../types.ts';
import { quote, type Rendering, renderTemplate } from './templates.ts';

/** Absolute path in the image of a path in the repository. */
export function inHome(path: string): string {
  return path === '' ? '/home/jovyan' : `/home/jovyan/${path}`;
}

/** A word of a Dockerfile instruction: quoted, so that neither spaces nor `$` of a repository's path mean anything. */
function word(text: string): string {
  return `"${text.replace(/[\\"$]/g, '\\$&')}"`;
}

function renderStep(step: Step, plan: Plan, rendering: Rendering): string {
  const text = renderTemplate(`buildpacks/${step.template}.hbs`, step.values, rendering, plan.era.debian);
  return `# step: ${shown(step.title, 200)}\n${text}`;
}

function renderPlace(plan: Plan, place: StepPlace, rendering: Rendering): string[] {
  return plan.steps.filter((step) => step.place === place).map((step) => renderStep(step, plan, rendering));
}

function baseLines(plan: Plan, serverLock: readonly string[], rendering: Rendering): string {
  const values = { suite: plan.era.debian, python: plan.python, lock: serverLock };
  return renderTemplate('templates/base.hbs', values, rendering, plan.era.debian);
}

/** @param name of the stage that they end in, where another goes on from it */
function environmentLines(plan: Plan, rendering: Rendering, name = ''): string[] {
  const system = renderPlace(plan, 'system', rendering);
  const resolve = renderPlace(plan, 'resolve', rendering);
  const install = renderPlace(plan, 'install', rendering);
  if (resolve.length === 0) return [...system, ...install, ...(name === '' ? [] : [`FROM system${name}`])];
  return [...system, 'FROM system AS resolve', ...resolve, `FROM system${name}`, ...install];
}

/** Stages on one that is called `environment`. */
function guessedLines(plan: Plan, rendering: Rendering): string[] {
  const steps = renderPlace(plan, 'guessed', rendering);
  return steps.length === 0 ? [] : ['FROM environment AS guesses', ...steps];
}

function finish(plan: Plan): string[] {
  return ['USER jovyan', `WORKDIR ${word(inHome(plan.subdir))}`];
}

function join(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}

/** The base tier, on an image that holds the suite's root file system. */
export function renderBase(plan: Plan, rootfs: string, serverLock: readonly string[]): string {
  return join([`FROM ${rootfs}`, baseLines(plan, serverLock, 'engine')]);
}

/** The environment tier on the base tier; undefined when the plan adds nothing to it. */
export function renderEnvironment(plan: Plan): string | undefined {
  if (plan.steps.every(({ place }) => place === 'content')) return undefined;
  return join([`FROM ${plan.tiers.base.image} AS system`, ...environmentLines(plan, 'engine'), 'USER jovyan']);
}

/**
 * The environment tier on an environment that has some of its packages; see src/build/grow.ts for which can.
 * @param on name of that image
 */
export function renderGrown(plan: Plan, on: string): string {
  const steps = plan.steps.map((step) =>
    step.place === 'install' ? { ...step, template: 'python/grow', values: { ...step.values, on } } : step,
  );
  return join([
    `FROM ${plan.tiers.base.image} AS system`,
    ...environmentLines({ ...plan, steps }, 'engine', ' AS more'),
    'USER jovyan',
  ]);
}

/** What is guessed, on the environment; undefined when nothing is. */
export function renderGuessed(plan: Plan): string | undefined {
  if (plan.tiers.guessed === undefined) return undefined;
  return join([`FROM ${plan.tiers.environment.image} AS environment`, ...guessedLines(plan, 'engine')]);
}

/** The content steps on an image that holds the plain content; undefined when there are none. */
export function renderContent(plan: Plan, plainImage: string): string | undefined {
  const steps = renderPlace(plan, 'content', 'engine');
  if (steps.length === 0) return undefined;
  return join([`FROM ${plainImage}`, ...steps, ...finish(plan)]);
}

/** The environment of a content image beside what its parent has. */
export function contentEnvironment(plan: Plan): Record<string, string> {
  return { ...plan.env, REPO_DIR: inHome(plan.subdir) };
}

/** How the plan's content layer is written: what is executable, what an ignore file leaves out and may not. */
export function layerOptions(plan: Plan): { executables: string[]; ignoreFile?: string; keep: string[] } {
  // Environment files stay whatever an ignore file says: they tell a reader what was installed.
  const keep = plan.buildpacks.flatMap(({ evidence }) => evidence.map(({ file }) => file));
  return {
    executables: plan.executables,
    keep,
    ...(plan.ignoreFile === undefined ? {} : { ignoreFile: plan.ignoreFile }),
  };
}

/** The whole as one Dockerfile that plain `docker build` accepts, with the repository as context. */
export function renderTakeHome(plan: Plan, serverLock: readonly string[]): string {
  const rendering = 'take-home';
  const environment = Object.entries(contentEnvironment(plan)).map(([name, value]) => `ENV ${name}=${word(value)}`);
  const executable = plan.executables.map((path) => quote(inHome(path))).join(' ');
  return join([
    `# ${shown(plan.repo)} at ${plan.commit}, packages as of ${plan.asOf}`,
    `FROM debian:${plan.era.debian}-slim AS system`,
    baseLines(plan, serverLock, rendering),
    ...environmentLines(plan, rendering, plan.tiers.guessed && ' AS environment'),
    ...guessedLines(plan, rendering),
    `COPY --chown=1000:1000 . /home/jovyan\n${environment.join('\n')}`,
    ...(executable === '' ? [] : [`USER jovyan\nRUN chmod +x ${executable}`]),
    `WORKDIR ${word(inHome(plan.subdir))}`,
    ...renderPlace(plan, 'content', rendering),
    ...finish(plan),
  ]);
}
