/** How many launches and previews an address may ask for, counted in Redis for all web processes together. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config.ts';
import { SlipwayError } from '../../errors.ts';
import type { Service } from '../../service/service.ts';
import { type BuildTokens, PREVIEWS } from '../build-token.ts';
import { clientOf, limitedName } from '../client.ts';

const HOUR = 3_600_000;
/** What comes from our own pages counts by address and repository, or has more room, so that a class may share an address. */
const PAGE_FACTOR = 10;

/** Each has a number of its own: who has looked at plans for an hour can still launch. */
type Counted = 'launches' | 'previews';
const CAME: Record<Counted, string> = {
  launches: 'launches within an hour came',
  previews: 'previews of what would be built within an hour were asked for',
};

declare module 'fastify' {
  interface FastifyRequest {
    /** What it is counted as. */
    counted: { as: string; most: number } | null;
    /** It carries a build token that is good for what it asks. */
    hasBuildToken: boolean;
  }
}

export interface Limits {
  /**
   * Counts a request before anything is begun for it, and says in the headers what is left.
   * @param asked `repo` as the request has it, which a build token is good for
   * @throws rate_limited
   */
  count(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: { what?: Counted; repo: string; token: string | undefined },
  ): Promise<void>;
}

export async function addLimits(
  app: FastifyInstance,
  config: Config,
  redis: Service['redis'],
  tokens: BuildTokens,
): Promise<Limits> {
  app.decorateRequest('counted', null);
  app.decorateRequest('hasBuildToken', false);
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
    async count(request, reply, { what = 'launches', repo, token }) {
      request.hasBuildToken = tokens.isValid(token, repo);
      if (most === 0 || clientOf(request, config).isOperator) return;
      const name = what === 'launches' ? limitedName(request) : `${what} ${limitedName(request)}`;
      if (request.hasBuildToken) request.counted = { as: `${name} ${repo}`, most: most * PAGE_FACTOR };
      // The front page knows no repository beforehand.
      else if (what === 'previews' && tokens.isValid(token, PREVIEWS))
        request.counted = { as: `${name} ${PREVIEWS}`, most: most * PAGE_FACTOR };
      else request.counted = { as: name, most };
      const state = await check(request);
      if (state.isAllowed) return;
      reply.headers({
        'x-ratelimit-limit': state.max,
        'x-ratelimit-remaining': state.remaining,
        'x-ratelimit-reset': Math.ceil((Date.now() + state.ttl) / 1000),
      });
      if (!state.isExceeded) return;
      reply.header('retry-after', state.ttlInSeconds);
      throw new SlipwayError('rate_limited', `More than ${state.max} ${CAME[what]} from your address.`, {
        hint: `Try again in ${Math.ceil(state.ttlInSeconds / 60)} minutes.`,
      });
    },
  };
}
