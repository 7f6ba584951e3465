/** Plans that are kept by commit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { keepPlan, keptPlan } from '../../../src/plan/kept.ts';
import { memoryCheckout } from '../../support/checkout.ts';
import { plan } from '../../support/guess-plan.ts';

const HOUR = 3600_000;
let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'slipway-kept-'));
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(data, { recursive: true });
});

test.each<[string, { reaches?: boolean; 'runtime.txt'?: string }, string]>([
  ['for ever', {}, 'plan'],
  ['for ever, where a channel has its Python', { reaches: true, 'runtime.txt': 'python-2.7' }, 'plan'],
  ['for an hour, where it stands in for one that a channel would have', { 'runtime.txt': 'python-2.7' }, 'nothing'],
])('a plan is kept %s', async (_, { reaches = false, ...files }, later) => {
  const config = loadConfig({ SLIPWAY_DATA: data });
  const made = await plan({ 'requirements.txt': 'six', ...(files as Record<string, string>) }, {}, { reaches });
  const { resolved } = memoryCheckout({});
  await keepPlan(made, resolved, config);
  vi.advanceTimersByTime(HOUR - 1000);
  expect(await keptPlan(resolved, '', config)).toEqual(made);
  vi.advanceTimersByTime(2000);
  expect(await keptPlan(resolved, '', config)).toEqual(later === 'plan' ? made : undefined);
});
