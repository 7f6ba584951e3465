/** What an environment in the engine says of itself: its day, what people should know, its lock. */
import type Docker from 'dockerode';
import { explicitList } from '../conda-lock.ts';
import type { Resolution } from '../image-labels.ts';
import { contentParent } from '../tiers.ts';
import type { Plan } from '../types.ts';
import { type BuildDeps, maskOf } from './build.ts';
import { readFilesFromImage } from './image-files.ts';
import { plainLine } from './text.ts';

const SHARE = '/srv/env/share/slipway';
const LOCKS = ['conda.lock', 'python.lock', 'build.lock', 'guessed/guessed.lock'].map((name) => `${SHARE}/${name}`);
const OF_DEBIAN = ['/usr/local/share/slipway/server.lock', '/var/lib/dpkg/status'];
const NOTICES_SHOWN = 20;
const LONGEST_NOTICE = 400;

async function texts(image: string, paths: string[], { docker, config }: Pick<BuildDeps, 'docker' | 'config'>) {
  return (await readFilesFromImage(docker, image, paths, config)).map((file) => file?.toString('utf8') ?? '');
}

/**
 * What the resolver says of its work: the day that it used, and what people should know. The repository's code may have
 * written the files, so only a day counts as one, and the rest is text of bounded length.
 */
export async function resolution(plan: Plan, image: string, deps: BuildDeps): Promise<Resolution> {
  if (!plan.ownPython) return { day: plan.asOf, notices: [] };
  const [said = '', lines = ''] = await texts(image, [`${SHARE}/resolved-as-of`, `${SHARE}/notices`], deps);
  const day = /^(?:\d{4}-\d{2}-\d{2}|latest)$/.test(said.trim()) ? said.trim() : plan.asOf;
  return { day, notices: noticesOf(lines, deps) };
}

function noticesOf(text: string, deps: BuildDeps): string[] {
  const mask = maskOf(deps.config);
  const notices = text.split('\n', NOTICES_SHOWN).map((line) => mask(plainLine(line)).slice(0, LONGEST_NOTICE));
  return notices.filter((line) => line !== '');
}

/** What there is to say of the guesses that an image has. */
export async function guessNotices(image: string, deps: BuildDeps): Promise<string[]> {
  return noticesOf((await texts(image, [`${SHARE}/guessed/notices`], deps)).join(''), deps);
}

/** The lock of the environment in an image, whichever tools made it. */
export async function lockIn(image: string, deps: Pick<BuildDeps, 'docker' | 'config'>): Promise<string> {
  const [conda = '', ...locks] = await texts(image, LOCKS, deps);
  return explicitList(conda) + locks.join('');
}

/** The lock of an environment, the server's, Debian's packages; '' for what is not there. */
export async function environmentFacts(
  docker: Docker,
  plan: Plan,
  config: BuildDeps['config'],
): Promise<{ lock: string; serverLock: string; dpkgStatus: string }> {
  const { image } = contentParent(plan);
  const deps = { docker, config };
  const [lock, [serverLock = '', dpkgStatus = '']] = await Promise.all([
    lockIn(image, deps),
    texts(image, OF_DEBIAN, deps),
  ]);
  return { lock, serverLock, dpkgStatus };
}
