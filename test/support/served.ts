/** `slipway serve` and `slipway worker` as the processes that an operator starts, in a world of their own; any of them may be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { BIN, cleanEnvironment } from './slipway.ts';
import { openWorld, type World } from './world.ts';

export const ADMIN_TOKEN = 'the-token-of-the-operator';
const START_TIME = 60_000;
const STOP_TIME = 30_000;

/** One process of the service. */
export interface Part {
  pid: number;
  /** Everything that it logged, standard output and error. */
  log(): string;
  /** Waits for a line of the log. */
  says(text: string, limit?: number): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>;
  /** Highest resident memory so far, in bytes; 0 once it has ended. */
  peak(): Promise<number>;
}

export interface Served {
  world: World;
  /** Address without a slash at the end; the sessions' is the same with the next port. */
  url: string;
  sessionUrl: string;
  /** `git/<clone URL>/<ref>` as it stands in paths. */
  spec(url: string, ref?: string): string;
  /** `slipway serve …`, once its health is good. A second one gets a port of its own. */
  serve(args?: string[], settings?: Record<string, string>): Promise<Part & { url: string }>;
  /** `slipway worker`, once it is ready. */
  worker(settings?: Record<string, string>): Promise<Part>;
  /** Process of the service's own redis-server. */
  redisPid(): Promise<number>;
  /** Calls the API; answers that are not 2xx come back too. */
  call<T = Record<string, never>>(path: string, options?: CallOptions): Promise<{ status: number; body: T }>;
  /** Asks again and again until the answer is as wanted. */
  until<T>(path: string, wanted: (body: T) => boolean, limit?: number): Promise<T>;
  /** Begins a launch; its path. */
  launch(request: object, options?: CallOptions): Promise<LaunchFacts>;
  /** Containers of this world, by name. */
  containers(): Promise<string[]>;
  /** Ends every process of the service; sessions and what Redis wrote stay. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What the API says of a launch, as far as tests look at it. */
export interface LaunchFacts {
  id: string;
  state: string;
  commit?: string;
  build?: string;
  link?: string;
  events: string;
  error?: { code: string; status: number; blame: string };
}

/** Likewise of a build. */
export interface BuildFacts {
  id: string;
  state: string;
  commit: string;
  timings: Record<string, number>;
  attempts: { id: string; startedAt: string; endedAt?: string }[];
  tiers?: Record<string, string>;
  digest?: string;
  error?: { code: string; message: string };
  log: string;
  events: string;
}

export interface CallOptions {
  method?: string;
  body?: unknown;
  asOperator?: boolean;
  /** Of another process than the first. */
  origin?: string;
}

/**
 * Opens a world; nothing runs in it yet. `close` ends every process, session and folder, and removes the images. No servers
 * wait for launches unless a test wants them: others count containers.
 */
export async function openServed(settings: Record<string, string> = {}): Promise<Served> {
  const own = { SLIPWAY_ADMIN_TOKEN: ADMIN_TOKEN, SLIPWAY_LAUNCHES_PER_HOUR: '0', SLIPWAY_WARM: '0' };
  const world = await openWorld({ ...own, ...settings });
  const port = await freePorts();
  const parts: Part[] = [];
  const socket = join(world.data, 'redis', 'redis.sock');
  const url = `http://127.0.0.1:${port}`;

  const start = (args: string[], more: Record<string, string>) => {
    const part = startPart(args, { ...world.settings, SLIPWAY_PORT: `${port}`, ...more });
    parts.push(part);
    return part;
  };
  const stop = async () => {
    await Promise.all(parts.splice(0).map((part) => part.stop()));
  };
  const call: Served['call'] = async (path, { method = 'GET', body, asOperator = false, origin = url } = {}) => {
    const response = await fetch(origin + path, {
      method,
      signal: AbortSignal.timeout(60_000),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(asOperator && { authorization: `Bearer ${ADMIN_TOKEN}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as never };
  };
  return {
    world,
    url,
    sessionUrl: `http://127.0.0.1:${port + 1}`,
    spec: (repo, ref = 'HEAD') => `git/${encodeURIComponent(repo)}/${ref}`,
    async serve(args = [], more = {}) {
      const part = start(['serve', ...args], more);
      const at = `http://127.0.0.1:${more.SLIPWAY_PORT ?? port}`;
      await part.says('Slipway is ready', START_TIME);
      await healthy(at, part, args.includes('--no-worker'));
      return { ...part, url: at };
    },
    async worker(more = {}) {
      const part = start(['worker'], more);
      await part.says('the worker is ready', START_TIME);
      return part;
    },
    async redisPid() {
      const info = await withRedis(socket, (redis) => redis.info('server'));
      return Number(/process_id:(\d+)/.exec(info)?.[1]);
    },
    call,
    async until<T>(path: string, wanted: (body: T) => boolean, limit = 60_000) {
      const end = Date.now() + limit;
      for (;;) {
        const { body } = await call<T>(path);
        if (wanted(body)) return body;
        if (Date.now() > end) throw new Error(`not so within ${limit} ms: ${JSON.stringify(body)}`);
        await sleep(100);
      }
    },
    async launch(request, options = {}) {
      const { status, body } = await call<LaunchFacts>('/api/v1/launches', {
        method: 'POST',
        body: request,
        ...options,
      });
      if (status !== 201) throw new Error(`not launched: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    containers: async () => (await world.traces()).filter((trace) => trace.startsWith('container ')),
    stop,
    async close() {
      await stop();
      if (existsSync(socket)) await withRedis(socket, (redis) => redis.shutdown('NOSAVE')).catch(() => undefined);
      for (const trace of await world.traces())
        if (trace.startsWith('image ')) await removeImage(world, trace.slice('image '.length));
      await world.close();
    },
  };
}

async function removeImage({ docker }: World, name: string): Promise<void> {
  await docker
    .getImage(name)
    .remove({ force: true })
    .catch(() => undefined);
}

async function withRedis<T>(path: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ path, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** @param isIdle whether nobody may be there who builds */
async function healthy(url: string, part: Part, isIdle: boolean): Promise<void> {
  const end = Date.now() + START_TIME;
  let last = '';
  while (Date.now() < end) {
    const answer = await fetch(`${url}/health`);
    last = await answer.text();
    if (answer.ok || (isIdle && isIdleOnly(last))) return;
    await sleep(100);
  }
  throw new Error(`The service is not well: ${last}\n${part.log()}`);
}

function isIdleOnly(health: string): boolean {
  const { checks } = JSON.parse(health) as { checks: { service: string; ok: boolean }[] };
  return checks.every(({ service, ok }) => ok || service === 'Workers');
}

function startPart(args: string[], settings: Record<string, string>): Part {
  const child = spawn(BIN, args, {
    env: cleanEnvironment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let heard = '';
  const listeners = new Set<() => void>();
  const onData = (chunk: Buffer) => {
    heard += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      resolve(code);
      for (const listener of listeners) listener();
    });
  });
  return {
    pid: child.pid ?? 0,
    log: () => heard,
    says: (text, limit = 30_000) => hears(text, limit, child, () => heard, listeners),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIME);
      const code = await ended;
      clearTimeout(late);
      return code;
    },
    peak: () => peakOf(child.pid ?? 0),
  };
}

function hears(
  text: string,
  limit: number,
  child: ChildProcess,
  heard: () => string,
  listeners: Set<() => void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer);
      listeners.delete(look);
      if (error) reject(error);
      else resolve();
    };
    const fail = (why: string) => end(new Error(`"${text}" was not said, ${why}:\n${heard()}`));
    const timer = setTimeout(() => fail(`not within ${limit} ms`), limit);
    const look = () => {
      if (heard().includes(text)) end();
      else if (child.exitCode !== null || child.signalCode !== null) fail('the process has ended');
    };
    listeners.add(look);
    look();
  });
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Two ports of loopback, one after the other, that nothing listens on at this moment. */
export async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error('There are no two free ports.');
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
