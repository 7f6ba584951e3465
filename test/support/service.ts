/** The launch service in a world of its own, in this process or in others that can be killed. */
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import { createService, type Parts, type Service } from '../../src/service/service.ts';
import type { Client, LaunchRequest, Observation, Read } from '../../src/service/types.ts';
import { cleanEnvironment } from './slipway.ts';
import type { World } from './world.ts';

export const SOMEBODY: Client = { address: '192.0.2.7', isOperator: false };

/** An event of a stream, with whatever it carries. */
export interface Told {
  n: number;
  event?: string;
  phase?: string;
  message?: string;
  code?: string;
  [more: string]: unknown;
}

export interface ServiceUnderTest {
  service: Service;
  observed: Observation[];
  close(): Promise<void>;
}

export async function openService(
  world: World,
  settings: Record<string, string> = {},
  parts: Partial<Parts> = {},
): Promise<ServiceUnderTest> {
  const config = loadConfig(cleanEnvironment({ SLIPWAY_WARM: '0', ...world.settings, ...settings }));
  const observed: Observation[] = [];
  const log = pino({ level: process.env.SLIPWAY_TEST_LOG ?? 'fatal' });
  const observe = (observation: Observation) => observed.push(observation);
  const service = await createService(config, { web: true, worker: true, log, observe, ...parts });
  return { service, observed, close: () => service.close() };
}

export function parsed(reads: readonly Read[]): Told[] {
  return reads.map(({ n, event, json }) => ({ n, ...(event && { event }), ...(JSON.parse(json) as object) }));
}

/** A stream to its end, from entry `from`; raises when it takes longer than `limit`. */
export async function streamOf(
  stream: (from: number, signal: AbortSignal) => AsyncGenerator<Read[]>,
  { from = 0, limit = 300_000 }: { from?: number; limit?: number } = {},
): Promise<Told[]> {
  const signal = AbortSignal.timeout(limit);
  const told: Told[] = [];
  for await (const reads of stream(from, signal)) told.push(...parsed(reads));
  if (signal.aborted) throw new Error(`the stream did not end; it told ${JSON.stringify(told.slice(-5), null, 1)}`);
  return told;
}

/** Launches and waits for the end of its stream. */
export async function launched(
  service: Service,
  request: LaunchRequest,
  client: Client = SOMEBODY,
): Promise<{ id: string; told: Told[] }> {
  const { id } = await service.launch(request, client);
  return { id, told: await streamOf((from, signal) => service.watch(id, from, signal)) };
}

/** The events that BinderHub's clients see, each phase once in a row. */
export function phases(told: readonly Told[]): string[] {
  const seen = told.flatMap(({ event, phase }) => (event === undefined && phase !== undefined ? [phase] : []));
  return seen.filter((phase, index) => phase !== seen[index - 1]);
}

/** What `look` finds once it finds something. */
export async function until<T>(look: () => Promise<T | undefined>, limit = 60_000): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`nothing within ${limit / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
