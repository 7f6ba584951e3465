/** Keys of the tiers: pure functions of commit, platform and the settings that change the result. */
import { createHash } from 'node:crypto';
import type { Config } from '../config.ts';
import type { PythonChoice, Step, Suite, Tier } from '../types.ts';

/** Raise it when a template, a script or a step's meaning changes, so that images are made anew. */
export const BASE_REVISION = 15;

/** JSON with sorted keys: the same value gives the same bytes. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function hash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 40);
}

function tier(name: 'base' | 'environment' | 'content', key: string): Tier {
  return { key, image: `slipway/${name}:${key}` };
}

export function baseTier(suite: Suite, python: PythonChoice, serverLock: readonly string[], config: Config): Tier {
  // Only a managed Python is part of the base; the suite's own comes with the suite.
  const managed = python.source === 'managed' ? python.version : '';
  const platform = config.SLIPWAY_PLATFORM;
  return tier(
    'base',
    hash({ revision: BASE_REVISION, suite, managed, serverLock, platform, epoch: config.SLIPWAY_BASE_EPOCH }),
  );
}

export function environmentTier(base: Tier, steps: readonly Step[]): Tier {
  const own = steps.filter(({ place }) => place !== 'content' && place !== 'guessed');
  return tier('environment', hash({ base: base.key, steps: own }));
}

/** An environment that stands on another: what was guessed, so that what was declared stays shared. */
export function guessedTier(environment: Tier, steps: readonly Step[]): Tier | undefined {
  const own = steps.filter(({ place }) => place === 'guessed');
  return own.length === 0 ? undefined : tier('environment', hash({ environment: environment.key, steps: own }));
}

/** What makes content: where it came from, and every step that reads it. */
export interface ContentIdentity {
  canonicalUrl: string;
  commit: string;
  subdir: string;
  env: Record<string, string>;
  executables: readonly string[];
  ignoreFile: string;
}

/** @param parent the environment, or what was guessed on top of it */
export function contentTier(parent: Tier, identity: ContentIdentity, steps: readonly Step[]): Tier {
  const own = steps.filter(({ place }) => place === 'content');
  return tier('content', hash({ environment: parent.key, ...identity, steps: own }));
}
