/** Environments, each built once for every repository that has it. */
import { buildEnvironment, type EnvironmentTiers } from '../making.ts';
import { contentParent } from '../tiers.ts';
import type { Emit, Plan } from '../types.ts';
import type { Context } from './context.ts';
import { despiteEngineLoss } from './engine-loss.ts';
import { streamed } from './events.ts';
import type { TierJob, TierRecord } from './types.ts';
import { Work } from './work.ts';
import type { Attempt } from './work-kind.ts';

export type Tiers = Work<TierJob, TierRecord>;

export function createTiers(context: Context): Tiers {
  return new Work<TierJob, TierRecord>(context, {
    name: 'tier',
    jobs: context.tierJobs,
    records: context.tiers,
    fresh: ({ id, key, data }) => ({ id, key, state: 'waiting', createdAt: data.createdAt, attempts: [] }),
    work: (attempt) => buildTier(attempt, context),
    // Its engine has the base, the parts of the last environment and the packages.
    kindOf: ({ plan }) => plan.repo,
    // Whoever waits for the tier says what came of it.
    lastEntries: () => [],
  });
}

/** Name of the job that builds the environment of a plan. */
export function tierKey(plan: Plan, refresh: boolean): string {
  const { key } = contentParent(plan);
  return refresh ? `${key}-refresh` : key;
}

async function buildTier(
  { job, writer }: Attempt<TierJob, TierRecord>,
  context: Context,
): Promise<{ result: EnvironmentTiers }> {
  const { config, engine } = context;
  const emit: Emit = (event) => writer.append({ data: streamed(event) });
  const signal = AbortSignal.any([job.signal, job.lost]);
  const { plan, refresh } = job.data;
  const options = { refresh, noCache: false };
  const build = () => buildEnvironment(plan, options, { config, emit, signal, engine });
  return { result: await despiteEngineLoss(context, { writer, signal }, build) };
}
