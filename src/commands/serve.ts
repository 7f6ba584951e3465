/** `slipway serve`: the launch service. */
import type { FastifyInstance } from 'fastify';
import { baseUrl, sessionListen } from '../addresses.ts';
import type { Config } from '../config.ts';
import type { Command, Io } from './command.ts';
import { listen, serviceConfig, serviceLog, untilTold } from './serving.ts';

const PORTS = 'SLIPWAY_HOST and SLIPWAY_PORT. Sessions use the port after it.';

function announce(config: Config, io: Io): void {
  if (!(io.stderr as NodeJS.WriteStream).isTTY) return;
  io.stderr.write(`\nSlipway is at ${baseUrl(config)}/\nCtrl-C stops it; sessions go on until they end.\n\n`);
}

async function serve(isWorker: boolean, io: Io): Promise<number> {
  const config = serviceConfig();
  const log = serviceLog(config, io);
  const [{ createService }, { createApp }, { createMetrics }, { createSessionOrigin }] = await Promise.all([
    import('../service/service.ts'),
    import('../web/app.ts'),
    import('../web/metrics.ts'),
    import('../web/session-origin.ts'),
  ]);
  const metrics = createMetrics();
  const service = await createService(config, { web: true, worker: isWorker, log, observe: metrics.observe });
  const apps: FastifyInstance[] = [];
  try {
    apps.push(await createApp(service, config, log, metrics));
    // A hub's sessions are behind its own proxy.
    if (config.SLIPWAY_LAUNCHER === 'docker') apps.push(await createSessionOrigin(service.sessions, config, log));
    const [app, origin] = apps as [FastifyInstance, FastifyInstance?];
    if (origin) await listen(origin, sessionListen(config), PORTS);
    await listen(app, { host: config.SLIPWAY_HOST, port: config.SLIPWAY_PORT }, PORTS);
    log.info({ address: baseUrl(config), worker: isWorker }, 'Slipway is ready');
    announce(config, io);
    await untilTold(io);
    log.info('Slipway is ending');
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    await service.close();
  }
  return 0;
}

export const command: Command = {
  name: 'serve',
  summary: 'run the launch service: pages, API, builds and sessions',
  operands: '',
  count: { min: 0, max: 0 },
  details: `Pages and API are at SLIPWAY_HOST and SLIPWAY_PORT (127.0.0.1:8585), sessions on the port after that.
Without REDIS_URL it starts a redis-server of its own in the data folder. The log goes to standard
output, as lines of JSON. SIGTERM ends it in good order: launches and builds are handed over, sessions go on.`,
  options: [{ name: 'no-worker', meaning: 'build nothing here; slipway worker does, in other processes' }],
  examples: [
    { line: 'slipway serve', meaning: 'everything, in one process' },
    {
      line: 'SLIPWAY_HOST=0.0.0.0 SLIPWAY_BASE_URL=https://binder.example.org slipway serve',
      meaning: 'behind a proxy',
    },
    { line: 'slipway serve --no-worker', meaning: 'beside slipway worker' },
  ],
  run: (args, io) => serve(!args.switches.has('no-worker'), io),
};
