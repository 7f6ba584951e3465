/**
 * What CI has no time for: by the file in which it stands, the titles that only `npm run test:full` runs. Each has one
 * beside it that always runs and takes the same way through our code; what is not named here always runs.
 */
import { it } from 'vitest';

export const ONLY_FULL: Readonly<Record<string, readonly string[]>> = {
  // Other ways to write what a fixture beside them says, and what a scenario builds as well.
  buildpacks: [
    'apt/one',
    'postbuild/script',
    'start/wrapper',
    'python/includes',
    'python/pinned',
    'python/pyproject',
    'python/setup-py',
    'python/unpinned',
    'conda/pixi-older',
    'conda/pixi-unlocked',
    'python/pdm',
    'python/pipenv',
    'python/pipfile',
    'python/poetry-unlocked',
    'python/pylock',
    'guess/missing',
    'guess/own-package',
  ],
  // Minutes of downloads and compilers each; the four that stay are of all eras.
  'test/support/era-repositories.ts': [
    'charts, loosely',
    'maps',
    'HDF5, pinned to what Python 3.9 never had',
    'language, frozen on Ubuntu',
    'machine learning, pinned in 2018',
    'plots with widgets that nobody wrote down',
    'machine learning under its old name',
    'biology, pinned to a source distribution',
    'tokens',
    'statistics',
    'a setup.py that imports numpy and Cython',
    'boosting, with its library from Debian',
  ],
  'test/support/era-repositories-later.ts': [
    'interactive plots, within bounds',
    'trees and tables',
    'networks, pinned',
    'pins of another Python',
    'rasters',
    'biology, compiled',
    'columns',
    'machine learning under its old name, which is nothing any more',
    'topics, which numpy has left behind since',
    'of this year',
  ],
  // A base for each Python.
  'test/integration/era/pythons.test.ts': [
    'pins of 2019 in a repository of 2024',
    'pins decide',
    'a patch release that the mirror lacks',
    'a Python that the mirror lacks is told by its name',
  ],
  'test/integration/scenarios/conda-pypi.test.ts': [
    'data science of 2019',
    'geography, and films from Debian',
    'a pip section and a program of Debian',
  ],
  'test/integration/scenarios/grown.test.ts': [
    'goes on from one that was made from the start, so layers do not pile up',
    'is made from the start where something has to be built',
  ],
  // A whole image into an empty engine is what hub/registry does as well.
  'test/integration/publish/pipeline.test.ts': [
    'gives an engine that has nothing the whole image, when it is asked for one there',
    'publishes what is guessed on the environment that it stands on',
    'builds what reads the repository on the published environment, and publishes no more than that',
  ],
  'test/integration/scenarios/conda.test.ts': [
    'another repository with the same environment builds nothing; one package more fetches only that',
    'the pip section: beside conda, as of the day; a folder of the repository with the content',
    "a package's own scripts run where no cache is mounted, and not as root",
    "a later day where the repository's own has no solution, and it is said",
    'a channel that is down is tried again, never another day',
    'slipway lock writes an environment.yml that gives the same again',
  ],
  'test/integration/scenarios/take-home.test.ts': [
    'a package of its own in a folder with an odd name',
    'a conda environment',
  ],
  'test/integration/scenarios/requirements.test.ts': ['pre-releases of 2021, which a kernel has none of'],
  'test/integration/scenarios/guesses.test.ts': [
    'leaves out what does not go with the environment, and says so',
    "leaves out the repository's own package where it cannot be installed, or would move what is declared",
  ],
  'test/integration/scenarios/conda-r.test.ts': ['without Python: its kernel runs a notebook, and terminals have it'],
  'test/integration/scenarios/old-pythons.test.ts': [
    'has its packages of the day by uv, the exact release where the channel has it',
  ],
  // Each stage of a worker's is in faults/worker, and a web process that is killed in mid-build in faults/web.
  'test/integration/service/faults.test.ts': [
    'that is killed in mid-build is followed by another',
    'step 2 of the build',
  ],
  // An old server's environment; that it waits and is taken is the same for all.
  'test/integration/sessions/warm.test.ts': [
    'runs from the repository’s own environment when that has the server, also an old one',
  ],
  'test/e2e/widgets.test.ts': ['a slider of 2019-06-10', 'a slider of 2021-06-10', 'a figure of ipympl'],
};

const FULL = process.env.SLIPWAY_TEST_FULL === '1';
const named = new Set(Object.values(ONLY_FULL).flat());

/** Workers of test/integration/many: each has an engine of its own. */
export const WORKERS = FULL ? 4 : 2;

/** Whether what has this title runs this time. */
export function runsNow(title: string): boolean {
  return FULL || !named.has(title);
}

/** A test that only the whole run has; raises when it is not named above. */
export function itInFull(title: string, body: () => Promise<void>): void {
  if (!named.has(title)) throw new Error(`"${title}" is not named in test/support/full.ts.`);
  it.runIf(FULL)(title, body);
}
