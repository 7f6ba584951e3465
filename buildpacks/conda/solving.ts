/** A conda environment as what solves and installs it reads: plain data, one line of JSON. */
import type { Config } from '../../src/config.ts';
import { SlipwayError } from '../../src/errors.ts';
import type { Notice, PlanContext, Suite } from '../../src/types.ts';
import { cutoffs } from '../cutoffs.ts';
import { loosened, loosenedNotice } from './specs.ts';
import type { CondaEnvironment, CondaSpec } from './types.ts';

const PLATFORMS: Record<string, { subdir: string; machine: string }> = {
  'linux/amd64': { subdir: 'linux-64', machine: 'x86_64' },
  'linux/arm64': { subdir: 'linux-aarch64', machine: 'aarch64' },
};
const GLIBC: Record<Suite, string> = { bullseye: '2.31', bookworm: '2.36', trixie: '2.41' };

/** Channels that many rely on and that have maintainers of their own: what comes from them may be kept for all. */
const WELL_KNOWN = new Set(['conda-forge', 'bioconda', 'main', 'r', 'anaconda', 'pytorch', 'nvidia', 'rapidsai']);

/** Under one name whether it was written as a name or as an address. */
const plainName = (channel: string) => channel.replace(/^https?:\/\/conda\.anaconda\.org\//, '');

/**
 * The environment with every channel that it asks: those that a spec alone names come after the listed ones, as for conda,
 * and what the operator says stands for `defaults`. A spec cannot name several, and then may come from any.
 */
export function withChannels(environment: CondaEnvironment, config: Config): CondaEnvironment {
  const standing = config.SLIPWAY_CONDA_DEFAULTS;
  const specs = environment.specs.map((spec) => {
    if (spec.channel !== 'defaults') return spec;
    const { channel: _, ...rest } = spec;
    return standing.length === 1 ? { ...rest, channel: standing[0] as string } : rest;
  });
  const asked = [...environment.channels, ...environment.specs.flatMap(({ channel }) => channel ?? [])];
  const channels = new Map<string, string>();
  for (const name of asked.flatMap((one) => (one === 'defaults' ? standing : [one])))
    if (!channels.has(plainName(name))) channels.set(plainName(name), name);
  return { ...environment, specs, channels: [...channels.values()] };
}

/** Whether everything comes from well-known channels: only then a cache that others use may be mounted. */
export function isShared({ channels, specs, locked = [] }: CondaEnvironment): boolean {
  const named = [...channels, ...specs.flatMap(({ channel }) => channel ?? [])];
  const ofLock = locked.map(
    ({ url }) => /^https:\/\/conda\.anaconda\.org\/([\w-]+)\/[\w-]+\/[^/]+$/.exec(url)?.[1] ?? '',
  );
  return [...named, ...ofLock].every((name) => WELL_KNOWN.has(name));
}

/** Python and pip added where pip is to install something and nothing names either: conda adds pip there too. */
export function withPip(environment: CondaEnvironment): { environment: CondaEnvironment; notices: Notice[] } {
  const { specs, pip, locked, files } = environment;
  const isAsked = pip !== undefined && pip.requirements.length + pip.local.length > 0;
  const isNamed = specs.some(({ name }) => name === 'python' || name === 'pip');
  if (!isAsked || isNamed || locked !== undefined) return { environment, notices: [] };
  const [file = ''] = files;
  const added = ['python', 'pip'].map((name) => ({ name, file, line: 1 }));
  const message = `${file}: pip needs Python, which no dependency names: python and pip are added. Add python with its version to have the same one always.`;
  return {
    environment: { ...environment, specs: [...specs, ...added] },
    notices: [{ code: 'python-added', message, file }],
  };
}

/** A spec as rattler parses it: `conda-forge::numpy ==1.15.4 py37_0`. */
function matchSpec({ name, version, build, channel }: CondaSpec): string {
  const words = [
    name,
    ...(version === undefined && build === undefined ? [] : [version ?? '*']),
    ...(build ? [build] : []),
  ];
  return `${channel === undefined ? '' : `${channel}::`}${words.join(' ')}`;
}

/** What no machine that builds may decide: the kernel and the processor that packages are solved for. */
function virtualPackages(suite: Suite, machine: string): Record<string, string> {
  return { __unix: '0', __linux: '5.10', __glibc: GLIBC[suite], __archspec: `1=${machine}` };
}

/** The environment of conda.json, its channels as withChannels has them; `extras` are added where they move nothing that is declared. */
export function solving(environment: CondaEnvironment, context: PlanContext, extras: readonly string[]): string {
  const platform = PLATFORMS[context.platform];
  if (platform === undefined) {
    throw new SlipwayError('unsupported_platform', `conda has no packages for ${context.platform}.`, {
      hint: `Build for one of ${Object.keys(PLATFORMS).join(', ')}.`,
    });
  }
  const { pip, locked } = environment;
  return JSON.stringify({
    channels: environment.channels,
    platform: platform.subdir,
    virtual: virtualPackages(context.era.debian, platform.machine),
    cutoffs: cutoffs(context.asOf),
    specs: environment.specs.map((spec) => {
      const looser = loosened(spec);
      const notice = loosenedNotice(spec, looser)?.message ?? '';
      return { name: spec.name, spec: matchSpec(spec), loosened: matchSpec(looser), notice };
    }),
    extras,
    ...(locked === undefined ? {} : { locked }),
    pip: {
      requirements: pip?.requirements ?? [],
      constraints: pip?.constraints ?? [],
      indexOptions: pip?.indexOptions ?? [],
      ...(pip?.prereleases ? { prereleases: true } : {}),
      ...(pip?.isLocked ? { locked: true } : {}),
    },
  });
}
