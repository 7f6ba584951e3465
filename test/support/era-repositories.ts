/**
 * Repositories as people had them, of 2017 to 2026: what they wrote down, loosely or not, with the sins of their time, and what their
 * notebook has to say when it runs with the packages of that day.
 */
import { LATER } from './era-repositories-later.ts';
import { notebook } from './notebook.ts';
import type { CommitSpec } from './repo.ts';

export interface EraRepository {
  name: string;
  date: string;
  /** requirements.txt. */
  requirements: string;
  files?: Record<string, string>;
  /** Prints the versions of these packages, in the first cell. */
  versions: string[];
  expected: RegExp;
  /** The second cell, and what it prints: the point of the notebook. */
  code: string;
  result: RegExp;
  python: string;
  /** Each has to be in a notice of the plan or of the build. */
  told?: RegExp[];
  resolvedAsOf?: string;
}

/** The repository's one commit. */
export function commitOf({ date, requirements, files = {}, versions, code }: EraRepository): CommitSpec {
  const first = `from importlib.metadata import version\nprint(*map(version, ${JSON.stringify(versions)}))`;
  return { date, files: { 'requirements.txt': requirements, ...files, 'index.ipynb': notebook(first, code) } };
}

/** Before this day few packages had wheels for bullseye's Python. */
const FIRST = '2021-02-01';
const old = { python: '3.9', resolvedAsOf: FIRST, told: [/Packages are as of 2021-02-01/] };
const moved = (name: string) => new RegExp(`${name} .* nearest version`);

const EARLIER: readonly EraRepository[] = [
  {
    name: 'scientific, unpinned, on Python 2',
    date: '2017-03-12',
    requirements: 'numpy\nscipy\nmatplotlib\npandas\n',
    files: { 'runtime.txt': 'python-2.7\n' },
    versions: ['numpy', 'scipy', 'pandas'],
    expected: /^1\.20\.0 1\.6\.0 1\.2\.1$/,
    code: 'import matplotlib; matplotlib.use("Agg")\nfrom scipy import integrate\nprint(round(integrate.quad(lambda x: x ** 2, 0, 3)[0], 6))',
    result: /^9\.0$/,
    ...old,
    told: [...old.told, /runtime\.txt asks for Python 2\.7/],
  },
  {
    name: 'HDF5, pinned to what Python 3.9 never had',
    date: '2017-09-20',
    requirements: 'h5py==2.9.0\nnumpy\n',
    versions: ['h5py', 'numpy'],
    expected: /^3\.0\.0 1\.20\.0$/,
    code: 'import h5py\nwith h5py.File("t.h5", "w") as f: f["a"] = [1, 2, 3]\nprint(h5py.File("t.h5", "r")["a"][:].sum())',
    result: /^6$/,
    ...old,
    told: [...old.told, moved('h5py 2.9.0')],
  },
  {
    name: 'language, frozen on Ubuntu',
    date: '2018-05-02',
    requirements: 'beautifulsoup4>=4.6\nnltk>=3.2\npkg-resources==0.0.0\n',
    versions: ['nltk', 'beautifulsoup4'],
    expected: /^3\.5 4\.9\.3$/,
    code: 'from nltk.stem import PorterStemmer\nprint(PorterStemmer().stem("running"), PorterStemmer().stem("lobsters"))',
    result: /^run lobster$/,
    ...old,
    told: [...old.told, /pkg-resources/],
  },
  {
    name: 'machine learning, pinned in 2018',
    date: '2018-11-05',
    requirements: 'numpy\npandas\nscikit-learn==0.20.0\n',
    versions: ['numpy', 'pandas', 'scikit-learn'],
    expected: /^1\.20\.0 1\.2\.1 0\.24\.0$/,
    code: 'from sklearn.tree import DecisionTreeClassifier\nprint(DecisionTreeClassifier().fit([[0], [1]], [0, 1]).predict([[2]]))',
    result: /^\[1\]$/,
    ...old,
    told: [...old.told, moved('scikit-learn 0.20.0')],
  },
  {
    name: 'plots with widgets that nobody wrote down',
    date: '2019-06-14',
    requirements: 'bokeh\npandas\n',
    versions: ['bokeh', 'pandas', 'ipywidgets'],
    expected: /^2\.2\.3 1\.2\.1 7\.6\.3$/,
    code: 'import ipywidgets\nfrom bokeh.plotting import figure\nf = figure(); f.line([1, 2], [3, 4])\nprint(len(f.renderers), ipywidgets.IntSlider(value=7).value)',
    result: /^1 7$/,
    ...old,
  },
  {
    name: 'charts, loosely',
    date: '2019-10-30',
    requirements: 'altair>=3,<5\nvega_datasets\n',
    versions: ['altair', 'vega_datasets'],
    expected: /^4\.1\.0 0\.9\.0$/,
    code: 'import altair\nfrom vega_datasets import data\nprint(altair.Chart(data.cars()).mark_point().to_dict()["mark"])',
    result: /^point$/,
    ...old,
  },
  {
    name: 'machine learning under its old name',
    date: '2020-04-18',
    requirements: 'sklearn\npandas\n',
    versions: ['scikit-learn', 'pandas'],
    expected: /^0\.24\.1 1\.2\.1$/,
    code: 'from sklearn.datasets import load_iris\nprint(load_iris().data.shape)',
    result: /^\(150, 4\)$/,
    ...old,
  },
  {
    name: 'biology, pinned to a source distribution',
    date: '2020-08-09',
    requirements: 'biopython==1.77\n',
    versions: ['biopython'],
    expected: /^1\.77$/,
    code: 'from Bio.Seq import Seq\nprint(Seq("ATGGCC").reverse_complement())',
    result: /^GGCCAT$/,
    ...old,
  },
  {
    name: 'maps',
    date: '2021-03-15',
    requirements: 'geopandas\nshapely\npyproj\n',
    versions: ['geopandas', 'shapely', 'pyproj'],
    expected: /^0\.9\.0 1\.7\.1 3\.0\.1$/,
    code: 'import geopandas\nfrom shapely.geometry import Point\nprint(geopandas.GeoSeries([Point(0, 0).buffer(1)]).area.round(1)[0])',
    result: /^3\.1$/,
    python: '3.9',
    resolvedAsOf: '2021-03-15',
  },
  {
    name: 'a pin that has no file for Python 3.9',
    date: '2021-04-10',
    requirements: 'onnxruntime==1.3.0\n',
    versions: ['onnxruntime', 'numpy'],
    expected: /^1\.7\.0 1\.20\.2$/,
    code: 'import onnxruntime\nprint(onnxruntime.get_available_providers())',
    result: /^\['CPUExecutionProvider'\]$/,
    python: '3.9',
    told: [moved('onnxruntime 1.3.0')],
  },
  {
    name: 'tokens',
    date: '2021-06-15',
    requirements: 'spacy~=3.0\ntextblob\n',
    versions: ['spacy', 'textblob'],
    expected: /^3\.0\.6 0\.15\.3$/,
    code: 'import spacy\nprint([t.text for t in spacy.blank("en")("Tides rise.")])',
    result: /^\['Tides', 'rise', '\.'\]$/,
    python: '3.9',
  },
  {
    name: 'statistics',
    date: '2021-10-15',
    requirements: 'seaborn\nstatsmodels\n',
    versions: ['seaborn', 'statsmodels', 'numpy'],
    expected: /^0\.11\.2 0\.13\.0 1\.21\.2$/,
    code: 'import statsmodels.api as sm\nprint(sm.OLS([1, 2, 3], sm.add_constant([1, 2, 3])).fit().params.round(2))',
    result: /1\. *\]$/,
    python: '3.9',
  },
  {
    name: 'a setup.py that imports numpy and Cython',
    date: '2022-01-15',
    requirements: 'pycocotools==2.0.0\n',
    versions: ['pycocotools'],
    expected: /^2\.0\.?0?$/,
    code: 'import numpy\nfrom pycocotools import mask\nprint(mask.area(mask.encode(numpy.asfortranarray(numpy.ones((3, 4), "uint8")))))',
    result: /^12$/,
    python: '3.9',
  },
  {
    name: 'boosting, with its library from Debian',
    date: '2022-03-01',
    requirements: 'lightgbm\nscikit-learn\n',
    files: { 'apt.txt': 'libgomp1\n' },
    versions: ['lightgbm', 'scikit-learn'],
    expected: /^3\.3\.2 1\.0\.2$/,
    code: 'import lightgbm, numpy\nprint(lightgbm.Dataset(numpy.array([[1], [2]]), [0, 1]).construct().num_data())',
    result: /2$/,
    python: '3.9',
  },
];

export const REPOSITORIES: readonly EraRepository[] = [...EARLIER, ...LATER];
