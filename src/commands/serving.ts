/** What `serve` and `worker` share: settings that must hold, a log, and an end in good order. */
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { type Config, loadConfig } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Io } from './command.ts';

const SHORTEST_TOKEN = 16;

/** @throws bad_setting for what only a service minds */
export function serviceConfig(): Config {
  const config = loadConfig();
  const faults: string[] = [];
  const { SLIPWAY_ADMIN_TOKEN: token, SLIPWAY_BASE_URL: base } = config;
  if (token !== '' && token.length < SHORTEST_TOKEN)
    faults.push(`SLIPWAY_ADMIN_TOKEN: has fewer than ${SHORTEST_TOKEN} characters`);
  if (base !== '' && new URL(base).pathname !== '/')
    faults.push('SLIPWAY_BASE_URL: has a path; the service needs a host');
  for (const name of ['SLIPWAY_PORT', 'SLIPWAY_WORKER_PORT'] as const)
    if (config[name] > 65_535) faults.push(`${name}: ${config[name]} is no port`);
  if (faults.length === 0) return config;
  throw new SlipwayError('bad_setting', `Settings that cannot be used:\n  ${faults.join('\n  ')}`, {
    hint: 'slipway config lists every setting with its meaning.',
  });
}

/** Lines of JSON on standard output. What could open a session or the board never reaches them. */
export function serviceLog(config: Config, io: Io): Logger {
  const secret = ['token', 'authorization', 'url', 'link'].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ level: config.SLIPWAY_LOG_LEVEL, redact: secret, base: null }, io.stdout as NodeJS.WriteStream);
}

/** Connections that may wait to be taken: a whole class opens a link at once. */
const BACKLOG = 4096;

/** @throws cannot_listen */
export async function listen(app: FastifyInstance, at: { host: string; port: number }, hint: string): Promise<void> {
  try {
    await app.listen({ ...at, backlog: BACKLOG });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SlipwayError('cannot_listen', `Nothing can listen on ${at.host}:${at.port} (${code}).`, {
      cause: error,
      hint: `Another program may have that port: choose ${hint}`,
    });
  }
}

/** Waits until the process is told to end. */
export async function untilTold(io: Io): Promise<void> {
  if (io.signal.aborted) return;
  await new Promise<void>((resolve) => io.signal.addEventListener('abort', () => resolve(), { once: true }));
}
