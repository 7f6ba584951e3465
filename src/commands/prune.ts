/** `slipway prune`: gives the disk back what nobody has used lately. */
import { type Config, loadConfig } from '../config.ts';
import type { PruneReport } from '../service/prune.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { table } from './sessions.ts';
import { bytes } from './text.ts';

async function run(config: Config, wish: { extent: 'low' | 'all'; dryRun: boolean }) {
  const { joinService } = await import('../service/operator.ts');
  const service = await joinService(config);
  if (!service) return (await import('../service/pruner.ts')).pruneAlone(config, wish);
  return service.prune(wish).finally(() => service.close());
}

function text({ images, cache, files, disk, registry }: PruneReport): string {
  const rows = [
    ...images.map(({ name, lastUsed, bytes: size }) => [lastUsed.slice(0, 10), bytes(size), name]),
    ...(registry?.images ?? []).map(({ name, lastUsed }) => [lastUsed.slice(0, 10), '', name]),
  ];
  const others = [
    ...(cache > 0 ? [`${bytes(cache)} of build cache`] : []),
    ...(files.count > 0 ? [`${files.count} files past their age, ${bytes(files.bytes)}`] : []),
    ...(registry && registry.images.length > 0
      ? [
          `${bytes(registry.unreferenced)} unreferenced in the registry, ${bytes(registry.freed)} freed: its own garbage collection does that.`,
        ]
      : []),
    ...(disk ? [] : ['The disk of an engine elsewhere cannot be seen from here; --all prunes it nevertheless.']),
  ];
  const listed = rows.length > 0 ? table([['LAST USED', 'FREES', 'IMAGE'], ...rows]) : '';
  return `${listed}${others.map((line) => `${line}\n`).join('')}`;
}

function verdict({ freed, disk, images, cache, registry }: PruneReport, isDry: boolean, config: Config): string {
  const percent = (of: { used: number; total: number }) => `${Math.round((of.used / of.total) * 100)} %`;
  const state = disk ? `; the disk is ${percent(disk.after)} full` : '';
  const isIdle = images.length + (registry?.images.length ?? 0) === 0 && cache === 0 && freed === 0;
  if (isIdle) return `Nothing to prune${state} (SLIPWAY_DISK_LOW is ${config.SLIPWAY_DISK_LOW} %).\n`;
  return isDry ? `About ${bytes(freed)} would be freed${state}.\n` : `${bytes(freed)} freed${state}.\n`;
}

export const command: Command = {
  name: 'prune',
  summary: 'remove images, cache, plans and logs that nobody has used lately',
  operands: '',
  count: { min: 0, max: 0 },
  details: `Goes on until SLIPWAY_DISK_LOW per cent of the engine's disk are used, oldest and least used first. What runs, is
being built, or was made by others stays; BuildKit's cache has no owner and is the engine's as a whole. From the registry
goes what nobody has used for SLIPWAY_REGISTRY_KEEP, whatever the disk.`,
  options: [
    { name: 'dry-run', meaning: 'say what would go, and remove nothing' },
    { name: 'all', meaning: 'everything that is not in use, however empty the disk; not beside a slipway build' },
    JSON_OPTION,
  ],
  examples: [
    { line: 'slipway prune --dry-run', meaning: 'look first' },
    { line: 'slipway prune --all', meaning: 'start afresh' },
  ],
  async run(args, io) {
    const config = loadConfig();
    const dryRun = args.switches.has('dry-run');
    const report = await run(config, { extent: args.switches.has('all') ? 'all' : 'low', dryRun });
    if (!report) io.stderr.write('Another process is pruning.\n');
    else if (args.switches.has('json')) io.stdout.write(`${JSON.stringify(report)}\n`);
    else io.stdout.write(`${text(report)}${verdict(report, dryRun, config)}`);
    return 0;
  },
};
