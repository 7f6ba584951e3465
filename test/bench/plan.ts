/** Planning: of a typical repository, of one with 100,000 files, of every fixture, and as a process; always beside git. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../../src/config.ts';
import { loadConfig } from '../../src/config.ts';
import { detect } from '../../src/detect/detect.ts';
import { fetchCheckout } from '../../src/fetch/fetch.ts';
import { createGit } from '../../src/fetch/git.ts';
import type { RankPythons } from '../../src/plan/era.ts';
import { makePlan } from '../../src/plan/plan.ts';
import { rankPythons } from '../../src/plan/wheels.ts';
import { renderTakeHome } from '../../src/render/dockerfile.ts';
import { serverLock } from '../../src/render/server-lock.ts';
import { resolveRef } from '../../src/resolve/resolve.ts';
import { parseRepo } from '../../src/resolve/spec.ts';
import { PACKAGE_ROOT } from '../../src/root.ts';
import type { Checkout } from '../../src/types.ts';
import { memoryCheckout } from '../support/checkout.ts';
import { fixtureFiles } from '../support/fixture-files.ts';
import { notebook } from '../support/notebook.ts';
import { tempFolder, workTree } from '../support/repo.ts';
import { repo2dockerPython } from '../support/repo2docker.ts';
import { cleanEnvironment } from '../support/slipway.ts';
import type { World } from '../support/world.ts';
import { exactly, type GitClock, median, ms, type Row, ratio, timed } from './measure.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';

const TYPICAL = {
  'requirements.txt': 'numpy==1.26.4\npandas\nmatplotlib>=3.5\n',
  'apt.txt': 'graphviz\n',
  postBuild: { content: '#!/bin/bash\njupyter --version\n', mode: '755' as const },
  'README.md': '# Typical\n',
  'index.ipynb': notebook('import pandas\npandas.__version__'),
};

export async function planRows(world: World, clock: GitClock): Promise<Row[]> {
  const typical = await world.repo('typical', [
    { date: '2024-01-10', files: TYPICAL },
    { date: '2024-02-10', files: { 'requirements.txt': `${TYPICAL['requirements.txt']}scipy\n` } },
    { date: '2024-03-10', files: { 'README.md': '# Typical, and described\n' } },
  ]);
  const processRows = await asProcess(world, clock, typical.url);
  const many = Object.fromEntries(
    Array.from({ length: 100_000 }, (_, index) => [`data/${index % 300}/${index}.csv`, `${index}\n`]),
  );
  const large = await world.repo('large', [{ date: '2024-03-10', files: { ...TYPICAL, ...many } }]);
  return [
    // First, for what 100,000 files leave to the disk takes its time from what comes after it.
    ...processRows,
    row('fetch of a typical repository, beside git', await fetchTime(world, clock, typical.url), 80),
    row('plan of a typical repository, beside git', await ownTime(world, clock, typical.url, 5), 20),
    row('plan of 100,000 files, beside git', await ownTime(world, clock, large.url, 1), 500),
    await fixturesRow(),
  ];
}

function row(measure: string, { total, git }: { total: number; git: number }, aim: number): Row {
  return {
    measure,
    ours: ms(total),
    against: `${ms(git)} of it in git`,
    value: ms(total - git),
    aim: `≤ ${aim} ms`,
    isMet: total - git <= aim,
  };
}

async function prepared(world: World, clock: GitClock, repo: string) {
  const config = loadConfig(cleanEnvironment({ ...world.settings, PATH: clock.path }));
  const signal = new AbortController().signal;
  const resolved = await resolveRef(parseRepo(repo, { allowLocal: false }), { git: createGit(config, signal) });
  return { config, fetch: () => fetchCheckout(resolved, { subdir: '', signal, emit: () => undefined }, { config }) };
}

/** The commit and, so far as it comes along, its history. */
async function fetchTime(world: World, clock: GitClock, repo: string) {
  const { fetch } = await prepared(world, clock, repo);
  const runs: { total: number; git: number }[] = [];
  for (let round = 0; round <= 5; round += 1) {
    await clock.take();
    const { took, result } = await timed(fetch);
    runs.push({ total: took, git: await clock.take() });
    await result.dispose();
  }
  return best(runs.slice(1));
}

/** Detect, plan and render on a checkout that is there; what is left to do of its history is part of it. */
async function ownTime(world: World, clock: GitClock, repo: string, rounds: number) {
  const { config, fetch } = await prepared(world, clock, repo);
  const runs: { total: number; git: number }[] = [];
  // The first round warms up what a process of its own would pay for; that is the next row's.
  for (let round = 0; round <= rounds; round += 1) {
    const checkout = await fetch();
    try {
      await clock.take();
      const { took } = await timed(() => planned(checkout, config, rankPythons(config)));
      runs.push({ total: took, git: await clock.take() });
    } finally {
      await checkout.dispose();
    }
  }
  return best(runs.slice(1));
}

async function planned(checkout: Checkout, config: Config, rank: RankPythons): Promise<string> {
  const found = await detect(checkout, config);
  const plan = await makePlan(
    { checkout, ...found },
    {
      config,
      serverLock,
      rank,
      reachesChannel: async () => false,
      commitOf: async () => SHA,
    },
  );
  return renderTakeHome(plan, serverLock(plan.era.debian));
}

/** The fixture that takes longest; look-ups on the network are kept and have no part in it. */
async function fixturesRow(): Promise<Row> {
  const root = join(PACKAGE_ROOT, 'buildpacks');
  const packs = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = packs.flatMap(({ name }) =>
    readdirSync(join(root, name, 'fixtures')).map((fixture) => `${name}/${fixture}`),
  );
  const config = loadConfig({});
  const rank: RankPythons = async (_pins, _candidates, preferred) => ({ python: preferred, notices: [] });
  const times: { name: string; took: number }[] = [];
  for (const name of names) {
    const checkout = memoryCheckout(fixtureFiles(name));
    const runs: number[] = [];
    for (let round = 0; round < 6; round += 1) runs.push((await timed(() => planned(checkout, config, rank))).took);
    times.push({ name, took: median(runs.slice(1)) });
  }
  const longest = times.reduce((most, one) => (one.took > most.took ? one : most));
  return {
    measure: 'plan of a fixture, the longest of all',
    ours: exactly(longest.took),
    against: `${longest.name} of ${times.length}; half take less than ${exactly(median(times.map(({ took }) => took)))}`,
    value: exactly(longest.took),
    aim: '≤ 20 ms',
    isMet: longest.took <= 20,
  };
}

/**
 * Whole processes, in turn: `slipway plan` of a commit that nobody has planned before, of a folder, and repo2docker on that
 * folder, whose 260 ms stood beside the aim when it was set.
 */
async function asProcess(world: World, clock: GitClock, repo: string): Promise<Row[]> {
  const python = await repo2dockerPython();
  const folder = await tempFolder('bench-plan');
  const commits: { total: number; git: number }[] = [];
  const [folders, theirs]: [number[], number[]] = [[], []];
  try {
    const tree = await workTree(join(world.server.root, 'typical.git'), join(folder.path, 'typical'));
    const words = ['-m', 'repo2docker', '--no-build', '--no-run', '--debug', tree];
    for (let round = 0; round < 9; round += 1) {
      await world.repo('typical', [{ date: '2024-03-11', files: { 'README.md': `# ${round}\n` } }]);
      await clock.take();
      const { took } = await timed(() => world.plan([repo]));
      commits.push({ total: took, git: await clock.take() });
      folders.push((await timed(() => world.plan([tree]))).took);
      theirs.push((await timed(() => promisify(execFile)(python, words))).took);
    }
  } finally {
    await folder.remove();
  }
  const commit = best(commits);
  return [
    row('plan as a process, beside git', commit, 150),
    beside('the same, against jupyter-repo2docker --no-build', commit.total - commit.git, median(theirs)),
    beside('the same of a folder, which needs no git', median(folders), median(theirs)),
  ];
}

function beside(measure: string, ours: number, theirs: number): Row {
  const value = ours / theirs;
  const aim = 150 / 260;
  return {
    measure,
    ours: ms(ours),
    against: ms(theirs),
    value: ratio(value),
    aim: `≤ ${ratio(aim)}`,
    isMet: value <= aim,
  };
}

/** The run in the middle by its own time. */
function best(runs: { total: number; git: number }[]): { total: number; git: number } {
  const middle = median(runs.map(({ total, git }) => total - git));
  return runs.find(({ total, git }) => total - git === middle) ?? { total: Number.NaN, git: 0 };
}
