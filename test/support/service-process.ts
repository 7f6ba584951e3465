/** A process of the service that a test can kill: `node --import tsx service-process.ts web|worker|both`. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import { createService } from '../../src/service/service.ts';
import type { LaunchRequest } from '../../src/service/types.ts';
import { SOMEBODY } from './service.ts';
import { cleanEnvironment } from './slipway.ts';
import type { World } from './world.ts';

const SELF = fileURLToPath(import.meta.url);

export type Role = 'web' | 'worker' | 'both';

export interface ServiceProcess {
  /** Begins a launch that this process drives; its id. */
  launch(request: LaunchRequest): Promise<string>;
  /** At once and without a chance to tidy up. */
  kill(): Promise<void>;
  /** Freezes it, or lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Gracefully. */
  stop(): Promise<void>;
}

/** Starts a process of the service and waits until it works. */
export async function startServiceProcess(
  world: World,
  role: Role,
  settings: Record<string, string> = {},
): Promise<ServiceProcess> {
  const child = fork(SELF, [role], {
    execArgv: ['--import', 'tsx'],
    env: cleanEnvironment({ SLIPWAY_WARM: '0', ...world.settings, ...settings }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    ended.then(() => reject(new Error('the process of the service ended before it was ready')));
  });
  return {
    async launch(request) {
      child.send(request);
      const [id] = (await once(child, 'message')) as [string];
      return id;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function main(role: string): Promise<void> {
  const log = pino({ level: process.env.SLIPWAY_TEST_LOG ?? 'fatal' });
  const parts = { web: role !== 'worker', worker: role !== 'web', log };
  const service = await createService(loadConfig(), parts);
  process.once('SIGTERM', async () => {
    await service.close();
    process.exit(0);
  });
  process.on('message', async (request: LaunchRequest) => {
    process.send?.((await service.launch(request, SOMEBODY)).id);
  });
  process.send?.('ready');
}

if (process.argv[1] === SELF) await main(process.argv[2] ?? 'both');
