/** `slipway build`: builds the tiers that are missing. */
import { loadConfig } from '../config.ts';
import { type Command, JSON_OPTION, type Option, REPO_DETAILS, REPO_OPTIONS, repoRequest } from './command.ts';
import { checkedImageName } from './image-name.ts';
import { withProgress } from './progress.ts';

const OPTIONS: readonly Option[] = [
  ...REPO_OPTIONS,
  { name: 'refresh', meaning: 'plan and build anew what there is already' },
  { name: 'image', value: 'NAME', meaning: 'a further name for the image' },
  { name: 'no-cache', meaning: 'use nothing of earlier builds' },
  JSON_OPTION,
];

export const command: Command = {
  name: 'build',
  summary: 'build the image of a repository, as far as it is missing',
  operands: '<repo>',
  count: { min: 1, max: 1 },
  details: REPO_DETAILS,
  options: OPTIONS,
  examples: [
    { line: 'slipway build https://github.com/binder-examples/requirements', meaning: 'prints the name of the image' },
    { line: 'slipway build . --image course:latest', meaning: 'the folder you are in, under a name of yours' },
    { line: 'slipway build gh/org/name/v1.0 --json', meaning: 'one event a line, for CI' },
  ],
  async run(args, io) {
    const image = args.values.image === undefined ? undefined : checkedImageName(args.values.image);
    const config = loadConfig();
    const { buildRepo } = await import('../pipeline.ts');
    const isJson = args.switches.has('json');
    const request = {
      ...repoRequest(args),
      refresh: args.switches.has('refresh'),
      noCache: args.switches.has('no-cache'),
      ...(image !== undefined && { image }),
    };
    const options = { isJson, stages: ['Find', 'Plan', 'Build'] as const, dataFolder: config.SLIPWAY_DATA };
    const built = await withProgress(io, options, (emit) =>
      buildRepo(request, { config, emit, signal: io.signal, allowLocal: true }),
    );
    if (!isJson) io.stdout.write(`${image ?? built.image}\n`);
    return 0;
  },
};
