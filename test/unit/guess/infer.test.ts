/** What a plan says and adds for what its notebooks and scripts import. */
import { expect, test } from 'vitest';
import { renderGuessed, renderTakeHome } from '../../../src/render/dockerfile.ts';
import type { Plan } from '../../../src/types.ts';
import { guessesOf, LOCK, plan, said } from '../../support/guess-plan.ts';
import { notebook } from '../../support/notebook.ts';

test('what no file asks for is added, told, and in a tier of its own', async () => {
  const declared = await plan({ 'requirements.txt': 'pandas' });
  const found = await plan({
    'requirements.txt': 'pandas',
    'a.ipynb': notebook('import pandas, numpy\nimport seaborn'),
  });
  expect(guessesOf(found)).toEqual(['seaborn']);
  expect(said(found, 'guessed-package')).toEqual([
    'a.ipynb imports seaborn, which no environment file asks for; seaborn is added as a guess.',
  ]);
  expect(found.tiers.environment).toEqual(declared.tiers.environment);
  expect(found.tiers.guessed?.image).toBe(`slipway/environment:${found.tiers.guessed?.key}`);
  expect(declared.tiers.guessed).toBeUndefined();
  expect(renderGuessed(found)).toContain(`FROM ${declared.tiers.environment.image} AS environment`);
  expect(renderTakeHome(found, LOCK)).toContain('FROM system AS environment');
});

test('the key of a guess depends on the packages, not on their order or on who imports them', async () => {
  const one = await plan({ 'requirements.txt': 'numpy', 'a.ipynb': notebook('import seaborn, folium') });
  const other = await plan({ 'requirements.txt': 'numpy', 'x/b.py': 'import folium\n', 'c.py': 'import seaborn\n' });
  const more = await plan({ 'requirements.txt': 'numpy', 'a.ipynb': notebook('import seaborn, folium, bokeh') });
  expect(one.tiers.guessed).toEqual(other.tiers.guessed);
  expect(one.tiers.guessed).not.toEqual(more.tiers.guessed);
  expect(one.tiers.environment).toEqual(more.tiers.environment);
});

test('switched off, it is only told', async () => {
  const found = await plan(
    { 'requirements.txt': 'numpy', 'a.ipynb': notebook('import cv2'), 'b.py': 'from cv2 import imread\n' },
    { SLIPWAY_INFER_DEPENDENCIES: 'off' },
  );
  expect(found.tiers.guessed).toBeUndefined();
  expect(said(found, 'missing-package')).toEqual([
    'a.ipynb imports cv2, which no environment file asks for; it comes with opencv-python-headless.',
  ]);
});

test('a name that is in no table is never added, whatever it equals', async () => {
  const code = 'import reqeusts, panda, sklearm, beautifulsoup, python_dateutil, sci_kit_learn';
  const found = await plan({ 'requirements.txt': 'numpy', 'a.ipynb': notebook(code) });
  expect(guessesOf(found)).toEqual([]);
  expect(said(found, 'unknown-import')[0]).toContain('reqeusts (a.ipynb), panda (a.ipynb), sklearm (a.ipynb)');
});

test.each([
  ['another package that brings the same', 'opencv-python', 'import cv2'],
  ['what a package brings along', 'geopandas', 'import pandas, shapely.geometry, numpy'],
  ['what every kernel has', 'numpy', 'import IPython, ipywidgets, yaml, requests, bs4, dateutil, zmq, pkg_resources'],
  ["Python's own", 'numpy', 'import os.path, json, distutils.core, imp'],
  ['part of a package', 'matplotlib', 'from mpl_toolkits.mplot3d import Axes3D\nimport pylab'],
  ['a package under its own name', 'left-pad-py', 'import left_pad_py'],
  ['a name with what people put before it', 'pyfoo', 'import foo'],
])('nothing is to be said of %s', async (_, requirement, code) => {
  const found = await plan({ 'requirements.txt': `${requirement}\n`, 'a.ipynb': notebook(code) });
  expect(found.notices).toEqual([]);
});

test.each([
  ['beside the notebook', { 'x/a.ipynb': 'import helpers', 'x/helpers.py': '' }],
  ['at the root', { 'x/a.ipynb': 'import helpers', 'helpers.py': '' }],
  ['under src/', { 'x/a.ipynb': 'import helpers.more', 'src/helpers/__init__.py': '' }],
  [
    'where sys.path leads',
    { 'x/a.ipynb': 'import sys\nsys.path.append("../code")\nimport seaborn', 'code/seaborn.py': '' },
  ],
  ['somewhere', { 'a.ipynb': 'import helpers', 'lib/deep/helpers.py': '' }],
])("the repository's own modules: %s", async (_, { ...files }) => {
  const texts = Object.entries(files).map(([path, text]) => [path, path.endsWith('.ipynb') ? notebook(text) : text]);
  const found = await plan({ 'requirements.txt': 'numpy', ...Object.fromEntries(texts) });
  expect(found.notices).toEqual([]);
});

test('a folder of notebooks that is called like a package is none', async () => {
  const files = { 'requirements.txt': '', 'seaborn/a.ipynb': notebook('import seaborn'), 'seaborn/tool.py': '' };
  expect(guessesOf(await plan(files))).toEqual(['seaborn']);
});

test.each([
  ['a folder without __init__.py', 'from datasets.load import f', 'datasets/load.py', 'datasets'],
  ['a folder in such a folder', 'import datasets.raw.load', 'lib/datasets/raw/load.py', 'lib/datasets'],
  ['a file that a computed path leads to', 'HERE = f()\nsys.path.append(HERE)\nimport vector', 'code/vector.py', ''],
  ['a package that a computed path leads to', 'import vector', 'a/b/vector/__init__.py', 'a/b/vector'],
])('a module of the repository is never covered by a package of its name: %s', async (_, code, file, where) => {
  const found = await plan({ 'requirements.txt': '', [file]: '', 'a.ipynb': notebook(code, 'import seaborn') });
  expect(guessesOf(found)).toEqual(['seaborn']);
  const [name] = /datasets|vector/.exec(code) ?? [];
  expect(said(found, 'missing-package')).toEqual([
    `a.ipynb imports ${name}, which no environment file asks for; nothing is added, as the repository has a module of that name in ${where || file}.`,
  ]);
});

test('one import that the repository serves keeps the package from all of that name', async () => {
  const files = { 'requirements.txt': '', 'datasets/load.py': '', 'a.ipynb': notebook('from datasets.load import f') };
  expect(guessesOf(await plan({ ...files, 'b.py': 'from datasets import load_dataset\n' }))).toEqual([]);
});

test.each([
  ['a folder of data', 'datasets/a.csv', 'from datasets.load import f'],
  ['a folder whose files are not what is imported', 'datasets/clean.py', 'from datasets import load_dataset'],
  ['what somebody installed there', 'env/lib/python3.8/site-packages/datasets/__init__.py', 'import datasets'],
  ['what is hidden', '.history/datasets.py', 'import datasets'],
])('%s is no module of the repository', async (_, file, code) => {
  expect(guessesOf(await plan({ 'requirements.txt': '', [file]: '', 'a.ipynb': notebook(code) }))).toEqual([
    'datasets',
  ]);
});

test("a module that a cell writes is the repository's own", async () => {
  const cell = '%%writefile schedule.py\nimport nope';
  const found = await plan({ 'requirements.txt': '', 'x/a.ipynb': notebook(cell, 'import schedule') });
  expect(found.notices).toEqual([]);
  const other = await plan({
    'requirements.txt': '',
    'b.ipynb': notebook('import schedule, mine'),
    'x/a.ipynb': notebook(cell, '%%writefile -a ../lib/mine/__init__.py\nx = 1', '%%file $HERE/x.py\n'),
  });
  expect(guessesOf(other)).toEqual([]);
  expect(said(other, 'missing-package')[0]).toContain('has a module of that name in x/schedule.py');
  expect(said(other, 'unknown-import')).toEqual([]);
});

test('files of a package count when something imports it, tests and vendored trees never', async () => {
  const package_ = { 'mine/__init__.py': 'from .core import x', 'mine/core.py': 'import folium' };
  const others = { 'tests/test_a.py': 'import hypothesis', 'node_modules/x/a.py': 'import bokeh', 'setup.cfg': '' };
  const docs = {
    'docs/conf.py': 'import sphinx',
    '.github/x.py': 'import yaml, rich',
    'a/site-packages/b.py': 'import dask',
  };
  const files = { 'requirements.txt': '', ...package_, ...others, ...docs, 'a.ipynb': notebook('1') };
  expect(guessesOf(await plan(files))).toEqual([]);
  expect(guessesOf(await plan({ ...files, 'a.ipynb': notebook('import mine') }))).toEqual(['folium']);
});

test('without an environment file there is one for the guesses, with what kernels need', async () => {
  const bare = await plan({ 'a.ipynb': notebook('import nbformat, requests') });
  expect(bare).toMatchObject({ ownPython: false, steps: [] });
  const found = await plan({ 'a.ipynb': notebook('import nbformat, seaborn') });
  expect(found.ownPython).toBe(true);
  // The server's packages are not in that environment.
  expect(guessesOf(found)).toEqual(['nbformat', 'seaborn']);
  expect(found.steps.map(({ place }) => place).sort()).toEqual(['guessed', 'install', 'resolve']);
});

test('what is gigabytes is told, unless it is there', async () => {
  const code = notebook('import torch, torchvision');
  const found = await plan({ 'requirements.txt': 'numpy', 'a.ipynb': code });
  expect(guessesOf(found)).toEqual([]);
  expect(said(found, 'missing-package')).toHaveLength(2);
  expect(guessesOf(await plan({ 'requirements.txt': 'torch', 'a.ipynb': code }))).toEqual(['torchvision']);
});

test('modules that only an older or a later Python has, or Python 2', async () => {
  const code = 'import imp, tomllib, urllib2\nfrom urllib2 import urlopen\nimport google.colab';
  const at = async (python: string) =>
    said(await plan({ 'requirements.txt': '', 'runtime.txt': python, 'a.ipynb': notebook(code) }), 'import-elsewhere');
  const always = [
    'a.ipynb imports urllib2, which only Python 2 has.',
    'a.ipynb imports google.colab, which only Google Colab has.',
  ];
  expect(await at('python-3.9')).toEqual(['a.ipynb imports tomllib, which Python has only since 3.11.', ...always]);
  expect(await at('python-3.11')).toEqual(always);
  expect(await at('python-3.13')).toEqual(['a.ipynb imports imp, which Python has no more since 3.12.', ...always]);
});

test('what postBuild, Debian or a setup.py brings is no guess', async () => {
  const code = notebook('import folium, gdal, emcee, graphviz');
  const files = {
    'requirements.txt': 'numpy',
    'apt.txt': 'python3-gdal graphviz\n'.replace(' ', '\n'),
    postBuild: '#!/bin/bash\npip install folium==0.14\n',
    'setup.py': "setup(name='x', install_requires=['emcee>=3', 'six'])",
    'a.ipynb': code,
  };
  expect(guessesOf(await plan(files))).toEqual(['graphviz']);
});

test('what a notebook installs by itself is a hint', async () => {
  const found = await plan({ 'requirements.txt': 'numpy', 'a.ipynb': notebook('!pip install numpy mapbox-tool') });
  expect(said(found, 'installs-itself')[0]).toContain('a.ipynb installs packages while it runs (mapbox-tool)');
});

test("the repository's own package, which a binder/ folder hides", async () => {
  const files = {
    'binder/requirements.txt': 'numpy',
    'setup.py': 'setup()',
    'mine/__init__.py': '',
    'notebooks/a.ipynb': notebook('from mine import x'),
  };
  const own = ({ steps }: Plan) =>
    steps.filter(({ template }) => template === 'guess/package').map(({ place }) => place);
  const found = await plan(files);
  expect(own(found)).toEqual(['content']);
  expect(said(found, 'guessed-package')[0]).toContain("imports mine, the repository's own package");
  expect(own(await plan(files, { SLIPWAY_INFER_DEPENDENCIES: 'off' }))).toEqual([]);
  expect(own(await plan({ ...files, 'binder/postBuild': 'pip install -e .' }))).toEqual([]);
  expect(own(await plan({ ...files, 'binder/requirements.txt': '-e ..' }))).toEqual([]);
  // A notebook beside it finds it as it is.
  expect(own(await plan({ ...files, 'notebooks/a.ipynb': '{}', 'a.ipynb': notebook('import mine') }))).toEqual([]);
  const broken = { ...files, 'pyproject.toml': '[[[' };
  expect(own(await plan(broken))).toEqual([]);
});

test('only the folder that is planned is looked at', async () => {
  const files = { 'a.ipynb': notebook('import seaborn'), 'course/b.ipynb': notebook('import folium') };
  expect(guessesOf(await plan({ ...files, 'course/requirements.txt': '' }, {}, { subdir: 'course' }))).toEqual([
    'folium',
  ]);
});
