/** What images of every tier say of themselves. */
import { VERSION } from './root.ts';
import { contentParent } from './tiers.ts';
import type { Plan } from './types.ts';

/** Day that packages really are of, see `resolvedAsOf`. */
const RESOLVED_LABEL = 'org.slipway.resolved-as-of';

/** What the resolver had to do otherwise than was asked for: a list as JSON. */
const NOTICES_LABEL = 'org.slipway.notices';

/** What resolving an environment came to. */
export interface Resolution {
  /** See `resolvedAsOf` of BuiltTiers. */
  day: string;
  /** Pins that were moved, days that had no solution: each a sentence. */
  notices: string[];
}

export function resolutionLabels({ day, notices }: Resolution): Record<string, string> {
  return { [RESOLVED_LABEL]: day, ...(notices.length > 0 && { [NOTICES_LABEL]: JSON.stringify(notices) }) };
}

/** Of an image's labels or a manifest's annotations. */
export function readResolution(labels: Record<string, string> | undefined, plan: Plan): Resolution {
  const notices = JSON.parse(labels?.[NOTICES_LABEL] ?? '[]') as string[];
  return { day: labels?.[RESOLVED_LABEL] ?? plan.asOf, notices };
}

export function tierLabels(tier: 'base' | 'environment' | 'content', plan: Plan): Record<string, string> {
  const { base, environment } = plan.tiers;
  const parent = contentParent(plan);
  const isGuessed = tier === 'environment' && parent !== environment;
  return {
    'org.slipway.tier': tier,
    'org.slipway.key': tier === 'environment' ? parent.key : plan.tiers[tier].key,
    'org.slipway.version': VERSION,
    ...(tier !== 'base' && { 'org.slipway.base': base.key }),
    ...(tier === 'content' && { 'org.slipway.environment': parent.key }),
    ...(isGuessed && { 'org.slipway.environment': environment.key }),
  };
}

/** BinderHub's tools read repo2docker's labels, registries OCI's. */
export function contentLabels(plan: Plan, resolution: Resolution): Record<string, string> {
  return {
    ...tierLabels('content', plan),
    ...resolutionLabels(resolution),
    'org.slipway.as-of': plan.asOf,
    'org.slipway.files': JSON.stringify(plan.buildpacks.flatMap(({ evidence }) => evidence.map(({ file }) => file))),
    'org.opencontainers.image.source': plan.repo,
    'org.opencontainers.image.revision': plan.commit,
    'org.opencontainers.image.created': plan.commitDate,
    'repo2docker.repo': plan.repo,
    'repo2docker.ref': plan.commit,
    'repo2docker.version': `slipway ${VERSION}`,
  };
}
