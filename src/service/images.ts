/** Which commits have an image: known plans in memory, and the engine's answer for a moment. */
import { type BuiltTiers, findImage } from '../making.ts';
import { planKey } from '../pipeline.ts';
import type { Plan, Resolved } from '../types.ts';
import type { Context } from './context.ts';

/** So long is an image believed to be still there; a launch that finds it gone asks again. */
const BELIEVED = 60_000;
/** Whoever asks later than this has the engine asked again, and does not wait for it. */
const FRESH = 5000;
const PLAN_FOR = 60_000;
const PLANS = 500;

export interface FoundImage {
  plan: Plan;
  tiers: BuiltTiers;
}

export class Images {
  private readonly plans = new Map<string, { plan: Promise<Plan | undefined>; until: number }>();
  private readonly found = new Map<string, { tiers: Promise<BuiltTiers | undefined>; since: number }>();
  private readonly context: Pick<Context, 'config' | 'engine' | 'builtPlans'>;

  constructor(context: Pick<Context, 'config' | 'engine' | 'builtPlans'>) {
    this.context = context;
  }

  /** The plan that a commit was built by, if it ever was. */
  plan(resolved: Resolved, subdir: string): Promise<Plan | undefined> {
    const key = planKey(resolved, subdir, this.context.config);
    const known = this.plans.get(key);
    if (known && known.until > Date.now()) return known.plan;
    const plan = this.context.builtPlans.find(resolved, subdir);
    remember(this.plans, key, { plan, until: Date.now() + PLAN_FOR });
    // One that is not there may be a moment later.
    const forget = () => this.plans.delete(key);
    plan.then((kept) => kept || forget(), forget);
    return plan;
  }

  /** The image of a commit and the plan that it was built by. @throws engine_missing */
  async find(resolved: Resolved, subdir: string): Promise<FoundImage | undefined> {
    const plan = await this.plan(resolved, subdir);
    const tiers = plan && (await this.tiersOf(plan));
    return plan && tiers && { plan, tiers };
  }

  /** Believes nothing of what was known of an image. */
  forget(image: string): void {
    this.found.delete(image);
  }

  private tiersOf(plan: Plan): Promise<BuiltTiers | undefined> {
    const { image } = plan.tiers.content;
    const known = this.found.get(image);
    const age = known ? Date.now() - known.since : Number.POSITIVE_INFINITY;
    if (known && age < FRESH) return known.tiers;
    const tiers = findImage(plan, this.context);
    remember(this.found, image, { tiers, since: Date.now() });
    const forget = () => this.found.get(image)?.tiers === tiers && this.found.delete(image);
    tiers.then((there) => there || forget(), forget);
    return known && age < BELIEVED ? known.tiers : tiers;
  }
}

/** The oldest goes when there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next().value;
  if (map.size > PLANS && oldest !== undefined) map.delete(oldest);
}
