/** What the sessions' origin answers where there is no session: what became of it, and how to have another. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EndedSession } from '../service/session-claims.ts';
import type { Sessions } from '../service/sessions.ts';
import { pagePolicy, renderGone, type Site } from './pages/index.ts';

/** The service's page that launches what an ended session was; the fragment tells it that this one is over. */
export function launchAgain({ provider, spec, ref, urlpath, subdir = '' }: EndedSession): string {
  const parameters = Object.entries({ urlpath, subdir }).filter(([, value]) => value !== '');
  const query = parameters
    .map(([name, value], at) => `${at === 0 ? '?' : '&'}${name}=${encodeURIComponent(value)}`)
    .join('');
  return `/v2/${provider}/${spec}/${ref.split('/').map(encodeURIComponent).join('/')}${query}#again`;
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  const isScript = headers['service-worker'] !== undefined || (headers['sec-fetch-dest'] ?? 'document') !== 'document';
  return method === 'GET' && !isScript && Boolean(headers.accept?.includes('text/html'));
}

/**
 * @param name of the session that the path names, if any
 * @param isThere it runs, and did not answer
 */
export type Gone = (
  request: FastifyRequest,
  reply: FastifyReply,
  name?: string,
  isThere?: boolean,
) => Promise<FastifyReply>;

export function goneHandler(sessions: Sessions, site: Site): Gone {
  const policy = Object.entries(pagePolicy(site))
    .map(([directive, values]) => [directive, ...values].join(' '))
    .join('; ');
  return async (request, reply, name, isThere = false) => {
    const status = isThere ? 502 : 404;
    reply.code(status).headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (!wantsPage(request)) {
      const message = isThere ? 'The session does not answer.' : 'There is no such session.';
      return reply.type('application/json; charset=utf-8').send(JSON.stringify({ code: 'session_not_found', message }));
    }
    // Nothing is here but sessions: whoever comes by wants the service.
    if (name === undefined) return reply.redirect(`${site.baseUrl}/`, 302);
    const ended = isThere ? undefined : await sessions.whyEnded(name).catch(() => undefined);
    const again = ended && launchAgain(ended);
    const page = renderGone(site, { isThere, ...(ended && { reason: ended.reason, again: again ?? '' }) });
    reply.headers({ 'content-security-policy': policy, 'referrer-policy': 'no-referrer' });
    return reply.type('text/html; charset=utf-8').send(page);
  };
}
