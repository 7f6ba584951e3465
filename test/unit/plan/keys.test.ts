import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { detect } from '../../../src/detect/detect.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { type MemoryOptions, memoryCheckout } from '../../support/checkout.ts';

const COMMIT = 'fedcba9876543210fedcba9876543210fedcba98';
const LOCK = ['jupyterlab==4.2.0'];

async function tiers(files: Record<string, string>, options: MemoryOptions = {}, settings: NodeJS.ProcessEnv = {}) {
  const config = loadConfig(settings);
  const checkout = memoryCheckout(files, options);
  const { folder, matches, notices } = await detect(checkout, config);
  const rank = async (_pins: unknown, _candidates: unknown, preferred: string) => ({ python: preferred, notices: [] });
  const plan = await makePlan(
    { checkout, folder, matches, notices },
    { config, rank, reachesChannel: async () => true, commitOf: async () => COMMIT, serverLock: () => LOCK },
  );
  const { base, environment, content } = plan.tiers;
  return [base.key, environment.key, content.key] as const;
}

const files = { 'requirements.txt': 'numpy\n', 'a.ipynb': '{}' };

test('what differs only in notebooks shares base and environment', async () => {
  const one = await tiers(files);
  const two = await tiers({ ...files, 'a.ipynb': '{"cells": []}', 'README.md': 'x' }, { commit: 'f'.repeat(40) });
  expect(two.slice(0, 2)).toEqual(one.slice(0, 2));
  expect(two[2]).not.toBe(one[2]);
});

test('an environment file changes the environment, and nothing below it', async () => {
  const one = await tiers(files);
  const two = await tiers({ ...files, 'requirements.txt': 'pandas\n' });
  expect(two[0]).toBe(one[0]);
  expect(two[1]).not.toBe(one[1]);
});

test('settings that change the result change the key; mirrors, hosts and folders do not', async () => {
  const one = await tiers(files);
  expect((await tiers(files, {}, { SLIPWAY_BASE_EPOCH: '2' }))[0]).not.toBe(one[0]);
  expect((await tiers(files, {}, { SLIPWAY_PLATFORM: 'linux/riscv64' }))[0]).not.toBe(one[0]);
  expect((await tiers(files, {}, { SLIPWAY_AS_OF: '2022-01-01' }))[1]).not.toBe(one[1]);
  const elsewhere = {
    SLIPWAY_MIRROR_PYPI: 'https://mirror.example.org/simple',
    SLIPWAY_DATA: '/elsewhere',
    HOME: '/home/x',
  };
  expect(await tiers(files, {}, elsewhere)).toEqual(one);
});

test('a script that reads the repository belongs to the content', async () => {
  const one = await tiers({ ...files, postBuild: '#!/bin/sh\ntrue\n' });
  const two = await tiers({ ...files, postBuild: '#!/bin/sh\nfalse\n' }, { commit: 'f'.repeat(40) });
  expect(two[1]).toBe(one[1]);
  expect(two[2]).not.toBe(one[2]);
});
