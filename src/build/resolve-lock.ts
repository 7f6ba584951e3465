/** The lock of a plan's environment without the environment. */
import { contentParent } from '../tiers.ts';
import { type BuildDeps, buildImage } from './build.ts';
import { lockIn } from './facts.ts';
import { untag } from './inspect.ts';
import { type EnvironmentInput, ensureBase, findEnvironment } from './tiers.ts';

/** Stages in which the lock is known: pip's packages without a wheel are built in one of their own. */
const STAGES = ['built', 'resolve'];

/**
 * The lock of a plan's environment; where there is no such environment it is resolved, and the environment not made.
 * @throws SlipwayError of the stage build
 */
export async function resolveLock({ plan, rendered, options }: EnvironmentInput, deps: BuildDeps): Promise<string> {
  const { environment: dockerfile } = rendered;
  if (dockerfile === undefined || (await findEnvironment(deps.docker, plan)))
    return lockIn(contentParent(plan).image, deps);
  await ensureBase({ plan, rendered, options }, deps);
  const tag = `slipway/build:lock-${plan.tiers.environment.key}`;
  const target = STAGES.find((name) => dockerfile.includes(` AS ${name}\n`)) ?? '';
  try {
    const { imageId } = await buildImage({ dockerfile, tag, labels: {}, suite: plan.era.debian, target }, deps);
    return await lockIn(imageId, deps);
  } finally {
    await untag(deps.docker, tag);
  }
}
