/**
 * An environment that has some packages more than one that the engine has goes on from that one. What is chosen does not
 * change: the lock is made in a clean stage, and nothing is installed over a package that it has otherwise.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Config } from '../config.ts';
import type { Plan, Step } from '../types.ts';
import { writeWhole } from '../whole-file.ts';
import { imageInfo } from './inspect.ts';

/** What two environments have in common where one can go on from the other. */
const KIN_LABEL = 'org.slipway.kin';
/** What is asked for beyond that, and by whom, as JSON: what is built on an image has its labels, too. */
const ASKED_LABEL = 'org.slipway.asked';

/** Labels are read with every list of images. */
const MOST_ASKED = 200;

/** Environments of one kind that are remembered. */
const MOST_KIN = 16;

/** What `slipway-install` says of an environment that cannot be gone on from. */
const MISFIT = 'slipway: this environment cannot go on from that one';

interface Asked {
  /** Of the environment. */
  key: string;
  /** Hashes of requirements. */
  of: string[];
}

interface Kinship {
  kin: string;
  asked: Asked;
}

function digest(value: unknown, length: number): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length);
}

const isFrom = (template: string) => (step: Step) => step.template === template;

/**
 * Undefined for all but wheels from the usual index on nothing but Debian's packages: whose steps do more might not come
 * to the same on what they have done before, and what a repository brings itself is nobody else's.
 */
function kinship(plan: Plan): Kinship | undefined {
  const steps = plan.steps.filter(({ place }) => !['system', 'content', 'guessed'].includes(place));
  const [resolve, install] = [steps.find(isFrom('python/resolve')), steps.find(isFrom('python/install'))];
  if (steps.length !== 2 || !resolve || !install || install.values.ownIndex) return undefined;
  const { requirements: asked, ...values } = resolve.values as { requirements: string[] };
  // What comes from a lock is asked of nobody.
  if (asked.length === 0 || asked.length > MOST_ASKED) return undefined;
  const system = plan.steps.filter(({ place }) => place === 'system');
  const common = [...system, { ...resolve, values }, install].map(({ title: _, ...step }) => step);
  return {
    kin: digest({ base: plan.tiers.base.key, steps: common }, 40),
    asked: { key: plan.tiers.environment.key, of: asked.map((requirement) => digest(requirement, 32)) },
  };
}

/** By which an environment is known as one to go on from. */
export function kinLabels(plan: Plan): Record<string, string> {
  const found = kinship(plan);
  return found ? { [KIN_LABEL]: found.kin, [ASKED_LABEL]: JSON.stringify(found.asked) } : {};
}

function keysFile(kin: string, config: Config): string {
  return join(config.SLIPWAY_DATA, 'kin', `${kin}.json`);
}

/** Of environments that were kin when they were built, the last ones first: to list what the engine has takes a second. */
async function keysOf(kin: string, config: Config): Promise<string[]> {
  try {
    return JSON.parse(await readFile(keysFile(kin, config), 'utf8')) as string[];
  } catch {
    return [];
  }
}

/** Remembers an environment as one to go on from. Of two that are remembered at once one may be lost, and nothing with it. */
export async function rememberKin(plan: Plan, config: Config): Promise<void> {
  const own = kinship(plan);
  if (!own) return;
  const { key } = own.asked;
  const keys = [key, ...(await keysOf(own.kin, config)).filter((other) => other !== key)].slice(0, MOST_KIN);
  await writeWhole(keysFile(own.kin, config), JSON.stringify(keys));
}

/** Name of the environment in the engine that has most of what the plan asks for, and asks for nothing else. */
export async function findKin(docker: Docker, plan: Plan, config: Config): Promise<string | undefined> {
  const own = kinship(plan);
  if (!own) return undefined;
  const wanted = new Set(own.asked.of);
  const names = (await keysOf(own.kin, config)).map((key) => `slipway/environment:${key}`);
  const found = await Promise.all(names.map((name) => imageInfo(docker, name)));
  const fitting = names.flatMap((name, at) => {
    const labels = found[at]?.labels;
    const { key, of } = JSON.parse(labels?.[ASKED_LABEL] ?? '{}') as Partial<Asked>;
    const isKin = labels?.[KIN_LABEL] === own.kin && name.endsWith(`:${key}`);
    return isKin && of?.every((one) => wanted.has(one)) ? [{ name, count: of.length }] : [];
  });
  return fitting.sort((a, b) => b.count - a.count)[0]?.name;
}

/** Whether a build failed only because of what it went on from. */
export function isMisfit(error: unknown): boolean {
  return error instanceof Error && error.message.includes(MISFIT);
}
