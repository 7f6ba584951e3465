/** `slipway stop`: ends sessions, and all that a repository or an address has in the service. */
import { type Config, loadConfig } from '../config.ts';
import { SlipwayError } from '../errors.ts';
import type { Arguments, Command, Io } from './command.ts';

export const command: Command = {
  name: 'stop',
  summary: 'stop and remove sessions; end all of a repository or an address',
  operands: '<id>…|--all|--repo=REPO|--client=ADDRESS',
  count: { min: 0, max: Number.POSITIVE_INFINITY },
  details: `An <id> is as slipway sessions lists it, or as much of its beginning or end as tells it apart. --repo and --client
end launches and builds of the service too; SLIPWAY_BANNED and SLIPWAY_BANNED_NETWORKS keep them from coming again.`,
  options: [
    { name: 'all', meaning: 'every session of this installation' },
    { name: 'repo', value: 'REPO', meaning: 'everything of a repository; * stands for anything' },
    { name: 'client', value: 'ADDRESS', meaning: 'everything that an address asked for' },
  ],
  examples: [
    { line: 'slipway stop requirements-8f3kd02a', meaning: 'one' },
    { line: 'slipway stop --all', meaning: 'all' },
    { line: "slipway stop --repo 'gh/miner/*'", meaning: 'whatever these repositories have' },
  ],
  async run(args, io) {
    const { repo, client } = args.values;
    const isAll = args.switches.has('all');
    const isWhole = repo !== undefined || client !== undefined;
    if ([isAll, isWhole, args.operands.length > 0].filter(Boolean).length !== 1) {
      throw new SlipwayError('bad_usage', 'slipway stop needs either ids, --all, or --repo and --client.', {
        hint: 'slipway sessions lists the ids.',
      });
    }
    if (isWhole) await stopWhole({ ...(repo && { repo }), ...(client && { client }) }, loadConfig(), io);
    else await stopSessions(args, io);
    return 0;
  },
};

async function stopSessions(args: Arguments, io: Io): Promise<void> {
  const { sessionNames, stopSession } = await import('../sessions.ts');
  const config = loadConfig();
  const ids = args.switches.has('all') ? await sessionNames(config) : args.operands;
  const outcomes = await Promise.allSettled(
    ids.map(async (id) => {
      const stopped = await stopSession(id, config);
      io.stdout.write(`${stopped}\n`);
    }),
  );
  // The others are stopped even when one is not there.
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function stopWhole(given: { repo?: string; client?: string }, config: Config, io: Io): Promise<void> {
  const [{ readSpec }, { joinService }] = await Promise.all([
    import('../pipeline.ts'),
    import('../service/operator.ts'),
  ]);
  const { repo } = given;
  // However the repository is written; a pattern is taken as it is.
  const whose = repo?.includes('*') === false ? { ...given, repo: readSpec({ repo }, false).canonicalUrl } : given;
  const service = await joinService(config);
  if (!service) {
    throw new SlipwayError('bad_usage', 'There is no service here that could have anything of it.', {
      hint: 'Set SLIPWAY_DATA or REDIS_URL as the service has them.',
    });
  }
  try {
    const { launches, builds, sessions } = await service.stopAll(whose);
    io.stdout.write([...builds, ...sessions].map((id) => `${id}\n`).join(''));
    io.stderr.write(`Ended: ${launches} launches, ${builds.length} builds, ${sessions.length} sessions.\n`);
  } finally {
    await service.close();
  }
}
