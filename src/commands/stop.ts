/** `slipway stop`: ends sessions. */
import { loadConfig } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Command } from './command.ts';

export const command: Command = {
  name: 'stop',
  summary: 'stop and remove sessions',
  operands: '<id>…|--all',
  count: { min: 0, max: Number.POSITIVE_INFINITY },
  details: 'An <id> is as slipway sessions lists it, or as much of its beginning or end as tells it apart.',
  options: [{ name: 'all', meaning: 'every session of this installation' }],
  examples: [
    { line: 'slipway stop requirements-8f3kd02a', meaning: 'one' },
    { line: 'slipway stop --all', meaning: 'all' },
  ],
  async run(args, io) {
    const isAll = args.switches.has('all');
    if (isAll === args.operands.length > 0) {
      throw new SlipwayError('bad_usage', 'slipway stop needs either ids or --all.', {
        hint: 'slipway sessions lists the ids.',
      });
    }
    const { listSessions, stopSession } = await import('../pipeline.ts');
    const config = loadConfig();
    const ids = isAll ? (await listSessions(config)).map((session) => session.id) : args.operands;
    const outcomes = await Promise.allSettled(
      ids.map(async (id) => {
        const stopped = await stopSession(id, config);
        io.stdout.write(`${stopped}\n`);
      }),
    );
    // The others are stopped even when one is not there.
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return 0;
  },
};
