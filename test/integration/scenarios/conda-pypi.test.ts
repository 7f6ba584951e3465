/** conda's environment.yml where no channel is reached: SLIPWAY_CONDA=pypi, from PyPI and Debian. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsNow } from '../../support/full.ts';
import { notebook } from '../../support/notebook.ts';
import { play, type Scenario } from '../../support/scenario.ts';
import { openWorld, type PrintedPlan, type World } from '../../support/world.ts';

const SETTINGS = { SLIPWAY_CONDA: 'pypi', SLIPWAY_PYTHONS: 'debian' };
const codes = (plan: PrintedPlan) => plan.notices.map(({ code }) => code);
const said = (plan: PrintedPlan, code: string) => plan.notices.find((notice) => notice.code === code)?.message;
const versions = (...names: string[]) =>
  `from importlib.metadata import version\nprint(*map(version, ${JSON.stringify(names)}))`;

const MAC = `name: paper
channels:
  - defaults
  - conda-forge
dependencies:
  - appnope=0.1.2=py39hecd8cb5_1001
  - blas=1.0=mkl
  - ca-certificates=2022.3.29=hecd8cb5_0
  - certifi=2021.10.8=py39hecd8cb5_2
  - intel-openmp=2021.4.0=hecd8cb5_3538
  - libcxx=12.0.0=h2f01273_0
  - libffi=3.3=hb1e8313_2
  - mkl=2021.4.0=hecd8cb5_637
  - mkl-service=2.4.0=py39h9ed2024_0
  - mkl_fft=1.3.1=py39h4ab4a9b_0
  - ncurses=6.3=hca72f7f_2
  - numpy=1.21.5=py39h2e5f0a9_1
  - numpy-base=1.21.5=py39h3b1a694_1
  - openssl=1.1.1n=hca72f7f_0
  - pandas=1.4.1=py39he9d5cce_1
  - python=3.9.7=hc2b3f5e_1
  - python-dateutil=2.8.2=pyhd3eb1b0_0
  - python.app=3=py39hca72f7f_0
  - pytz=2021.3=pyhd3eb1b0_0
  - readline=8.1.2=hca72f7f_1
  - six=1.16.0=pyhd3eb1b0_1
  - sqlite=3.38.2=h707629a_0
  - tk=8.6.11=h7bc2e8c_0
  - tzdata=2022a=hda174b7_0
  - xz=5.2.5=h1de35cc_0
  - zlib=1.2.12=h4dc903c_1
  - pip:
    - cowsay==4.0
prefix: /Users/somebody/opt/anaconda3/envs/paper
`;

const scenarios: Scenario[] = [
  {
    title: 'exported from a Mac in 2022',
    commits: [
      {
        date: '2022-05-10',
        files: {
          'environment.yml': MAC,
          'index.ipynb': notebook(
            versions('numpy', 'pandas', 'six', 'cowsay'),
            'import pandas\nfloat(pandas.Series([1, 2, 6]).mean())',
            'import sys\nprint(sys.prefix, "%d.%d" % sys.version_info[:2])',
          ),
        },
      },
    ],
    plan(plan) {
      expect(plan.buildpacks.map(({ name }) => name)).toContain('conda');
      expect(plan.era).toMatchObject({ debian: 'bullseye', python: '3.9' });
      expect(said(plan, 'foreign-package')).toMatch(/appnope, libcxx, python\.app/);
      expect(said(plan, 'foreign-builds')).toMatch(/exported on macOS/);
      expect(said(plan, 'not-needed')).toMatch(/blas, ca-certificates, .*mkl/);
      expect(said(plan, 'python-patch')).toMatch(/line 21: of Python 3\.9\.7 only 3\.9/);
      expect(codes(plan)).toContain('conda-from-pypi');
    },
    outputs: ['1.21.5 1.4.1 1.16.0 4.0', '3.0', '/srv/env 3.9'],
  },
  {
    title: 'a pip section and a program of Debian',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'binder/environment.yml': `channels: [conda-forge]
dependencies:
  - python>=3.9
  - six=1.15
  - python-graphviz >=0.19, <0.21
  - pip
  - pip:
    - -r ../more.txt
    - cowsay
variables:
  COURSE: geometry
`,
          'more.txt': 'cowsay==5.0\n',
          'requirements.txt': 'nonexistent-barnacle-7\n',
          'index.ipynb': notebook(
            versions('six', 'cowsay', 'graphviz'),
            'import graphviz\nprint(graphviz.Source("graph { a -- b }").pipe("svg", encoding="utf-8").count("<text"))',
            'import os\nprint(os.environ["COURSE"])',
          ),
        },
      },
    ],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bookworm', python: '3.11' });
      expect(plan.dockerfile).toMatch(/apt-get install .* graphviz/);
      expect(codes(plan)).toContain('apt-not-dated');
      expect(plan.notices).toContainEqual(expect.objectContaining({ code: 'ignored-file', file: 'requirements.txt' }));
    },
    outputs: [/^1\.15\.0 5\.0 0\.20/, '2', 'geometry'],
  },
  {
    title: 'data science of 2019',
    commits: [
      {
        date: '2019-11-20',
        files: {
          'environment.yml': `name: datascience
channels:
  - conda-forge
  - defaults
dependencies:
  - python=3.7
  - numpy>=1.17
  - pandas >=0.25
  - matplotlib-base
  - scikit-learn
  - jupyter_client
  - pip
`,
          'index.ipynb': notebook(
            'import numpy, pandas, sklearn\nprint(numpy.__version__, pandas.__version__, sklearn.__version__)',
            'from sklearn.linear_model import LinearRegression\nprint(round(LinearRegression().fit([[1], [2], [3]], [2, 4, 6]).coef_[0], 3))',
            'import matplotlib.pyplot as plt\nlen(plt.plot([1, 2, 3]))',
          ),
        },
      },
    ],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bullseye', python: '3.9' });
      expect(plan.notices).toContainEqual(
        expect.objectContaining({ code: 'python-moved', message: expect.stringContaining('Python 3.7') }),
      );
    },
    // As of 2021-02, before which Python 3.9 had few wheels.
    outputs: [/^1\.(19\.5|20\.\d) 1\.2\.\d 0\.24\.\d$/, '2.0', /1/],
  },
  {
    title: 'geography, and films from Debian',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'environment.yml': `channels: [conda-forge]
dependencies:
  - python=3.11
  - geopandas=0.14
  - rasterio
  - shapely=2
  - ffmpeg
  - gcc_linux-64
  - matplotlib
`,
          'index.ipynb': notebook(
            'import geopandas, shapely\nprint(geopandas.__version__.rsplit(".", 1)[0], shapely.Point(0, 0).buffer(1).area > 3)',
            'import numpy, rasterio\nfrom rasterio.transform import from_origin\nwith rasterio.open("a.tif", "w", driver="GTiff", height=2, width=2, count=1, dtype="uint8", crs="EPSG:4326", transform=from_origin(5, 5, 1, 1)) as file:\n    file.write(numpy.full((2, 2), 7, "uint8"), 1)\nprint(rasterio.open("a.tif").read(1).sum())',
            '!ffmpeg -hide_banner -loglevel error -f lavfi -i testsrc=duration=1:size=64x64:rate=5 -pix_fmt yuv420p a.mp4 && ls a.mp4 && gcc --version | head -c 3',
          ),
        },
      },
    ],
    plan: (plan) => expect(said(plan, 'conda-from-debian')).toMatch(/ffmpeg, gcc_linux-64/),
    outputs: ['0.14 True', '28', /^a\.mp4\s+gcc$/],
  },
];

describe('a conda environment without a channel', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(SETTINGS);
  });
  afterAll(() => world?.close());

  it.each(scenarios.filter(({ title }) => runsNow(title)))('$title', (scenario) => play(world, scenario));

  it('what only a channel has fails with its name, file and line, before anything is built', async () => {
    const files = { 'environment.yml': 'dependencies:\n- numpy\n- r-base=3.6\n- bioconductor-deseq2\n', 'a.R': '1\n' };
    const { url } = await world.repo('r-in-conda', [{ date: '2020-01-10', files }]);
    const failed = await world.fail(['build', '--json', url]);
    expect(failed).toMatchObject({
      code: 'needs_channel',
      message: expect.stringMatching(
        /r-base \(environment\.yml, line 3\), bioconductor-deseq2 \(environment\.yml, line 4\)/,
      ),
      hint: expect.stringContaining('SLIPWAY_CONDA'),
    });
    expect(failed.run.exitCode).toBe(54);
  });
});
