/** Pythons that no Debian suite has, from a mirror with a listing of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itInFull, runsNow } from '../../support/full.ts';
import { notebook } from '../../support/notebook.ts';
import { hasPythons, type PythonMirror, startPythonMirror } from '../../support/python-archives.ts';
import { play, type Scenario } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const PYTHONS = ['3.7', '3.8', '3.10', '3.12'];
const FIT =
  'from sklearn.linear_model import LinearRegression\nprint(LinearRegression().fit([[0], [1]], [1, 3]).coef_)';
const WHICH = 'import sys, numpy\nprint("%d.%d.%d" % sys.version_info[:3], sys.prefix, numpy.__version__)';

const all: (Scenario & { python: string })[] = [
  {
    title: 'runtime.txt asks for a Python that no suite has',
    python: '3.10',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'runtime.txt': 'python-3.10\n',
          'requirements.txt': 'numpy\n',
          'index.ipynb': notebook(
            WHICH,
            'import ssl, sqlite3\nprint(sqlite3.connect(":memory:").execute("select 6*7").fetchone()[0])',
          ),
        },
      },
    ],
    outputs: [/^3\.10\.\d+ \/srv\/env 1\.26\.4$/, '42'],
    plan: (plan) => expect(plan.era).toMatchObject({ debian: 'bookworm', python: '3.10' }),
  },
  {
    title: 'pins of 2019 in a repository of 2024',
    python: '3.7',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'runtime.txt': 'python-3.7\n',
          'requirements.txt': 'scikit-learn==0.20.3\nnumpy==1.16.2\npandas==0.24.2\n',
          // uv refuses what this pandas says of pytz.
          'index.ipynb': notebook(WHICH, FIT, 'import pandas\nprint(pandas.__version__)'),
        },
      },
    ],
    outputs: [/^3\.7\.\d+ \/srv\/env 1\.16\.2$/, /^\[2\.\]/, '0.24.2'],
  },
  {
    title: 'pins decide',
    python: '3.8',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'requirements.txt': 'scikit-learn==0.22.2.post1\nnumpy==1.18.5\npandas\n',
          'index.ipynb': notebook(WHICH, FIT),
        },
      },
    ],
    outputs: [/^3\.8\.\d+ \/srv\/env 1\.18\.5$/, /^\[2\.\]/],
    plan: (plan) => expect(plan.notices.map(({ code }) => code)).toContain('python-by-pins'),
  },
  {
    title: 'a patch release that the mirror lacks',
    python: '3.12',
    commits: [
      {
        date: '2025-03-10',
        files: {
          'runtime.txt': 'python-3.12.99\n',
          'requirements.txt': 'numpy\n',
          'index.ipynb': notebook(WHICH),
        },
      },
    ],
    outputs: [/^3\.12\.\d+ \/srv\/env 2\.2\.3$/],
    launched: ({ run }) => expect(run.stdout).toContain('There is no download of Python 3.12.99; it is 3.12.'),
  },
];

const scenarios = all.filter(({ title }) => runsNow(title));
const NEEDED = scenarios.map(({ python }) => python);
// Few machines have old interpreters lying about. In CI a missing one is a failure.
const isMissing = process.env.CI === undefined && !(await hasPythons(NEEDED));

describe.skipIf(isMissing)('managed Pythons', () => {
  let world: World;
  let mirror: PythonMirror;
  beforeAll(async () => {
    mirror = await startPythonMirror(NEEDED);
    world = await openWorld({ SLIPWAY_MIRROR_PYTHON: mirror.url, SLIPWAY_PYTHONS: PYTHONS.join(',') });
  });
  afterAll(async () => {
    await world?.close();
    await mirror?.close();
  });

  for (const scenario of scenarios) it(scenario.title, () => play(world, scenario));

  itInFull('a Python that the mirror lacks is told by its name', async () => {
    const files = { 'runtime.txt': 'python-3.11.5\n', 'requirements.txt': 'six\n' };
    const { url } = await world.repo('lacking', [{ date: '2024-03-10', files }]);
    const failed = await world.fail(['build', '--json', url], { SLIPWAY_PYTHONS: 'any' });
    expect(failed).toMatchObject({ code: 'package_not_found' });
    expect(failed.message).toContain('Python 3.11.5');
  });
});
