/** Building an environment, and how large it is, beside pip in a plain Dockerfile; and a new commit of it. */
import { packContext } from '../../src/build/context.ts';
import { readFileFromImage } from '../../src/build/image-files.ts';
import { notebook } from '../support/notebook.ts';
import { NONCE } from '../support/scenario.ts';
import type { World } from '../support/world.ts';
import { type GitClock, mb, median, ms, type Row, ratio, timed } from './measure.ts';
import { buildPlain, environmentDockerfile, PACKAGES, pinsOf, rootfs, wholeDockerfile } from './plain.ts';

const NAME = 'environment';
/** The row's 0.3 s to the 0.14 s that one COPY took where that aim was set. */
const COPY_AIM = 0.3 / 0.14;
const COPY_TAG = 'slipway-test/bench-copy:latest';
const REPOSITORY = [{ path: 'repository/index.ipynb', content: notebook('1') }];

/** Our environment's packages; a marker that always holds makes it one that was never built before. */
const requirements = (run: string) => `${PACKAGES.join('\n')}\nsix; python_version != "9.${NONCE}${run}"\n`;

const commit = (date: string, files: Record<string, string>) => ({ date, files });

/**
 * Both stand on a base that is there already: it is the same for every repository, and pip's gets it for nothing. First
 * nothing of PyPI is cached on either side; then ours has what earlier builds downloaded, which a plain Dockerfile never has.
 */
export async function environmentRows(world: World, clock: GitClock): Promise<Row[]> {
  const first = commit('2024-03-10', { 'requirements.txt': 'six\n', 'index.ipynb': notebook('1') });
  const { url } = await world.repo(NAME, [first]);
  await world.build([url]);
  const { base } = (await world.plan([url])).tiers;

  await emptyCache(world);
  // The day goes into a layer: on two that no run of late has used, nothing of an environment is in the engine's cache.
  const day = Math.floor(Date.now() / 60_000) % 240;
  const cold = await ownBuild(world, day);
  const warm = await ownBuild(world, day + 1);
  const more = await ownBuild(world, day + 1, 'tabulate==0.9.0\n');
  const constraints = await constraintsOf(world, warm.image);
  const pip = await buildPlain(world, environmentDockerfile(base.image), [constraints]);
  const whole = await buildPlain(world, wholeDockerfile(await rootfs(world)), REPOSITORY);
  const own = (await world.docker.getImage(warm.image).inspect()).Size;
  const commits = await newCommits(world, clock, day + 1);

  const beside = (measure: string, took: number, theirs: number): Row => ({
    measure,
    ours: ms(took),
    against: `${ms(theirs)} (pip, plain Dockerfile, same base)`,
    value: ratio(took / theirs),
    aim: '≤ 0.5',
    isMet: took / theirs <= 0.5,
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
      measure: "the same, against the engine's own build of one COPY",
      ours: ms(commits.beside),
      against: ms(commits.copy),
      value: ratio(commits.beside / commits.copy),
      aim: `≤ ${ratio(COPY_AIM)}`,
      isMet: commits.beside / commits.copy <= COPY_AIM,
    },
    {
      measure: 'the same with git, against one plain Dockerfile',
      ours: ms(commits.total),
      against: ms(whole.took),
      value: ratio(commits.total / whole.took),
      aim: '≤ 0.05',
      isMet: commits.total / whole.took <= 0.05,
    },
    beside('environment of four packages, nothing downloaded before', cold.took, pip.took),
    beside('the same, with what earlier builds downloaded', warm.took, pip.took),
    {
      measure: 'the same with one package more, against the first',
      ours: ms(more.took),
      against: ms(cold.took),
      value: ratio(more.took / cold.took),
      aim: '≤ 0.33',
      isMet: more.took / cold.took <= 1 / 3,
    },
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

const dateOf = (day: number) => new Date(Date.UTC(2024, 2, 11 + day)).toISOString();

/** @param day after the first commit's, on which the repository was last worked on */
async function ownBuild(world: World, day: number, further = ''): Promise<{ took: number; image: string }> {
  const files = { 'requirements.txt': `${requirements(`${day}`)}${further}`, 'index.ipynb': notebook('1') };
  const { url } = await world.repo(NAME, [commit(dateOf(day), files)]);
  const started = Date.now();
  const { took, result } = await timed(() => world.build([url]));
  if (result.tiers.environment !== 'built')
    throw new Error('The environment was built before, so nothing was measured.');
  const history = (await world.docker.getImage(result.imageName).history()) as { Created: number; CreatedBy: string }[];
  const made = history.find(({ CreatedBy }) => CreatedBy.includes('slipway-finish'));
  if (!made || made.Created * 1000 < started - 1000)
    throw new Error('The packages came from the layers of an earlier build, so nothing was measured.');
  return { took, image: result.imageName };
}

/** Removes what builds have downloaded from PyPI; they would do it again, and nothing else is lost. */
async function emptyCache({ docker }: World): Promise<void> {
  const mounts = async () => {
    const { BuildCache } = (await docker.df()) as { BuildCache: { ID: string; Description: string }[] | null };
    return (BuildCache ?? []).filter(({ Description }) =>
      Description.startsWith('cached mount /var/cache/slipway/uv '),
    );
  };
  for (const { ID } of await mounts()) {
    const query = new URLSearchParams({ all: '1', filters: JSON.stringify({ id: [ID] }) });
    // docker-modem takes the last character from a path with a query of its own.
    const call = { path: `/build/prune?${query}&`, method: 'POST', statusCodes: { 200: true, 500: 'server error' } };
    await new Promise((resolve, reject) =>
      docker.modem.dial(call as never, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  }
  if ((await mounts()).length > 0) throw new Error('Another build uses the cache, so it cannot be emptied.');
}

/** The versions that our lock has, for pip. */
async function constraintsOf(world: World, image: string): Promise<{ path: string; content: string }> {
  const config = { SLIPWAY_DATA: world.data };
  const lock = await readFileFromImage(world.docker, image, '/srv/env/share/slipway/python.lock', config);
  return { path: 'bench/constraints.txt', content: pinsOf(String(lock)) };
}

/** One file on an image, asked of the engine by one request. */
async function copyOnly({ docker }: World, parent: string, content: string): Promise<void> {
  const dockerfile = `FROM ${parent}\nCOPY index.ipynb /home/jovyan/\n`;
  const files = [
    { path: 'Dockerfile', content: dockerfile },
    { path: 'index.ipynb', content },
  ];
  const answer = await docker.buildImage(packContext(files), { t: COPY_TAG, version: '2' });
  let said = '';
  for await (const chunk of answer) said += chunk;
  if (/"error":/.test(said)) throw new Error(said);
}

/** Medians of five commits that change the notebook only, each beside a build that only copies it, without git or a process of its own. */
async function newCommits(
  world: World,
  clock: GitClock,
  day: number,
): Promise<{ total: number; git: number; beside: number; copy: number }> {
  const runs: { total: number; git: number; copy: number }[] = [];
  for (let index = 0; index < 5; index += 1) {
    const { url } = await world.repo(NAME, [commit(dateOf(day), { 'index.ipynb': notebook(`${index}`) })]);
    await clock.take();
    const { took, result } = await timed(() => world.build([url]));
    if (result.tiers.environment !== 'cached' || result.tiers.content !== 'built') throw new Error('Not a new commit.');
    const git = await clock.take();
    const parent = (await world.plan([url])).tiers.environment.image;
    const copy = await timed(() => copyOnly(world, parent, notebook(`${NONCE}${index}`)));
    await world.docker.getImage(COPY_TAG).remove({ force: true });
    runs.push({ total: took, git, copy: copy.took });
  }
  return {
    copy: median(runs.map(({ copy }) => copy)),
    total: median(runs.map(({ total }) => total)),
    git: median(runs.map(({ git }) => git)),
    beside: median(runs.map(({ total, git }) => total - git)),
  };
}
