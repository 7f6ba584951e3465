/** The steps of an environment from conda's channels. */
import type { Config } from '../../src/config.ts';
import { fullVersion, isAncient } from '../../src/pythons.ts';
import type { Contribution, Notice, PlanContext, Step } from '../../src/types.ts';
import { cutoff } from '../cutoffs.ts';
import { markerWorld } from '../python/markers.ts';
import { type LocalRequirement, localFor } from '../python/requirements.ts';
import { KERNEL_EXTRAS, SERVER_EXTRAS, serverPart } from '../python/server.ts';
import { clientLock } from './client.ts';
import { isShared, solving, withChannels, withPip } from './solving.ts';
import type { CondaEnvironment } from './types.ts';

/** Stands in where the solver chooses: what asks for a Python then holds in any case. */
const ANY_PYTHON = '3.11.0';

function defaultsNotice({ files: [file = ''], channels, specs }: CondaEnvironment, config: Config): Notice[] {
  const stand = config.SLIPWAY_CONDA_DEFAULTS.join(', ');
  const isAsked = channels.includes('defaults') || specs.some(({ channel }) => channel === 'defaults');
  if (!isAsked || stand === 'defaults') return [];
  const message = `${file}: ${stand} stands for the channel defaults, whose terms are not for everybody.`;
  return [{ code: 'channel-replaced', message, file }];
}

/** Of an environment that names a part of the server, and whether it can be that. */
function serverNotice(named: string | undefined, part: string | undefined): Notice[] {
  if (named === undefined) return [];
  const why = `The environment asks for ${named}, which is part of the Jupyter server`;
  return part === undefined
    ? [
        {
          code: 'server-apart',
          message: `${why}; today's server needs a newer Python, so it runs from one of its own.`,
        },
      ]
    : [{ code: 'own-server', message: `${why}, so the server runs from the repository's own environment.` }];
}

/** Folders of the repository that the pip section names are installed with the content. */
function contentSteps({ pip }: CondaEnvironment, { asOf, era, platform }: PlanContext): Step[] {
  const local = pip?.local ?? [];
  // Which Python the solver takes is only known before when the environment names it.
  const world = markerWorld(era.python === '' ? ANY_PYTHON : fullVersion(era.python), platform);
  const isUnknown = ({ marker }: LocalRequirement) => era.python === '' && /python/.test(marker?.text ?? '');
  const fitting = local.filter((one) => localFor(world, [one]).length > 0 || isUnknown(one));
  return fitting.map(({ path, extras, editable }) => ({
    title: `Installing ${path === '' ? 'the repository' : path} as a Python package`,
    place: 'content',
    template: 'python/package',
    values: { path, extras, editable, cutoff: cutoff(asOf, 0), indexOptions: pip?.indexOptions ?? [] },
  }));
}

/** Plans an environment that rattler solves and installs from its channels, its `pip:` section with commits. */
export function planOnChannels(declared: CondaEnvironment, context: PlanContext): Contribution {
  const { config, asOf } = context;
  const { environment, notices: added } = withPip(declared);
  const data = withChannels(environment, config);
  // A lock without its manifest does not say what was asked for.
  const asked = data.specs.length > 0 ? data.specs : (data.locked ?? []);
  const named = serverPart([...asked.map(({ name }) => name), ...(data.pip?.names ?? [])]);
  const part = isAncient(context.era.python) ? undefined : named;
  const notices = [...added, ...defaultsNotice(declared, config), ...serverNotice(named, part)];
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
