/** The origin of the sessions: `/user/<name>/` of each is proxied to its server, and nothing else is there. */
import { Agent, type AgentOptions, type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import proxy from '@fastify/http-proxy';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify';
import type { Logger } from 'pino';
import { baseUrl, sessionUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import type { Sessions } from '../service/sessions.ts';
import { connectTarget, type SessionTarget } from '../session-target.ts';
import { createSite, loadAssets } from './pages/index.ts';
import { countdownRoutes, isPage, withCountdown } from './session-countdown.ts';
import { goneHandler } from './session-gone.ts';
import { preflightHeaders, requestHeaders, responseHeaders } from './session-headers.ts';
import { passUpgrade, refuseUpgrade } from './session-upgrade.ts';

/** Longer than any answer of a session takes to begin: what is slow is for its reader to give up. */
const ANSWER_TIME = 86_400_000;

/** The session that a path names, spelled as we spell it; undefined for any other path. */
export function sessionOf(url: string): string | undefined {
  return /^\/user\/([a-z0-9][a-z0-9-]{0,62})(?:[/?]|$)/.exec(url)?.[1];
}

/** Whether a session may be asked for under this host: where each has an origin of its own, under no other. */
function isOwnHost(config: Config, name: string, host: string | undefined): boolean {
  return !config.SLIPWAY_SESSION_URL.includes('*') || new URL(sessionUrl(config, name)).host === host?.toLowerCase();
}

/** A target as the host of a URL: the proxy knows no other way to say where a request goes. */
const hostOf = (target: SessionTarget) => `${Buffer.from(JSON.stringify(target)).toString('hex')}.session`;

/** Connects to such hosts, and to no other; for each request anew, as a server may go at any moment. */
class SessionAgent extends Agent {
  override createConnection(options: AgentOptions & { host?: string }) {
    const hex = options.host?.replace(/\.session$/, '') ?? '';
    return connectTarget(JSON.parse(Buffer.from(hex, 'hex').toString()) as SessionTarget);
  }
}

/** The app of the sessions' origin, not listening yet; websockets need the server of this very app. */
export async function createSessionOrigin(sessions: Sessions, config: Config, log: Logger): Promise<FastifyInstance> {
  const site = createSite(config, loadAssets(), baseUrl(config));
  const app = fastify({
    loggerInstance: log,
    // Paths hold tokens.
    logController: new LogController({ disableRequestLogging: true }),
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  const gone = goneHandler(sessions, site);
  const protocol = new URL(sessionUrl(config, 'x')).protocol.slice(0, -1);
  const found = new WeakMap<IncomingMessage, SessionTarget>();

  async function find({ url = '', headers }: IncomingMessage) {
    const name = sessionOf(url);
    if (name === undefined || !isOwnHost(config, name, headers.host)) return undefined;
    const target = await sessions.target(name);
    return target && { name, target };
  }

  app.removeAllContentTypeParsers();
  await app.register(async (own) => countdownRoutes(own, sessions, site));
  await app.register(proxy, {
    upstream: '',
    prefix: '/user',
    rewritePrefix: '/user',
    async preHandler(request, reply) {
      const session = await find(request.raw);
      if (!session) return gone(request, reply, sessionOf(request.url));
      found.set(request.raw, session.target);
      sessions.touch(session.name);
    },
    http: { agents: { 'http:': new SessionAgent() } as never, requestOptions: { timeout: ANSWER_TIME } },
    disableRequestLogging: true,
    replyOptions: {
      getUpstream: ({ raw }) => `http://${hostOf(found.get(raw as IncomingMessage) ?? { socket: '' })}`,
      rewriteRequestHeaders: (request, headers) => {
        const told = requestHeaders({ ...headers, host: request.headers.host }, protocol);
        // A page has the countdown put behind it, which compressed it could not.
        if (isPage(request)) delete told['accept-encoding'];
        return told;
      },
      rewriteHeaders: (headers, request) => {
        const told = responseHeaders(headers, `/user/${sessionOf(request?.url ?? '')}/`);
        const isPreflight = request?.method === 'OPTIONS';
        return isPreflight ? preflightHeaders(told, request.headers.origin, config.SLIPWAY_CORS_ORIGINS) : told;
      },
      onResponse: (request, reply, answer) => {
        const stream = (answer as unknown as { stream: Readable }).stream;
        reply.send(isPage(request) ? withCountdown(reply as FastifyReply, stream, site) : stream);
      },
      onError: (reply, { error }) => {
        log.debug({ err: error }, 'a session did not answer');
        void gone(reply.request as FastifyRequest, reply as FastifyReply, sessionOf(reply.request.url), true);
      },
    },
  });
  app.setNotFoundHandler((request, reply) => gone(request, reply));
  app.server.on('upgrade', async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const session = await find(request).catch(() => undefined);
    if (!session) return refuseUpgrade(socket, 404);
    const { name, target } = session;
    passUpgrade({ request, socket, head, target, path: `/user/${name}/`, protocol, used: () => sessions.touch(name) });
  });
  return app;
}
