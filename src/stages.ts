/** What the pipeline is made of, each part read when it is needed. */
import type Docker from 'dockerode';
import type { Config } from './config.ts';
import { instanceId } from './instance.ts';
import type { HubLauncher } from './launch/jupyterhub.ts';
import type { PublishedTiers } from './publish/tiers.ts';
import type { Emit, RepoSpec, Resolved } from './types.ts';

/** Stages that only some runs need, read when they do: a cached launch starts twice as fast without them. */
export const stages = {
  fetch: () => import('./fetch/fetch.ts'),
  detect: () => import('./detect/detect.ts'),
  plan: () => import('./plan/plan.ts'),
  wheels: () => import('./plan/wheels.ts'),
  channels: () => import('./plan/channels.ts'),
  render: () => import('./render/dockerfile.ts'),
  layer: () => import('./render/content-layer.ts'),
  build: () => import('./build/tiers.ts'),
  resolveLock: () => import('./build/resolve-lock.ts'),
  stock: () => import('./build/stock.ts'),
  publish: () => import('./publish/tiers.ts'),
  retain: () => import('./publish/retain.ts'),
  launch: () => import('./launch/docker.ts'),
  launcher: () => import('./launch/launcher.ts'),
  hub: () => import('./launch/jupyterhub.ts'),
  warm: () => import('./launch/warm.ts'),
};

/** What every stage needs. */
export interface StageDeps {
  config: Config;
  emit: Emit;
  signal: AbortSignal;
  /** Looks up a ref that a plan depends on, where look-ups are shared; else the host is asked. */
  lookUp?(spec: RepoSpec): Promise<Resolved>;
}

/** What stages need that use the engine, which is asked for only where there is something to do for it. */
export interface EngineDeps extends StageDeps {
  engine(): Promise<Docker>;
}

/** What a question needs that no build waits for. */
export type LookDeps = Pick<EngineDeps, 'config' | 'engine'> & { signal?: AbortSignal };

/** The registry that images are found in and published to; undefined where the engine alone has them. */
export async function openPublished(
  deps: Partial<StageDeps> & { config: Config },
): Promise<PublishedTiers | undefined> {
  const { config, emit = () => undefined, signal = new AbortController().signal } = deps;
  return config.SLIPWAY_REGISTRY === '' ? undefined : (await stages.publish()).openTiers(config, emit, signal);
}

/** Whether sessions are servers of a hub. */
export const isHub = ({ SLIPWAY_LAUNCHER: launcher }: Config) => launcher === 'jupyterhub';

export async function openHub(config: Config): Promise<HubLauncher> {
  const [{ HubLauncher: Hub }, instance] = await Promise.all([stages.hub(), instanceId(config)]);
  return new Hub(config, instance);
}
