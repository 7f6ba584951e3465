/** How many launches an address may begin, counted in Redis for all web processes together. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config.ts';
import { SlipwayError } from '../../errors.ts';
import type { Service } from '../../service/service.ts';
import type { BuildTokens } from '../build-token.ts';
import { clientOf, limitedName } from '../client.ts';

const HOUR = 3_600_000;
/** A launch from our own page counts by address and repository, so that a class may share an address. */
const PAGE_FACTOR = 10;

declare module 'fastify' {
  interface FastifyRequest {
    /** What its launches are counted as. */
    counted: { as: string; most: number } | null;
  }
}

export interface Limits {
  /**
   * Counts a launch before anything is begun for it, and says in the headers what is left.
   * @param repo as the request has it; what a build token is good for
   * @throws rate_limited
   */
  count(request: FastifyRequest, reply: FastifyReply, repo: string, token: string | undefined): Promise<void>;
}

export async function addLimits(
  app: FastifyInstance,
  config: Config,
  redis: Service['redis'],
  tokens: BuildTokens,
): Promise<Limits> {
  app.decorateRequest('counted', null);
  await app.register(rateLimit, { global: false, redis: redis.client, nameSpace: `${redis.prefix}:limit:` });
  const check = app.createRateLimit({
    timeWindow: HOUR,
    keyGenerator: ({ counted }) => counted?.as ?? '',
    max: ({ counted }) => counted?.most ?? 0,
    // A Redis that is away stops launches soon enough by itself.
    skipOnError: true,
  });
  const most = config.SLIPWAY_LAUNCHES_PER_HOUR;
  return {
    async count(request, reply, repo, token) {
      if (most === 0 || clientOf(request, config).isOperator) return;
      const name = limitedName(request);
      request.counted = tokens.isValid(token, repo)
        ? { as: `${name} ${repo}`, most: most * PAGE_FACTOR }
        : { as: name, most };
      const state = await check(request);
      if (state.isAllowed) return;
      reply.headers({
        'x-ratelimit-limit': state.max,
        'x-ratelimit-remaining': state.remaining,
        'x-ratelimit-reset': Math.ceil((Date.now() + state.ttl) / 1000),
      });
      if (!state.isExceeded) return;
      reply.header('retry-after', state.ttlInSeconds);
      throw new SlipwayError('rate_limited', `More than ${state.max} launches within an hour came from your address.`, {
        hint: `Try again in ${Math.ceil(state.ttlInSeconds / 60)} minutes.`,
      });
    },
  };
}
