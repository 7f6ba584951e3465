/** `slipway worker`: builds for the launch service, in a process of its own. */
import type { FastifyInstance } from 'fastify';
import type { Command } from './command.ts';
import { listen, serviceConfig, serviceLog, untilTold } from './serving.ts';

export const command: Command = {
  name: 'worker',
  summary: 'build for a launch service that runs with --no-worker',
  operands: '',
  count: { min: 0, max: 0 },
  details: `Needs the settings of the service, above all its REDIS_URL or SLIPWAY_DATA, and the same engine or the same
SLIPWAY_REGISTRY. Run as many as you like. SIGTERM ends it in good order: a build at hand is given to another worker. With SLIPWAY_WORKER_PORT it
answers /health and /metrics.`,
  options: [],
  examples: [{ line: 'slipway worker', meaning: 'until SIGTERM' }],
  async run(_args, io) {
    const config = serviceConfig();
    const log = serviceLog(config, io);
    const [{ createService }, { createMetrics }] = await Promise.all([
      import('../service/service.ts'),
      import('../web/metrics.ts'),
    ]);
    const metrics = createMetrics();
    const service = await createService(config, { web: false, worker: true, log, observe: metrics.observe });
    const port = config.SLIPWAY_WORKER_PORT;
    let app: FastifyInstance | undefined;
    try {
      if (port !== 0) {
        const { createWorkerApp } = await import('../web/worker-app.ts');
        app = await createWorkerApp({ service, metrics, log });
        await listen(app, { host: config.SLIPWAY_HOST, port }, 'SLIPWAY_HOST and SLIPWAY_WORKER_PORT.');
      }
      log.info('the worker is ready');
      await untilTold(io);
      log.info('the worker is ending');
    } finally {
      await app?.close();
      await service.close();
    }
    return 0;
  },
};
