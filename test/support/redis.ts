/** A real redis-server of a test's own, which can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { loadConfig } from '../../src/config.ts';
import { connectRedis, type RedisLink } from '../../src/queue/redis.ts';

export interface TestRedis {
  /** For REDIS_URL. */
  url: string;
  /** A link as the service has it; ends with the server. */
  link(): Promise<RedisLink>;
  /** `kill -9`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Keeps what is on its disk at this moment; `back` puts it there again, while the server does not run. */
  snapshot(): Promise<{ back(): Promise<void> }>;
  close(): Promise<void>;
}

const APPEND_ONLY = ['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'];

/** @param args further settings; a `--port` makes it listen on TCP and nowhere else */
export async function startRedis(args: string[] = APPEND_ONLY): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-redis-'));
  const port = args.includes('--port') ? Number(args[args.indexOf('--port') + 1]) : undefined;
  const where = port === undefined ? ['--port', '0', '--unixsocket', 'redis.sock'] : [];
  const url = port === undefined ? `unix://${folder}/redis.sock` : `redis://127.0.0.1:${port}`;
  const links: RedisLink[] = [];
  let child: ChildProcess;
  const start = async () => {
    child = spawn('redis-server', [...where, ...args], { cwd: folder, stdio: 'ignore' });
    await answers(port === undefined ? { path: `${folder}/redis.sock` } : { port }, args);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  await start();
  return {
    url,
    async link() {
      const made = await connectRedis(loadConfig({ REDIS_URL: url, SLIPWAY_DATA: folder }));
      links.push(made);
      return made;
    },
    kill,
    start,
    async snapshot() {
      const [now, then] = [join(folder, 'appendonlydir'), join(folder, 'kept')];
      await cp(now, then, { recursive: true });
      return {
        async back() {
          await rm(now, { recursive: true });
          await cp(then, now, { recursive: true });
        },
      };
    },
    async close() {
      for (const link of links) await link.close();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(where: { path: string } | { port: number }, args: string[]): Promise<void> {
  const password = args.includes('--requirepass') ? args[args.indexOf('--requirepass') + 1] : undefined;
  const client = new Redis({ ...where, ...(password && { password }), retryStrategy: () => 20 });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
}

/** A port of loopback that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
