/** Plans that were made, kept by commit: a plan is a pure function of it, so a second launch fetches nothing. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, SETTINGS, type SettingName } from '../config.ts';
import type { Plan, Resolved } from '../types.ts';
import { writeWhole } from '../whole-file.ts';
import { isoDay } from './dates.ts';

/** Raise it when the shape of a plan changes. */
const FORMAT = 1;

const RESULT_CHANGING = (Object.keys(SETTINGS) as SettingName[]).filter(
  (name) => 'key' in SETTINGS[name] && SETTINGS[name].key,
);

/** What a plan depends on, as a hash: names one build of one commit under these settings. */
export function planKey(resolved: Resolved, subdir: string, config: Config): string {
  const settings = RESULT_CHANGING.map((name) => [name, config[name]]);
  const day = config.SLIPWAY_AS_OF === 'latest' ? isoDay(new Date()) : '';
  const identity = [
    FORMAT,
    resolved.spec.canonicalUrl,
    resolved.commit,
    subdir,
    settings,
    config.SLIPWAY_DEFAULT_ENVIRONMENT,
    day,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

function file(resolved: Resolved, subdir: string, config: Config): string {
  const name = planKey(resolved, subdir, config);
  return join(config.SLIPWAY_DATA, 'plans', name.slice(0, 2), `${name}.json`);
}

/** Whether a plan that was kept still counts. */
export function lasts({ until = Number.POSITIVE_INFINITY }: Plan): boolean {
  return until > Date.now();
}

/** The plan of a commit, if one was made before, by whichever version of Slipway: its image stays good. */
export async function keptPlan(resolved: Resolved, subdir: string, config: Config): Promise<Plan | undefined> {
  try {
    const plan = JSON.parse(await readFile(file(resolved, subdir, config), 'utf8')) as Plan;
    return lasts(plan) ? plan : undefined;
  } catch {
    // Not there, or cut off by a crash of the machine: it is made again.
    return undefined;
  }
}

/** Keeps a plan. */
export async function keepPlan(plan: Plan, resolved: Resolved, config: Config): Promise<void> {
  await writeWhole(file(resolved, plan.subdir, config), JSON.stringify(plan));
}
