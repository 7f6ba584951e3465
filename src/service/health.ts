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
async function quota(sessions: Sessions, most: number): Promise<Omit<Check, 'service' | 'ok'>> {
  const running = await sessions.count();
  if (most > 0 && running >= most) throw new Error(`${running} of ${most} sessions run`);
  return { total_pods: running, quota: most === 0 ? null : most, build_pods: 0, user_pods: running };
}

async function hub(config: Context['config']): Promise<undefined> {
  await checkHub(config, AbortSignal.timeout(PATIENCE));
}

export async function checkHealth({ config, redis, buildJobs }: Context, sessions: Sessions): Promise<Health> {
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
    tried('Pod quota', () => quota(sessions, config.SLIPWAY_QUOTA_TOTAL)),
  ]);
  // A service that is full is still a service: its sessions and pages go on.
  return { ok: checks.every(({ ok, service }) => ok || service === 'Pod quota'), checks };
}
