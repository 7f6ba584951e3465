/** The web app, not listening yet. */
import { type FastifyInstance, fastify, LogController } from 'fastify';
import type { Logger } from 'pino';
import { baseUrl } from '../addresses.ts';
import type { Config } from '../config.ts';
import { createLimit } from '../service/limit.ts';
import type { Service } from '../service/service.ts';
import { BuildTokens } from './build-token.ts';
import type { Web } from './context.ts';
import { addServiceGauges, addWebMetrics, createMetrics, type Metrics } from './metrics.ts';
import { createSite, loadAssets, pagePolicy } from './pages/index.ts';
import { addCors } from './plugins/cors.ts';
import { addDocs } from './plugins/docs.ts';
import { addErrorHandler, caught, sendFailure } from './plugins/errors.ts';
import { addLimits } from './plugins/limits.ts';
import { addPressureValve } from './plugins/pressure.ts';
import { addSecurityHeaders } from './plugins/security.ts';
import { adminRoutes } from './routes/admin.ts';
import { apiRoutes } from './routes/api.ts';
import { badgeRoutes } from './routes/badge.ts';
import { binderRoutes } from './routes/binder.ts';
import { healthRoutes } from './routes/health.ts';
import { pageRoutes } from './routes/pages.ts';
import { keepEncoding } from './spec.ts';
import { Streams } from './sse.ts';

const BODY = 64 * 1024;
const BEGUN_AT_ONCE = 64;
/** Time that a client may take to say what it wants. */
const REQUEST_TIME = 30_000;

/** @param metrics where the service counts already; else a set of its own */
export async function createApp(
  service: Service,
  config: Config,
  log: Logger,
  metrics: Metrics = createMetrics(),
): Promise<FastifyInstance> {
  const proxies = config.SLIPWAY_TRUSTED_PROXIES;
  const site = createSite(config, loadAssets(), baseUrl(config));
  const app = fastify({
    loggerInstance: log,
    // Paths hold ids and tokens; what is worth knowing is in the metrics and in the service's own lines.
    logController: new LogController({ disableRequestLogging: true }),
    // So no line needs to say which request it is about, and none costs a logger.
    childLoggerFactory: (logger) => logger,
    trustProxy: proxies.length > 0 ? proxies : false,
    bodyLimit: BODY,
    requestTimeout: REQUEST_TIME,
    keepAliveTimeout: 75_000,
    http: { headersTimeout: REQUEST_TIME, connectionsCheckingInterval: 5000 },
    routerOptions: { maxParamLength: 8000 },
    rewriteUrl: (request) => keepEncoding(request.url ?? '/'),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (error, request, reply) => sendFailure(request, reply, caught(request, error), site),
    forceCloseConnections: 'idle',
    // Those who have an event stream are sent away before the server is closed.
    return503OnClosing: false,
  }) as unknown as FastifyInstance;

  const tokens = await BuildTokens.open(service.redis);
  const limits = await addLimits(app, config, service.redis, tokens);
  const streams = new Streams(config.SLIPWAY_STREAMS_PER_ADDRESS);
  const inTurn = createLimit(BEGUN_AT_ONCE);
  const web: Web = { service, config, log, metrics, site, streams, tokens, limits, inTurn };

  addErrorHandler(app, site);
  addServiceGauges(metrics, service);
  addWebMetrics(metrics, app, streams);
  await addSecurityHeaders(app, pagePolicy(site), site.baseUrl.startsWith('https:'));
  app.addHook('preClose', async () => streams.close());
  await addRoutes(app, web);
  return app;
}

async function addRoutes(app: FastifyInstance, web: Web): Promise<void> {
  await healthRoutes(app, web);
  await adminRoutes(app, web);
  await app.register(async (pages) => {
    await addPressureValve(pages);
    await badgeRoutes(pages, web);
    await pageRoutes(pages, web);
  });
  await app.register(async (open) => {
    await addCors(open, web.config);
    await addPressureValve(open);
    await addDocs(open, web.site.baseUrl);
    await binderRoutes(open, web);
    await open.register((api) => apiRoutes(api, web), { prefix: '/api/v1' });
  });
}
