/** Whether each part of the service really answers. */
import { connectEngine } from '../engine.ts';
import { checkRegistry } from '../images.ts';
import { checkHub } from '../sessions.ts';
import type { Context } from './context.ts';
import type { Sessions } from './sessions.ts';
import type { Health } from './types.ts';

type Check = Health['checks'][number];

/** A part that takes longer does not answer. */
const PATIENCE = 3000;

async function tried(
  service: string,
  attempt: () => Promise<Omit<Check, 'service' | 'ok'> | undefined>,
): Promise<Check> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE / 1000} s`)), PATIENCE);
  });
  try {
    return { service, ok: true, ...(await Promise.race([attempt(), late])) };
  } catch (error) {
    return { service, ok: false, message: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}

/** BinderHub's federation reads "Pod quota" for how full a member is. */
async function quota(sessions: Sessions, most: number, active: () => Promise<number>) {
  const [running, building] = await Promise.all([sessions.count(), active()]);
  if (most > 0 && running >= most) throw new Error(`${running} of ${most} sessions run`);
  const quota = most === 0 ? null : most;
  return { total_pods: running + building, quota, build_pods: building, user_pods: running };
}

async function workers({ tierJobs }: Context) {
  const count = await tierJobs.workers();
  if (count === 0) throw new Error('no worker lives, so nothing can be built: slipway worker starts one');
  return { workers: count };
}

async function hub(config: Context['config']): Promise<undefined> {
  await checkHub(config, AbortSignal.timeout(PATIENCE));
}

/** @param active how many builds are being done */
export async function checkHealth(
  context: Context,
  sessions: Sessions,
  active: () => Promise<number>,
): Promise<Health> {
  const { config, redis, buildJobs } = context;
  const checks = await Promise.all([
    tried('Redis', async () => {
      await redis.client.ping();
      return redis.warnings.length > 0 ? { message: redis.warnings.join(' ') } : undefined;
    }),
    tried('Docker engine', async () => {
      await connectEngine(config);
      return undefined;
    }),
    ...(config.SLIPWAY_REGISTRY === ''
      ? []
      : [tried('Docker registry', () => checkRegistry(config, AbortSignal.timeout(PATIENCE)).then(() => undefined))]),
    ...(config.SLIPWAY_LAUNCHER === 'jupyterhub' ? [tried('JupyterHub API', () => hub(config))] : []),
    tried('Queue', async () => ({ ...(await buildJobs.counts()) })),
    tried('Workers', () => workers(context)),
    tried('Pod quota', () => quota(sessions, config.SLIPWAY_QUOTA_TOTAL, active)),
  ]);
  // A service that is full is still a service: its sessions and pages go on.
  return { ok: checks.every(({ ok, service }) => ok || service === 'Pod quota'), checks };
}
