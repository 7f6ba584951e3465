/** The plans by which commits were built, for every process of the service. */
import type { Config } from '../config.ts';
import { keepPlan, keptPlan, lasts, planKey } from '../pipeline.ts';
import type { RedisLink } from '../queue/redis.ts';
import { Texts } from '../queue/texts.ts';
import type { Plan, Resolved } from '../types.ts';

/** Far more than a plan has; one that is longer is known where it was made only. */
const LONGEST = 1024 * 1024;

/**
 * With the service's own Redis all processes have one data folder, and the plans are in it. With an operator's each may have
 * a folder of its own: then what Redis says counts, as a folder may hold what others have built anew since.
 */
export class BuiltPlans {
  private readonly config: Config;
  private readonly shared: Texts | undefined;

  constructor(config: Config, redis: RedisLink) {
    this.config = config;
    const options = { keep: config.SLIPWAY_KEEP_RECORDS, longest: LONGEST };
    this.shared = config.REDIS_URL === '' ? undefined : new Texts(redis, 'built-plans', options);
  }

  async find(resolved: Resolved, subdir: string): Promise<Plan | undefined> {
    const text = await this.shared?.get(planKey(resolved, subdir, this.config));
    const shared = text === undefined ? undefined : (JSON.parse(text) as Plan);
    if (shared && lasts(shared)) return shared;
    const own = await keptPlan(resolved, subdir, this.config);
    // From before there was this Redis, or longer ago than it remembers.
    if (own) await this.share(own, resolved);
    return own;
  }

  async keep(plan: Plan, resolved: Resolved): Promise<void> {
    await Promise.all([keepPlan(plan, resolved, this.config), this.share(plan, resolved)]);
  }

  private async share(plan: Plan, resolved: Resolved): Promise<void> {
    await this.shared?.put(planKey(resolved, plan.subdir, this.config), JSON.stringify(plan));
  }
}
