/** Old repositories run again: four of them always, all by `npm run test:full` (test/support/full.ts). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitOf, type EraRepository, REPOSITORIES } from '../../support/era-repositories.ts';
import { runsNow } from '../../support/full.ts';
import { play } from '../../support/scenario.ts';
import { openWorld, type PrintedPlan, type World } from '../../support/world.ts';

async function build(world: World, repository: EraRepository): Promise<void> {
  let plan: PrintedPlan | undefined;
  await play(world, {
    title: repository.name,
    commits: [commitOf(repository)],
    outputs: [repository.expected, repository.result],
    plan(made) {
      plan = made;
      expect(made.era.python).toBe(repository.python);
    },
    launched({ built }) {
      expect(built.resolvedAsOf).toBe(repository.resolvedAsOf ?? repository.date);
      const told = [...(plan?.notices.map(({ message }) => message) ?? []), ...built.notices].join('\n');
      for (const wanted of repository.told ?? []) expect(told).toMatch(wanted);
    },
  });
}

describe('old repositories', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ SLIPWAY_PYTHONS: 'debian', SLIPWAY_CONDA: 'pypi' });
  });
  afterAll(() => world?.close());

  const known = REPOSITORIES.filter(({ name }) => runsNow(name));
  it.each(known)('$date $name', (repository) => build(world, repository), 30 * 60_000);
});
