/** Servers that run ahead for the environments most asked for. One process at a time keeps them. */
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { engineOf } from '../engine.ts';
import { SlipwayError, toSlipwayError } from '../errors.ts';
import { environmentInEngine } from '../images.ts';
import type { RedisLink } from '../queue/redis.ts';
import { script } from '../queue/script.ts';
import type { DockerLauncher, LaunchedSession } from '../sessions.ts';
import { parsers } from '../settings.ts';
import { contentParent } from '../tiers.ts';
import type { Plan } from '../types.ts';
import type { SessionClaims } from './session-claims.ts';

export interface WarmDeps {
  launcher: DockerLauncher;
  claims: SessionClaims;
  redis: RedisLink;
  config: Config;
  log: Logger;
  self: string;
}

/** An environment, and how much it is asked for. */
interface Demand {
  key: string;
  image: string;
  score: number;
}

/** What counts is halved after this time: courses end. */
const HALF_LIFE = 7 * 86_400_000;
/** Later than this a number would not hold the score; long after anybody's server. */
const EPOCH = Date.UTC(2026, 0, 1);
/** Environments of which demand is remembered. */
const REMEMBERED = 50;
/** What a server is expected to take before one has been looked at. */
const USUAL_MEMORY = 150 * 2 ** 20;
/** Time for which the keeper is believed without saying anything. */
const KEEPER_TIME = 15_000;
/** An environment whose servers cannot wait is left alone at most for this time. */
const UNFIT_TIME = 3_600_000;
/** A server that ends sooner says something of its environment; one that ends later, of whoever ended it. */
const EARLY = 300_000;
/** The first that ends early is an accident; from the second on the environment rests, each time longer. */
const FIRST_REST = 15_000;
const REST_GROWTH = 4;

/** Keys: keeper. Arguments: process, milliseconds. → whether it is the keeper now. */
const keep = script<number>(`
  local keeper = redis.call('GET', KEYS[1])
  if keeper and keeper ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
`);

/** `<servers>[,<memory>]` of SLIPWAY_WARM. @throws bad_setting */
export function readWarm(value: string): { servers: number; memory: number } {
  const [servers = '', memory, ...more] = value.split(',').map((part) => part.trim());
  try {
    if (more.length > 0) throw new Error('more than two values');
    const count = parsers.parse('number', servers) as number;
    return { servers: count, memory: parsers.parse('bytes', memory ?? '1G') as number };
  } catch (error) {
    throw new SlipwayError('bad_setting', `SLIPWAY_WARM: ${(error as Error).message}`, {
      hint: 'Write a number of servers and the memory for them, as in 2,1G; 0 is none.',
    });
  }
}

/** Divides places by demand: each goes to the environment that has fewest for what it is asked for. */
export function divide(demands: readonly { key: string; score: number }[], places: number): Map<string, number> {
  const given = new Map<string, number>();
  for (let place = 0; place < places && demands.length > 0; place += 1) {
    const worth = ({ key, score }: { key: string; score: number }) => score / ((given.get(key) ?? 0) + 1);
    const [first] = [...demands].sort((a, b) => worth(b) - worth(a));
    if (first) given.set(first.key, (given.get(first.key) ?? 0) + 1);
  }
  return given;
}

/**
 * Milliseconds for which an environment is left alone after so many of its servers ended early, with no long time between
 * them. It grows by steps: an engine that goes down takes a server with it and fails the next, which says nothing of either.
 */
export function restAfter(ends: number): number {
  return ends < 2 ? 0 : Math.min(UNFIT_TIME, FIRST_REST * REST_GROWTH ** (ends - 2));
}

export class WarmServers {
  readonly #deps: WarmDeps;
  readonly #wanted: { servers: number; memory: number };
  readonly #ended = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;

  constructor(deps: WarmDeps) {
    this.#deps = deps;
    this.#wanted = readWarm(deps.config.SLIPWAY_WARM);
  }

  get isOff(): boolean {
    return this.#wanted.servers === 0;
  }

  /** Whether a plan's content is plain files, which a server that runs already can be given. */
  static isPlain(plan: Plan): boolean {
    return plan.steps.every(({ place }) => place !== 'content') && Object.keys(plan.env).length === 0;
  }

  /** Counts a launch that such a server could have taken. */
  async noteDemand(plan: Plan): Promise<void> {
    if (this.isOff || !WarmServers.isPlain(plan)) return;
    const { key, image } = contentParent(plan);
    const weight = 2 ** ((Date.now() - EPOCH) / HALF_LIFE);
    const { client } = this.#deps.redis;
    await client
      .multi()
      .zincrby(this.#key('demand'), weight, key)
      .hset(this.#key('images'), key, image)
      .zremrangebyrank(this.#key('demand'), 0, -REMEMBERED - 1)
      .exec();
  }

  /** Names of servers of an environment that nobody has taken, the one that waits longest first; some may not be up yet. */
  async untaken(environment?: string): Promise<string[]> {
    const { launcher, claims } = this.#deps;
    const [names, claimed] = await Promise.all([launcher.warmNames(environment), claims.all()]);
    return names.filter((one) => !claimed.some(({ name }) => name === one));
  }

  /** Servers that wait or come up, the oldest first. */
  async #waiting(): Promise<LaunchedSession[]> {
    const all = await this.#deps.launcher.listWarm();
    const claimed = new Set((await this.#deps.claims.all()).map(({ name }) => name));
    return all
      .filter(({ id, launchId }) => launchId === '' && !claimed.has(id))
      .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  }

  /** Starts and ends servers until there are those that are wanted; asked while it does, it looks once more. */
  refill(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#refillAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #refillAll(): Promise<void> {
    while (this.#again && !this.#ended.signal.aborted) {
      this.#again = false;
      if (!(await this.#isKeeper())) return;
      const waiting = await this.#waiting();
      const demands = this.isOff ? [] : await this.#demands();
      const places = divide(demands, this.#wanted.servers);
      const kept = await this.#endUnwanted(waiting, places);
      for (const demand of demands) {
        const missing = (places.get(demand.key) ?? 0) - kept.filter(({ warm }) => warm === demand.key).length;
        for (let count = 0; count < missing; count += 1) await this.#startOne(demand);
      }
    }
  }

  async #isKeeper(): Promise<boolean> {
    return (await keep(this.#deps.redis.client, [this.#key('keeper')], [this.#deps.self, KEEPER_TIME])) === 1;
  }

  async #demands(): Promise<Demand[]> {
    const { client } = this.#deps.redis;
    const [ranked, images] = await Promise.all([
      client.zrevrange(this.#key('demand'), 0, REMEMBERED - 1, 'WITHSCORES') as Promise<string[]>,
      client.hgetall(this.#key('images')),
    ]);
    const demands: Demand[] = [];
    for (let index = 0; index < ranked.length; index += 2) {
      const key = ranked[index] ?? '';
      const image = images[key];
      if (image && !(await client.exists(this.#key(`unfit:${key}`)))) {
        demands.push({ key, image, score: Number(ranked[index + 1]) });
      }
    }
    return demands;
  }

  /** Ends what died, what is no longer asked for and what is too old; those that stay. */
  async #endUnwanted(waiting: LaunchedSession[], places: ReadonlyMap<string, number>): Promise<LaunchedSession[]> {
    const kept: LaunchedSession[] = [];
    for (const server of waiting) {
      const isOld = Date.now() - Date.parse(server.startedAt) > this.#deps.config.SLIPWAY_SESSION_AGE;
      const same = kept.filter(({ warm }) => warm === server.warm).length;
      const isWanted = server.state === 'running' && !isOld && same < (places.get(server.warm) ?? 0);
      if (isWanted) {
        kept.push(server);
        continue;
      }
      const isGone = await this.#deps.launcher.stopWaiting(server).then(
        () => true,
        () => false,
      );
      const isEarly = Date.now() - Date.parse(server.startedAt) < EARLY;
      // One that could not be removed is seen once more.
      if (isGone && isEarly && server.state === 'ended') await this.#noteEarlyEnd(server.warm);
    }
    return kept;
  }

  async #startOne({ key, image }: Demand): Promise<void> {
    const { launcher, log, config } = this.#deps;
    if (this.#ended.signal.aborted || !(await this.#isKeeper()) || !(await this.#hasMemory())) return;
    try {
      const deps = { config, engine: engineOf(config), emit: () => undefined, signal: this.#ended.signal };
      await environmentInEngine(key, deps);
      const name = await launcher.startWarm({ key, image }, this.#ended.signal);
      log.info({ session: name, environment: key }, 'server waits');
    } catch (err) {
      if (this.#ended.signal.aborted) return;
      log.warn({ err, environment: key }, 'no server could wait for this environment');
      if (toSlipwayError(err).code !== 'engine_missing') await this.#noteEarlyEnd(key);
    }
  }

  /** An environment whose servers do not live is left alone for a while. */
  async #noteEarlyEnd(key: string): Promise<void> {
    const { client } = this.#deps.redis;
    const ends = this.#key(`ends:${key}`);
    const [[, count] = []] =
      (await client
        .multi()
        .incr(ends)
        .pexpire(ends, 2 * UNFIT_TIME)
        .exec()) ?? [];
    const rest = restAfter(Number(count));
    if (rest > 0) await client.set(this.#key(`unfit:${key}`), 1, 'PX', rest);
  }

  async #hasMemory(): Promise<boolean> {
    const used = await Promise.all(
      (await this.#waiting()).map(({ id }) => this.#deps.launcher.memoryOf(id).catch(() => USUAL_MEMORY)),
    );
    const next = used.length > 0 ? Math.max(...used) : USUAL_MEMORY;
    return used.reduce((sum, one) => sum + one, next) <= this.#wanted.memory;
  }

  /** Ends servers that nobody would keep any more. */
  async close(): Promise<void> {
    this.#ended.abort(new SlipwayError('closing', 'The service is ending.'));
    await this.#running?.catch(() => undefined);
    const { redis, launcher, self } = this.#deps;
    if ((await redis.client.get(this.#key('keeper'))) !== self) return;
    for (const server of await this.#waiting()) await launcher.stopWaiting(server).catch(() => undefined);
    await redis.client.del(this.#key('keeper'));
  }

  #key(what: string): string {
    return `${this.#deps.redis.prefix}:warm:${what}`;
  }
}
