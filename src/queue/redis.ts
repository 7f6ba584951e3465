/** The link to Redis: `REDIS_URL`, else a `redis-server` of our own in the data folder. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { trusted } from '../certificates.ts';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import { News } from './news.ts';
import { examineRedis } from './redis-checks.ts';
import { type OwnServer, ownServer } from './redis-server.ts';

/** How long a Redis may take to answer when we start; later we wait as long as it takes. */
const CONNECT_TIME = 10_000;
/** How long it may take to notice that we leave. */
const LEAVING_TIME = 1000;

/** One process's way to Redis, which all of it shares. */
export interface RedisLink {
  /** Commands wait while the connection is away, and are sent again when their reply was lost with it. */
  client: Redis;
  news: News;
  /** What every key of ours begins with; no colon at its end. */
  prefix: string;
  /** What an operator should know, e.g. that this Redis forgets when it restarts. */
  warnings: readonly string[];
  /** Ends the connections; and our own server, when no other process uses it. */
  close(): Promise<void>;
}

/**
 * Connects, starting our own server where none is named and none runs; several processes share it.
 * @throws SlipwayError `redis_unreachable`, `redis_unsafe`
 */
export async function connectRedis(config: Config): Promise<RedisLink> {
  if (config.REDIS_URL !== '') return open(addressOf(config));
  const server = await ownServer(config);
  return server.exclusively(async () => {
    await server.start();
    return open({ path: server.path }, server);
  });
}

function addressOf(config: Config): RedisOptions {
  const text = config.REDIS_URL;
  if (text.startsWith('/')) return { path: text };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'unix:') return { path: url.pathname };
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || !/^\/?\d*$/.test(url.pathname)) {
    throw new SlipwayError('bad_setting', 'REDIS_URL is no address of a Redis.', {
      hint: 'Write redis://[[user]:password@]host[:port][/number], rediss://… for TLS, or the path of a socket.',
    });
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || 6379,
    db: Number(url.pathname.slice(1)),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: trusted(config) }),
  };
}

/** Commands of one moment go to the socket together: each on its own costs more than all else that is done for it. */
class Gathering extends Redis {
  #isGathering = false;

  override sendCommand(...given: Parameters<Redis['sendCommand']>): unknown {
    if (!this.#isGathering && this.status === 'ready') {
      const { stream } = this;
      this.#isGathering = true;
      stream.cork();
      process.nextTick(() => {
        this.#isGathering = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...given);
  }
}

let links = 0;

async function open(address: RedisOptions, server?: OwnServer): Promise<RedisLink> {
  // By its name another link sees that the server is in use.
  const name = `slipway-${process.pid}-${links++}`;
  const options = {
    ...address,
    lazyConnect: true,
    connectionName: name,
    // Nothing is given up while Redis is away: whoever asks waits, and finds it as it was.
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(20 * 2 ** times, 500),
    maxLoadingRetryTime: 500,
    replyMapping: 'legacy',
  } satisfies RedisOptions;
  const connections = [new Gathering(options), new Gathering(options)] as const;
  const [client, subscriber] = connections;
  client.setMaxListeners(50);
  const revival = server && revive(client, server);
  const end = async () => {
    await Promise.all(connections.map(leave));
  };
  try {
    await Promise.all(connections.map(ready));
    const warnings = await examineRedis(client);
    const close = async () => {
      revival?.stop();
      if (!server) return end();
      await server.exclusively(async () => {
        const isLast = (await server.runs()) && !(await hasOthers(client, name));
        // Within: the next one to go must not find us there still, and leave the server to nobody.
        await end();
        if (isLast) await server.stop();
      });
    };
    return { client, news: new News(subscriber), prefix: 'slipway', warnings, close };
  } catch (error) {
    revival?.stop();
    await end();
    throw error;
  }
}

/** Closes a connection; settles when the server has seen it, or does not answer. */
async function leave(connection: Redis): Promise<void> {
  if (connection.status === 'end') return;
  const closed = once(connection, 'end', { signal: AbortSignal.timeout(LEAVING_TIME) });
  connection.disconnect();
  await closed.catch(() => undefined);
}

async function hasOthers(client: Redis, name: string): Promise<boolean> {
  const list = (await client.client('LIST')) as string;
  return [...list.matchAll(/ name=(slipway-\S+)/g)].some(([, other]) => other !== name);
}

/** Starts our own server again when it has died under us. */
function revive(client: Redis, server: OwnServer): { stop(): void } {
  let isBusy = false;
  const look = async () => {
    if (isBusy) return;
    isBusy = true;
    // A start that failed is tried again with the next attempt to connect.
    await server.exclusively(server.start).catch(() => undefined);
    isBusy = false;
  };
  client.on('close', look);
  return { stop: () => void client.off('close', look) };
}

/** Waits for the first connection; what goes wrong later is waited out. */
async function ready(redis: Redis): Promise<void> {
  let last: Error | undefined;
  const answered = new Promise<boolean>((resolve) => {
    redis.once('ready', () => resolve(true));
    redis.on('error', (error: Error) => {
      last = error;
      if (/WRONGPASS|NOAUTH|NOPERM/.test(error.message)) resolve(false);
    });
  });
  // It rejects at the first attempt that fails, of which the event tells more.
  redis.connect().catch(() => undefined);
  if (await Promise.race([answered, sleep(CONNECT_TIME, false, { ref: false })])) return;
  throw new SlipwayError('redis_unreachable', `Redis cannot be used: ${last?.message ?? 'it does not answer'}.`, {
    cause: last,
    hint: 'Check that it runs and that REDIS_URL is right: redis://[[user]:password@]host[:port][/number].',
  });
}
