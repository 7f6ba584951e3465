/**
 * `npm run report`: builds the old repositories as of their day and with the packages of today, runs their notebooks, and says how many
 * of each run. Arguments choose repositories by what their names contain.
 */
import { commitOf, type EraRepository, REPOSITORIES } from '../support/era-repositories.ts';
import { runNotebook } from '../support/kernel.ts';
import type { Run } from '../support/slipway.ts';
import { openWorld, type World } from '../support/world.ts';

interface Outcome {
  runs: boolean;
  /** What the notebook said of its packages, or what went wrong, in one line. */
  said: string;
  seconds: number;
}

const MODES = { 'as of its day': 'auto', 'without eras': 'latest' } as const;
type Mode = keyof typeof MODES;

/** A build that fails and a notebook that fails are an outcome like any other; whatever else goes wrong raises. */
async function outcome(world: World, url: string, repository: EraRepository, mode: Mode): Promise<Outcome> {
  const settings = { SLIPWAY_AS_OF: MODES[mode] };
  const started = performance.now();
  const launch = () => world.run(['launch', '--json', '--detach', '--no-open', url], settings);
  const failureOf = ({ events }: Run) => events.find(({ phase }) => phase === 'failed');
  let run = await launch();
  // The network may have failed, and not the repository.
  if (failureOf(run)) run = await launch();
  const seconds = Math.round((performance.now() - started) / 1000);
  const failed = failureOf(run);
  if (failed) process.stderr.write(`${repository.name}, ${mode}: ${failed.message}\n`);
  if (failed) return { runs: false, said: `no image: ${firstLine(failed.message)}`, seconds };
  const ready = run.events.find((event) => event.phase === 'ready');
  if (ready?.phase !== 'ready') throw new Error(`${repository.name}: exit code ${run.exitCode}\n${run.stderr}`);
  try {
    const [versions = '', result = ''] = await runNotebook(ready, 'index.ipynb');
    const isRight = repository.result.test(result.trim());
    return { runs: isRight, said: isRight ? versions.trim() : `wrong result: ${firstLine(result)}`, seconds };
  } catch (error) {
    return { runs: false, said: `notebook: ${firstLine((error as Error).message)}`, seconds };
  } finally {
    await world.run(['stop', ready.session]);
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]?.slice(0, 110) ?? '';
}

function row({ date, name }: EraRepository, outcomes: readonly Outcome[]): string {
  const cells = outcomes.map(({ runs, said, seconds }) => `${runs ? 'runs' : '**fails**'} (${seconds} s): ${said}`);
  return `| ${[date, name, ...cells.map((cell) => cell.replaceAll('|', '/'))].join(' | ')} |`;
}

const wanted = process.argv.slice(2);
const chosen = REPOSITORIES.filter(({ name }) => wanted.length === 0 || wanted.some((text) => name.includes(text)));
const modes = Object.keys(MODES) as Mode[];
const world = await openWorld({ SLIPWAY_PYTHONS: 'debian', SLIPWAY_CONDA: 'pypi' });
const rows = new Map(chosen.map((repository) => [repository, [] as Outcome[]]));
try {
  for (const mode of modes)
    for (const [index, repository] of chosen.entries()) {
      const { url } = await world.repo(`era-${index}`, [commitOf(repository)]);
      const found = await outcome(world, url, repository, mode);
      rows.get(repository)?.push(found);
      process.stderr.write(`${repository.name}, ${mode}: ${found.runs ? 'runs' : 'fails'}, ${found.said}\n`);
    }
  console.log(`| day | repository | ${modes.join(' | ')} |\n|${'---|'.repeat(modes.length + 2)}`);
  for (const [repository, outcomes] of rows) console.log(row(repository, outcomes));
  const count = (column: number) => [...rows.values()].filter((outcomes) => outcomes[column]?.runs).length;
  const counts = modes.map((mode, column) => `${mode} ${count(column)} of ${chosen.length} run`);
  console.log(`\n${counts.join(', ')} (${new Date().toISOString().slice(0, 10)}).`);
} finally {
  await world.close();
}
