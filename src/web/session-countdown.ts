/** The countdown of a session: its script behind each page, and what that asks. */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { toSlipwayError } from '../errors.ts';
import type { Sessions } from '../service/sessions.ts';
import type { Site } from './pages/index.ts';

/** Below a session's path, where its own server has nothing. */
const OURS = '/user/:name/_slipway';
/** Files of the repository are shown as they are. */
const FILES = /^\/user\/[^/]+\/(?:files|view|nbconvert|static)\//;

interface Asked {
  method: string;
  headers: IncomingHttpHeaders;
  url: string;
}

/**
 * Browsers say what for they ask only over https, on loopback, and not for long: elsewhere it shows in what they take.
 * Going to a page takes XHTML and then anything; scripts that fetch HTML lack the one or the other, or say who they are.
 */
function isNavigation(headers: IncomingHttpHeaders): boolean {
  const dest = headers['sec-fetch-dest'];
  if (dest !== undefined) return dest === 'document';
  const isScript = ['x-requested-with', 'service-worker', 'origin'].some((name) => headers[name] !== undefined);
  const takes = headers.accept ?? '';
  return !isScript && ['text/html', 'application/xhtml+xml', '*/*'].every((type) => takes.includes(type));
}

/** Whether a browser asks for a whole page of the session's server. */
export function isPage({ method, headers, url }: Asked): boolean {
  return method === 'GET' && isNavigation(headers) && !FILES.test(url);
}

/** What stands behind a page that has the countdown. */
export function countdownScript(site: Site): string {
  return `\n<script type="module" src="${site.asset('session.js')}"></script>\n`;
}

type Answer = Pick<FastifyReply, 'getHeader' | 'removeHeader' | 'statusCode'>;

/** The answer of a page with the script behind its end, where browsers still take it for a part of the body. */
export function withCountdown(reply: Answer, stream: Readable, site: Site): Readable {
  const isHtml = String(reply.getHeader('content-type')).startsWith('text/html');
  const isPlain = ['', 'identity'].includes(String(reply.getHeader('content-encoding') ?? ''));
  if (!isHtml || !isPlain || reply.statusCode !== 200) return stream;
  reply.removeHeader('content-length');
  async function* joined() {
    yield* stream;
    yield Buffer.from(countdownScript(site));
  }
  return Readable.from(joined(), { objectMode: false });
}

/** What the script asks, and the files that it is made of. */
export function countdownRoutes(
  app: FastifyInstance,
  sessions: Pick<Sessions, 'timeLeft' | 'touch'>,
  site: Site,
): void {
  const told = async (name: string, reply: FastifyReply) => {
    reply.header('cache-control', 'no-store');
    try {
      return await sessions.timeLeft(name);
    } catch (error) {
      const { code, message, kind } = toSlipwayError(error);
      return reply.code(kind.status).send({ code, message });
    }
  };
  app.get<{ Params: { name: string } }>(`${OURS}/time`, (request, reply) => told(request.params.name, reply));
  app.post<{ Params: { name: string } }>(`${OURS}/keep`, async (request, reply) => {
    // A page elsewhere has no business keeping a session.
    if ((request.headers['sec-fetch-site'] ?? 'same-origin') !== 'same-origin') return reply.code(403).send({});
    sessions.touch(request.params.name);
    return told(request.params.name, reply);
  });
  app.get('/assets/*', (request, reply) => {
    const file = site.files.get(request.url.split('?', 1)[0] ?? '');
    if (!file) return reply.code(404).type('text/plain').send('There is nothing here.\n');
    const age = file.immutable ? 'public, max-age=31536000, immutable' : 'public, max-age=600';
    reply.headers({ 'cache-control': age, 'x-content-type-options': 'nosniff' });
    return reply.type(file.type).send(file.bytes);
  });
}
