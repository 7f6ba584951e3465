/** How many sessions of a repository may run at once. */
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Resolved } from '../types.ts';
import { isNamed } from './policy.ts';
import type { Quotas } from './session-claims.ts';

export type { Quotas } from './session-claims.ts';

type QuotaConfig = Pick<Config, 'SLIPWAY_QUOTAS' | 'SLIPWAY_QUOTA_PER_REPO' | 'SLIPWAY_QUOTA_TOTAL'>;

/** `pattern=number` of SLIPWAY_QUOTAS. @throws bad_setting */
function readQuotas(config: QuotaConfig): { pattern: string; most: number }[] {
  return config.SLIPWAY_QUOTAS.map((text) => {
    const match = /^(.+)=(\d{1,6})$/.exec(text);
    if (!match) {
      throw new SlipwayError('bad_setting', `SLIPWAY_QUOTAS: "${text}" is not pattern=number`, {
        hint: 'Write gh/org/*=20,https://example.org/*=5; the first pattern that fits counts.',
      });
    }
    return { pattern: match[1] as string, most: Number(match[2]) };
  });
}

/** What holds for a launch: any number for an operator's. */
export function quotasOf(wish: { resolved: Resolved; isOperator?: boolean }, config: QuotaConfig): Quotas {
  if (wish.isOperator) return { total: 0, ofRepo: 0 };
  const named = readQuotas(config).find(({ pattern }) => isNamed(wish.resolved.spec, [pattern]));
  return { total: config.SLIPWAY_QUOTA_TOTAL, ofRepo: named?.most ?? config.SLIPWAY_QUOTA_PER_REPO };
}

export function quotaReached(which: 'total' | 'repo', most: number): SlipwayError {
  return which === 'total'
    ? new SlipwayError('quota_reached', `The service is full: ${most} sessions run at once.`, {
        hint: 'Try again in some minutes; sessions that nobody uses end by themselves.',
      })
    : new SlipwayError('quota_reached', `This repository has its ${most} sessions at once already.`, {
        hint: 'Try again in some minutes, or ask whoever runs this service for more.',
      });
}
