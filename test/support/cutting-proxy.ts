/** Stands before a Redis and cuts a connection when Redis has done a command, but before its reply has come through. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CuttingProxy {
  /** For REDIS_URL. */
  url: string;
  /** Replies that were cut off so far. */
  cuts: number;
  /** From now on the next reply on each connection is cut off after this many that pass; 0 ends that. */
  every: number;
  close(): Promise<void>;
}

export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-proxy-'));
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(target);
    let passed = 0;
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => redis.write(data)).on('close', () => redis.destroy());
    redis.on('close', () => client.destroy());
    redis.on('data', (data) => {
      passed += 1;
      if (proxy.every === 0 || passed <= proxy.every) return void client.write(data);
      proxy.cuts += 1;
      client.destroy();
    });
  });
  const path = join(folder, 'redis.sock');
  server.listen(path);
  await once(server, 'listening');
  const proxy: CuttingProxy = {
    url: `unix://${path}`,
    cuts: 0,
    every: 0,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return proxy;
}
