/** conda: an environment from its channels as of a day, solved and installed by rattler. */
import type { Config } from '../../src/config.ts';
import type {
  Buildpack,
  Checkout,
  ConfigFolder,
  Contribution,
  Match,
  Notice,
  PlanContext,
  PythonWish,
  Step,
} from '../../src/types.ts';
import { cutoff } from '../cutoffs.ts';
import { withCommits } from '../python/commits.ts';
import { markerWorld } from '../python/markers.ts';
import { normalName } from '../python/requirement.ts';
import { type LocalRequirement, localFor } from '../python/requirements.ts';
import { KERNEL_EXTRAS, SERVER_EXTRAS, serverPart } from '../python/server.ts';
import { besides } from './besides.ts';
import { clientLock } from './client.ts';
import { readCondaEnvironment } from './environment.ts';
import { onPypi } from './names.ts';
import { counterparts, planOnPypi } from './pypi.ts';
import { isShared, solving, withChannels, withPip } from './solving.ts';
import type { CondaEnvironment } from './types.ts';

/** Stands in where the solver chooses: what asks for a Python then holds in any case. */
const ANY_PYTHON = '3.11.0';
/** `python=3.9` and `python==3.9.7` name a version; bounds don't. */
const PYTHON = /^(?:==)?(\d+\.\d+(?:\.\d+)?)(?:\.\*)?$/;

function wishOf({ specs, locked, files }: CondaEnvironment): PythonWish {
  const spec = specs.find(({ name }) => name === 'python');
  const said = locked?.find(({ name }) => name === 'python')?.version ?? PYTHON.exec(spec?.version ?? '')?.[1];
  const file = spec?.file ?? files[0] ?? '';
  return { isOwn: true, pins: [], ...(said === undefined ? {} : { version: { value: said, file } }) };
}

/** As PyPI calls them. */
function namesOf({ specs, locked, pip }: CondaEnvironment): string[] {
  const names = [...specs, ...(locked ?? [])].map(({ name }) =>
    normalName((onPypi(name)?.name ?? name).replace(/\[.*$/, '')),
  );
  return [...new Set([...names, ...(pip?.names ?? [])])];
}

async function detect(
  checkout: Checkout,
  folder: ConfigFolder,
  config: Config,
): Promise<Match<CondaEnvironment> | undefined> {
  const environment = await readCondaEnvironment(checkout, folder, config.SLIPWAY_PLATFORM);
  if (environment === undefined) return undefined;
  const { asOf, notices } = await besides(checkout, folder, environment.files);
  return {
    name: 'conda',
    evidence: environment.evidence,
    notices: [...environment.notices, ...notices],
    files: [...environment.files, ...(asOf === undefined ? [] : [asOf.file])],
    ...(environment.locked === undefined ? {} : { lock: environment.files.slice(0, 1) }),
    ...(asOf === undefined ? {} : { asOf }),
    python: {
      ...(config.SLIPWAY_CONDA === 'pypi' ? counterparts(environment).wish : wishOf(environment)),
      names: namesOf(environment),
    },
    data: environment,
  };
}

function defaultsNotice({ files: [file = ''], channels, specs }: CondaEnvironment, config: Config): Notice[] {
  const stand = config.SLIPWAY_CONDA_DEFAULTS.join(', ');
  const isAsked = channels.includes('defaults') || specs.some(({ channel }) => channel === 'defaults');
  if (!isAsked || stand === 'defaults') return [];
  const message = `${file}: ${stand} stands for the channel defaults, whose terms are not for everybody.`;
  return [{ code: 'channel-replaced', message, file }];
}

/** Folders of the repository that the pip section names are installed with the content. */
function contentSteps({ pip }: CondaEnvironment, { asOf, era, platform }: PlanContext): Step[] {
  const local = pip?.local ?? [];
  // Which Python the solver takes is only known before when the environment names it.
  const world = markerWorld(era.python === '' ? ANY_PYTHON : era.python, platform);
  const isUnknown = ({ marker }: LocalRequirement) => era.python === '' && /python/.test(marker?.text ?? '');
  const fitting = local.filter((one) => localFor(world, [one]).length > 0 || isUnknown(one));
  return fitting.map(({ path, extras, editable }) => ({
    title: `Installing ${path === '' ? 'the repository' : path} as a Python package`,
    place: 'content',
    template: 'python/package',
    values: { path, extras, editable, cutoff: cutoff(asOf, 0), indexOptions: pip?.indexOptions ?? [] },
  }));
}

async function plan(checkout: Checkout, match: Match<CondaEnvironment>, context: PlanContext): Promise<Contribution> {
  if (context.config.SLIPWAY_CONDA === 'pypi') return planOnPypi(checkout, match, match.data, context);
  const { pip } = match.data;
  return planOnChannels(
    pip === undefined ? match.data : { ...match.data, pip: await withCommits(pip, context) },
    context,
  );
}

function planOnChannels(declared: CondaEnvironment, context: PlanContext): Contribution {
  const { config, asOf } = context;
  const { environment, notices: added } = withPip(declared);
  const data = withChannels(environment, config);
  // A lock without its manifest does not say what was asked for.
  const asked = data.specs.length > 0 ? data.specs : (data.locked ?? []);
  const part = serverPart([...asked.map(({ name }) => name), ...(data.pip?.names ?? [])]);
  const notices = [...added, ...defaultsNotice(declared, config)];
  if (part !== undefined) {
    const message = `The environment asks for ${part}, which is part of the Jupyter server, so the server runs from the repository's own environment.`;
    notices.push({ code: 'own-server', message });
  }
  const extras = part === undefined ? KERNEL_EXTRAS : [...KERNEL_EXTRAS, ...SERVER_EXTRAS];
  const shared = isShared(data);
  const count = data.locked?.length ?? data.specs.length;
  const what = `${count} conda ${count === 1 ? 'package' : 'packages'}`;
  const variables = Object.entries(data.variables).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'"'"'`)}'`,
  );
  const content = contentSteps(data, context);
  const steps: Step[] = [
    { title: 'Installing the conda client', place: 'system', template: 'conda/client', values: { lock: clientLock() } },
    ...(data.pip === undefined
      ? []
      : [
          {
            title: 'Installing compilers for pip',
            place: 'system' as const,
            template: 'postbuild/compilers',
            values: {},
          },
        ]),
    {
      title: data.locked ? `Reading the lock of ${what}` : `Choosing versions of ${what} as of ${asOf}`,
      place: 'resolve',
      template: 'conda/resolve',
      values: { environment: [solving(data, context, extras)] },
    },
    {
      title: 'Installing conda packages',
      place: 'install',
      template: 'conda/install',
      values: { shared, variables, server: part !== undefined },
    },
    ...content,
  ];
  return {
    steps,
    notices,
    ownPython: true,
    ...(part === undefined ? {} : { server: 'environment' as const }),
    fullHistory: content.length > 0,
  };
}

export const conda: Buildpack<CondaEnvironment> = {
  name: 'conda',
  reads: ['environment.yml', 'environment.yaml', 'conda-lock.yml', 'pixi.toml', 'pixi.lock'],
  replaces: ['python'],
  detect,
  plan,
};
