/** conda: an environment from its channels as of a day, solved and installed by rattler. */
import type { Config } from '../../src/config.ts';
import type {
  Buildpack,
  Checkout,
  ConfigFolder,
  Contribution,
  Match,
  PlanContext,
  PythonWish,
} from '../../src/types.ts';
import { withCommits } from '../python/commits.ts';
import { normalName } from '../python/requirement.ts';
import { besides } from './besides.ts';
import { readCondaEnvironment } from './environment.ts';
import { onPypi } from './names.ts';
import { planOnChannels } from './on-channels.ts';
import { counterparts, planOnPypi } from './pypi.ts';
import type { CondaEnvironment } from './types.ts';

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

async function plan(checkout: Checkout, match: Match<CondaEnvironment>, context: PlanContext): Promise<Contribution> {
  if (context.config.SLIPWAY_CONDA === 'pypi') return planOnPypi(checkout, match, match.data, context);
  const { pip } = match.data;
  return planOnChannels(
    pip === undefined ? match.data : { ...match.data, pip: await withCommits(pip, context) },
    context,
  );
}

export const conda: Buildpack<CondaEnvironment> = {
  name: 'conda',
  reads: ['environment.yml', 'environment.yaml', 'conda-lock.yml', 'pixi.toml', 'pixi.lock'],
  replaces: ['python'],
  detect,
  plan,
};
