/** `slipway worker`: builds for the launch service, in a process of its own. */
import type { Command } from './command.ts';
import { serviceConfig, serviceLog, untilTold } from './serving.ts';

export const command: Command = {
  name: 'worker',
  summary: 'build for a launch service that runs with --no-worker',
  operands: '',
  count: { min: 0, max: 0 },
  details: `Needs the settings of the service, above all its REDIS_URL or SLIPWAY_DATA, and the same engine or the same
SLIPWAY_REGISTRY. Run as many as you like. SIGTERM ends it in good order: a build at hand is given to another worker.`,
  options: [],
  examples: [{ line: 'slipway worker', meaning: 'until SIGTERM' }],
  async run(_args, io) {
    const config = serviceConfig();
    const log = serviceLog(config, io);
    const { createService } = await import('../service/service.ts');
    const service = await createService(config, { web: false, worker: true, log });
    try {
      log.info('the worker is ready');
      await untilTold(io);
      log.info('the worker is ending');
    } finally {
      await service.close();
    }
    return 0;
  },
};
