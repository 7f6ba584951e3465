/**
 * An environment that has some packages more than one that the engine has goes on from that one. What is chosen does not
 * change: the lock is made in a clean stage, and nothing is installed over a package that it has otherwise.
 */
import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import type { Plan, Step } from '../types.ts';

/** What two environments have in common where one can go on from the other. */
const KIN_LABEL = 'org.slipway.kin';
/** What is asked for beyond that, and by whom, as JSON: what is built on an image has its labels, too. */
const ASKED_LABEL = 'org.slipway.asked';

/** Labels are read with every list of images. */
const MOST_ASKED = 300;

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
  const { requirements: asked, locked, ...values } = resolve.values as { requirements: string[]; locked: string[] };
  if (locked.length > 0 || asked.length === 0 || asked.length > MOST_ASKED) return undefined;
  const system = plan.steps.filter(({ place }) => place === 'system');
  const common = [...system, { ...resolve, values }, install].map(({ title: _, ...step }) => step);
  return {
    kin: digest({ base: plan.tiers.base.key, steps: common }, 40),
    asked: { key: plan.tiers.environment.key, of: asked.map((requirement) => digest(requirement, 16)) },
  };
}

/** By which an environment is found again as one to go on from. */
export function kinLabels(plan: Plan): Record<string, string> {
  const found = kinship(plan);
  return found ? { [KIN_LABEL]: found.kin, [ASKED_LABEL]: JSON.stringify(found.asked) } : {};
}

/** Name of the environment in the engine that has most of what the plan asks for, and asks for nothing else. */
export async function findKin(docker: Docker, plan: Plan): Promise<string | undefined> {
  const own = kinship(plan);
  if (!own) return undefined;
  const images = await docker.listImages({ filters: { label: [`${KIN_LABEL}=${own.kin}`] } });
  const wanted = new Set(own.asked.of);
  const fitting = images.flatMap(({ RepoTags, Labels }) => {
    const { key, of } = JSON.parse(Labels[ASKED_LABEL] ?? '{}') as Partial<Asked>;
    const name = `slipway/environment:${key}`;
    return RepoTags?.includes(name) && of?.every((one) => wanted.has(one)) ? [{ name, count: of.length }] : [];
  });
  return fitting.sort((a, b) => b.count - a.count)[0]?.name;
}

/** Whether a build failed only because of what it went on from. */
export function isMisfit(error: unknown): boolean {
  return error instanceof Error && error.message.includes(MISFIT);
}
