/** How the tiers of a plan stand on each other. */
import type { Plan, Tier } from './types.ts';

/** What content stands on: the environment, or what was added to it as a guess. */
export function contentParent({ tiers }: Plan): Tier {
  return tiers.guessed ?? tiers.environment;
}

/** The plan of the environment as declared, which repositories with other guesses have too. */
export function asDeclared(plan: Plan): Plan {
  const { guessed: _, ...tiers } = plan.tiers;
  return { ...plan, tiers, steps: plan.steps.filter(({ place }) => place !== 'guessed') };
}
