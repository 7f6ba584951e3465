/** Who asks. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Client } from '../service/types.ts';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Whether a request carries the operator's token; only ever in a header, which no browser sends by itself. */
function hasToken({ headers }: FastifyRequest, token: string): boolean {
  const given = /^(?:bearer|token) +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return token !== '' && given !== undefined && timingSafeEqual(digest(given), digest(token));
}

export function clientOf(request: FastifyRequest, config: Config): Client {
  const isOperator = hasToken(request, config.SLIPWAY_ADMIN_TOKEN);
  return { address: normalizeIP(request.ip, 128), isOperator, hasBuildToken: request.hasBuildToken };
}

/** One name for whoever has an address: with IPv6 that is a network of their own. */
export function limitedName({ ip }: FastifyRequest): string {
  return normalizeIP(ip);
}

/** @throws operator_only */
export function checkOperator(request: FastifyRequest, config: Config): void {
  if (hasToken(request, config.SLIPWAY_ADMIN_TOKEN)) return;
  throw new SlipwayError('operator_only', 'Only the operator of this service may do that.', {
    hint: 'Send SLIPWAY_ADMIN_TOKEN as "Authorization: Bearer …".',
  });
}
