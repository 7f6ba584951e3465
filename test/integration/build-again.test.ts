/** Builds beside somebody who clears BuildKit's cache, in an engine of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage } from '../../src/build/build.ts';
import { loadConfig } from '../../src/config.ts';
import { type OwnEngine, startEngine } from '../support/own-engine.ts';
import { cleanEnvironment } from '../support/slipway.ts';

let engine: OwnEngine;
let data: string;
beforeAll(async () => {
  engine = await startEngine();
  data = await mkdtemp(join(tmpdir(), 'slipway-again-'));
});
afterAll(async () => {
  await engine?.close();
  await rm(data, { recursive: true });
});

/** Has the cache cleared all the time until the engine is asked for a build the second time; how often it was asked. */
async function build(number: number): Promise<number> {
  const { docker, host } = engine;
  let asked = 0;
  const { modem } = docker;
  const dial = modem.dial.bind(modem);
  modem.dial = (call, done) => {
    if (call.path.startsWith('/build?')) asked += 1;
    dial(call, done);
  };
  const settings = { SLIPWAY_DATA: data, DOCKER_HOST: host, SLIPWAY_EGRESS: 'off' };
  const config = loadConfig(cleanEnvironment(settings));
  const dockerfile = `FROM scratch\nCOPY Dockerfile /${number}\n`;
  const input = { dockerfile, tag: `slipway/test-again:${number}`, labels: {}, suite: 'bookworm' as const };
  let isOver = false;
  const clearing = (async () => {
    const call = { path: '/build/prune?all=1&', method: 'POST', statusCodes: { 200: true } };
    while (asked < 2 && !isOver) await new Promise((resolve) => dial(call as never, resolve));
  })();
  try {
    await buildImage(input, { docker, config, emit: () => undefined, signal: new AbortController().signal });
  } finally {
    isOver = true;
    modem.dial = dial;
    await clearing;
  }
  return asked;
}

it('begins anew when the engine has lost what it was given', async () => {
  const asked: number[] = [];
  while (asked.length < 20 && !asked.some((times) => times > 1)) asked.push(await build(asked.length));
  expect(asked.at(-1)).toBeGreaterThan(1);
});
