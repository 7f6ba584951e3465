/** Building an environment, and how large it is, beside pip in a plain Dockerfile; and a new commit of it. */
import { notebook } from '../support/notebook.ts';
import { NONCE } from '../support/scenario.ts';
import { slimImage } from '../support/slim-image.ts';
import type { World } from '../support/world.ts';
import { type GitClock, mb, median, ms, type Row, ratio, timed } from './measure.ts';
import { buildPlain, environmentDockerfile, PACKAGES, wholeDockerfile } from './plain.ts';

const NAME = 'environment';

/** Our environment's packages; a marker that always holds makes it one that was never built before. */
const requirements = (run: string) => `${PACKAGES.join('\n')}\nsix; python_version != "9.${NONCE}${run}"\n`;

const commit = (date: string, files: Record<string, string>) => ({ date, files });

export async function environmentRows(world: World, clock: GitClock): Promise<Row[]> {
  const tag = (name: string) => `slipway-test/bench-${name}:${process.pid}`;
  const first = commit('2024-03-10', { 'requirements.txt': 'six\n', 'index.ipynb': notebook('1') });
  const { url } = await world.repo(NAME, [first]);
  await world.build([url]);
  const { base } = (await world.plan([url])).tiers;

  // Twice: what pip must download each time, ours has in its cache from the first build on.
  const cold = await ownBuild(world, 'a');
  const warm = await ownBuild(world, 'b');
  const pip = await buildPlain(world.docker, environmentDockerfile(base.image), tag('pip'));
  const removeSlim = await slimImage(world.docker, 'bookworm');
  const whole = await buildPlain(world.docker, wholeDockerfile(), tag('whole'));
  const own = (await world.docker.getImage(warm.image).inspect()).Size;
  const commits = await newCommits(world, clock);
  for (const name of [tag('pip'), tag('whole')]) await world.docker.getImage(name).remove({ force: true });
  await removeSlim();

  const beside = (measure: string, took: number): Row => ({
    measure,
    ours: ms(took),
    against: `${ms(pip.took)} (pip, plain Dockerfile, same base)`,
    value: ratio(took / pip.took),
    aim: '≤ 0.5',
    isMet: took / pip.took <= 0.5,
  });
  return [
    {
      measure: 'new commit that changes a notebook, beside git',
      ours: ms(commits.total),
      against: `${ms(commits.git)} of it in git`,
      value: ms(commits.beside),
      aim: '≤ 300 ms',
      isMet: commits.beside <= 300,
    },
    {
      measure: 'the same, against one plain Dockerfile',
      ours: ms(commits.total),
      against: ms(whole.took),
      value: ratio(commits.total / whole.took),
      aim: '≤ 0.05',
      isMet: commits.total / whole.took <= 0.05,
    },
    beside('environment of four packages, first build of this run', cold.took),
    beside('the same, downloads cached by an earlier build', warm.took),
    {
      measure: 'size of its image, against buildpack-deps and pip',
      ours: mb(own),
      against: mb(whole.size),
      value: ratio(own / whole.size),
      aim: '≤ 0.6',
      isMet: own / whole.size <= 0.6,
    },
  ];
}

async function ownBuild(world: World, run: string): Promise<{ took: number; image: string }> {
  const files = { 'requirements.txt': requirements(run), 'index.ipynb': notebook('1') };
  const { url } = await world.repo(NAME, [commit(`2024-03-1${run === 'a' ? 1 : 2}`, files)]);
  const { took, result } = await timed(() => world.build([url]));
  if (result.tiers.environment !== 'built')
    throw new Error('The environment was built before, so nothing was measured.');
  return { took, image: result.imageName };
}

/** Medians of five commits that change the notebook only. */
async function newCommits(world: World, clock: GitClock): Promise<{ total: number; git: number; beside: number }> {
  const runs: { total: number; git: number }[] = [];
  for (let index = 0; index < 5; index += 1) {
    const { url } = await world.repo(NAME, [commit('2024-03-20', { 'index.ipynb': notebook(`${index}`) })]);
    await clock.take();
    const { took, result } = await timed(() => world.build([url]));
    if (result.tiers.environment !== 'cached' || result.tiers.content !== 'built') throw new Error('Not a new commit.');
    runs.push({ total: took, git: await clock.take() });
  }
  return {
    total: median(runs.map(({ total }) => total)),
    git: median(runs.map(({ git }) => git)),
    beside: median(runs.map(({ total, git }) => total - git)),
  };
}
