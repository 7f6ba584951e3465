/** matches → plan: the day, its era, the steps, the keys. */
import { infer } from '../../buildpacks/index.ts';
import type { Config } from '../config.ts';
import { fullVersion } from '../pythons.ts';
import type {
  Buildpack,
  Checkout,
  ConfigFolder,
  Contribution,
  Match,
  Notice,
  Plan,
  PlanContext,
  PythonWish,
} from '../types.ts';
import { asOfDay } from './dates.ts';
import { chooseEra, type RankPythons, type ReachesChannel } from './era.ts';
import { baseTier, contentTier, environmentTier, guessedTier } from './keys.ts';

export interface PlanInput {
  checkout: Checkout;
  folder: ConfigFolder;
  matches: readonly { pack: Buildpack<never>; match: Match<never> }[];
  /** Of detection. */
  notices: readonly Notice[];
}

export interface PlanDeps {
  config: Config;
  rank: RankPythons;
  reachesChannel: ReachesChannel;
  commitOf: PlanContext['commitOf'];
  /** The lock of a suite's Jupyter server, one package a line. */
  serverLock: (suite: Plan['era']['debian']) => readonly string[];
}

/** For which a plan stands in for one that could not be made, in milliseconds. */
const STANDS_IN = 3600_000;
const NO_WISH: PythonWish = { pins: [] };

async function ignoreFile(checkout: Checkout, folder: ConfigFolder): Promise<string | undefined> {
  // The root's own .dockerignore is about another Dockerfile than ours when there is a binder/ folder.
  for (const name of ['.containerignore', '.dockerignore']) {
    const path = folder.path === '' ? name : `${folder.path}/${name}`;
    if ((await checkout.kind(path)) === 'file') return path;
  }
  return undefined;
}

function merge(
  contributions: readonly Contribution[],
): Required<Pick<Contribution, 'steps' | 'notices' | 'env' | 'executables'>> {
  return {
    steps: contributions.flatMap(({ steps }) => steps),
    notices: contributions.flatMap(({ notices }) => notices),
    env: Object.assign({}, ...contributions.map(({ env }) => env ?? {})),
    executables: contributions.flatMap(({ executables }) => executables ?? []),
  };
}

/**
 * Plans a checkout. The same checkout and settings give the same plan on every machine.
 * @throws SlipwayError of the stages detect and plan
 */
export async function makePlan(input: PlanInput, deps: PlanDeps): Promise<Plan> {
  const { checkout, matches } = input;
  const { config } = deps;
  const only = matches.map(({ match }) => match);
  const day = await asOfDay(checkout, only, config);
  const wish = only.find(({ python }) => python !== undefined)?.python ?? NO_WISH;
  const choice = await chooseEra(day.asOf, wish, config, deps);
  const context: PlanContext = {
    asOf: day.asOf,
    era: choice.era,
    python: choice.python,
    fullPython: fullVersion(choice.python.version),
    platform: config.SLIPWAY_PLATFORM,
    commitOf: deps.commitOf,
    config,
  };
  const contributions: Contribution[] = [];
  for (const { pack, match } of matches) contributions.push(await pack.plan(checkout, match, context));
  const { folder } = input;
  const serverLock = deps.serverLock(choice.era.debian);
  const inferred = await infer(checkout, { folder, matches: only, contributions, context, serverLock });
  // A package that is installed as a guess is there before postBuild looks for it.
  contributions.unshift(inferred);
  const { steps, notices, env, executables } = merge(contributions);
  const ignored = await ignoreFile(checkout, folder);

  const { resolved, subdir } = checkout;
  const base = baseTier(choice.era.debian, choice.python, serverLock, config);
  const environment = environmentTier(base, steps);
  const guessed = guessedTier(environment, steps);
  const identity = {
    canonicalUrl: resolved.spec.canonicalUrl,
    commit: resolved.commit,
    subdir,
    env,
    executables,
    ignoreFile: ignored ?? '',
  };
  return {
    ...(choice.standsIn && { until: Date.now() + STANDS_IN }),
    repo: resolved.spec.canonicalUrl,
    commit: resolved.commit,
    commitDate: checkout.commitDate.toISOString(),
    platform: config.SLIPWAY_PLATFORM,
    subdir,
    asOf: day.asOf,
    era: choice.era,
    python: choice.python,
    buildpacks: only.map(({ name, evidence }) => ({ name, evidence })),
    notices: [...checkout.notices, ...input.notices, ...day.notices, ...choice.notices, ...notices],
    tiers: {
      base,
      environment,
      ...(guessed && { guessed }),
      content: contentTier(guessed ?? environment, identity, steps),
    },
    server: contributions.some(({ server }) => server === 'environment') ? 'environment' : 'isolated',
    ownPython: contributions.some(({ ownPython }) => ownPython === true),
    steps,
    env,
    executables,
    fullHistory: contributions.some(({ fullHistory }) => fullHistory === true),
    ...(ignored === undefined ? {} : { ignoreFile: ignored }),
  };
}
