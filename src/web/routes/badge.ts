/** Badges. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Body, bodyOf, compress, sendBody } from '../bytes.ts';
import type { Web } from '../context.ts';
import { Kept } from '../kept.ts';
import { type BadgeState, badgeSvg } from '../pages/index.ts';
import { parameter, specOf } from '../spec.ts';

const TYPE = 'image/svg+xml';
/** What a badge says is looked up so often, for one repository. */
const KNOWN_FOR = 10_000;
const KNOWN = 10_000;

async function badges(): Promise<Record<BadgeState, Body>> {
  const body = (state: BadgeState, cacheControl: string) => bodyOf(badgeSvg(state), TYPE, cacheControl);
  const brief = 'public, max-age=60';
  const all = {
    static: body('static', 'public, max-age=86400'),
    ready: body('ready', brief),
    unknown: body('unknown', brief),
    failed: body('failed', brief),
  };
  await Promise.all(Object.values(all).map((one) => compress(one, 11)));
  return all;
}

export async function badgeRoutes(app: FastifyInstance, { service }: Web): Promise<void> {
  const bodies = await badges();
  const known = new Kept<BadgeState>(KNOWN_FOR, KNOWN);

  const send = (request: FastifyRequest, reply: FastifyReply, state: BadgeState) => {
    // Meant for the pages of others.
    reply.headers({ 'cross-origin-resource-policy': 'cross-origin', 'access-control-allow-origin': '*' });
    return sendBody(request, reply, bodies[state]);
  };

  for (const path of ['/badge.svg', '/badge_logo.svg', '/assets/images/badge.svg']) {
    app.get(path, (request, reply) => send(request, reply, 'static'));
  }

  app.get('/badge/*', async (request, reply) => {
    const repo = specOf(request).replace(/\.svg$/, '');
    const subdir = parameter(request, 'subdir') ?? '';
    const state = await known.get(`${repo}\n${subdir}`, () => service.readiness({ repo, subdir }));
    return send(request, reply, state);
  });
}
