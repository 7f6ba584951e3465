import { expect, test } from 'vitest';
import { isShared } from '../../../buildpacks/conda/solving.ts';
import type { CondaEnvironment } from '../../../buildpacks/conda/types.ts';
import { loadConfig } from '../../../src/config.ts';
import { detect } from '../../../src/detect/detect.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import type { Plan } from '../../../src/types.ts';
import { memoryCheckout } from '../../support/checkout.ts';
import { plan as guessPlan } from '../../support/guess-plan.ts';

async function planned(files: Record<string, string>, settings: Record<string, string> = {}): Promise<Plan> {
  const config = loadConfig({ SLIPWAY_PLATFORM: 'linux/amd64', ...settings });
  const checkout = memoryCheckout(files, { commitDate: '2019-05-20T12:00:00Z' });
  const { folder, matches, notices } = await detect(checkout, config);
  const fail = async () => expect.fail('somebody was asked, though nothing of Python has to be known');
  return makePlan(
    { checkout, folder, matches, notices },
    { config, rank: fail, reachesChannel: fail, commitOf: fail, serverLock: () => [] },
  );
}

/** What the solver is given. */
function solved(plan: Plan): { channels: string[]; cutoffs: string[]; specs: { spec: string }[]; virtual: object } {
  const step = plan.steps.find(({ template }) => template === 'conda/resolve');
  const [line = ''] = (step?.values.environment ?? []) as string[];
  return JSON.parse(line);
}

test('an old day stands on bookworm, with the Python that conda brings', async () => {
  const plan = await planned({ 'environment.yml': 'dependencies: [python=2.7, numpy]\n' });
  expect(plan.era).toEqual({ debian: 'bookworm', python: '2.7', r: '4.2' });
  expect(plan.python).toMatchObject({ version: '', source: 'conda' });
  expect(solved(plan)).toMatchObject({
    channels: ['conda-forge'],
    specs: [{ spec: 'python 2.7.*' }, { spec: 'numpy' }],
    virtual: { __glibc: '2.36', __archspec: '1=x86_64' },
  });
  expect(solved(plan).cutoffs.map((cutoff) => cutoff.slice(0, 10))).toEqual([
    '2019-05-01',
    '2019-07-30',
    '2020-04-30',
    'none',
  ]);
});

test("Python's own files beside it are ignored, each with a notice; the day of runtime.txt holds", async () => {
  const plan = await planned({
    'environment.yml': 'dependencies: [tides]\n',
    'requirements.txt': 'not a requirement at all !!\n',
    'runtime.txt': 'python-3.7-2018-02-03\n',
    'setup.py': '',
  });
  const ignored = plan.notices.filter(({ code }) => code === 'ignored-file').map(({ file }) => file);
  expect(ignored.sort()).toEqual(['requirements.txt', 'runtime.txt', 'setup.py']);
  expect(plan.asOf).toBe('2018-02-03');
  expect(plan.era.python).toBe('');
});

test('the channel defaults is what the operator says, and it is part of the key', async () => {
  const files = { 'environment.yml': 'channels: [defaults]\ndependencies: [tides]\n' };
  const usual = await planned(files);
  const own = await planned(files, { SLIPWAY_CONDA_DEFAULTS: 'main,r' });
  expect([solved(usual).channels, solved(own).channels]).toEqual([['conda-forge'], ['main', 'r']]);
  expect(usual.tiers.environment.key).not.toBe(own.tiers.environment.key);
  expect(usual.notices.map(({ code }) => code)).toContain('channel-replaced');
});

test('channels that only a spec names are asked after those that are listed', async () => {
  const text = `channels: [https://conda.anaconda.org/conda-forge/, defaults]
dependencies: [tides, conda-forge::numpy, bioconda::samtools=1.9, 'pytorch::pytorch', 'bioconda::bwa', 'defaults::scipy>=1']
`;
  const specs = ['tides', 'conda-forge::numpy', 'bioconda::samtools 1.9.*', 'pytorch::pytorch', 'bioconda::bwa'];
  const plain = 'https://conda.anaconda.org/conda-forge';
  const of = async (own: string) => {
    const { channels, specs } = solved(await planned({ 'environment.yml': text }, { SLIPWAY_CONDA_DEFAULTS: own }));
    return { channels, specs: specs.map(({ spec }) => spec) };
  };
  expect(await of('conda-forge')).toEqual({
    channels: [plain, 'bioconda', 'pytorch'],
    specs: [...specs, 'conda-forge::scipy >=1'],
  });
  expect(await of('main,r')).toEqual({
    channels: [plain, 'main', 'r', 'bioconda', 'pytorch'],
    specs: [...specs, 'scipy >=1'],
  });
});

test('defaults in a spec alone: what stands for it is asked, and it is said', async () => {
  const plan = await planned({ 'environment.yml': 'channels: [bioconda]\ndependencies: [defaults::tides]\n' });
  expect(solved(plan)).toMatchObject({
    channels: ['bioconda', 'conda-forge'],
    specs: [{ spec: 'conda-forge::tides' }],
  });
  expect(plan.notices.map(({ code }) => code)).toContain('channel-replaced');
  const step = plan.steps.find(({ template }) => template === 'conda/install');
  expect(step?.values.shared).toBe(true);
});

test.each([
  ['dependencies: [{pip: [numpy]}]\n', ['python', 'pip']],
  ['dependencies:\n- r-base=4.1\n- pip:\n  - radian\n', ['r-base 4.1.*', 'python', 'pip']],
  ['dependencies:\n- r-base\n- pip:\n  - -e .\n', ['r-base', 'python', 'pip']],
  ['dependencies:\n- python=3.8\n- pip:\n  - numpy\n', ['python 3.8.*']],
  ['dependencies:\n- pip\n- pip:\n  - numpy\n', ['pip']],
  ['dependencies:\n- r-base\n- pip:\n', ['r-base']],
  ['dependencies:\n- r-base\n', ['r-base']],
])('pip: brings Python and pip where nothing names them, and it is said: %j', async (text, specs) => {
  const plan = await planned({ 'environment.yml': text });
  expect(solved(plan).specs.map(({ spec }) => spec)).toEqual(specs);
  const said = plan.notices.filter(({ code }) => code === 'python-added');
  expect(said).toMatchObject(specs.includes('python') ? [{ file: 'environment.yml' }] : []);
});

test('mirrors change no key', async () => {
  const files = { 'environment.yml': 'dependencies: [tides]\n' };
  const keys = await Promise.all(
    [{}, { SLIPWAY_MIRROR_CONDA: 'https://mirror.example.org/conda' }].map((settings) => planned(files, settings)),
  );
  expect(keys[0]?.tiers).toEqual(keys[1]?.tiers);
});

test('only what comes from well-known channels goes through the shared cache', () => {
  const environment = (channels: string[], more: Partial<CondaEnvironment> = {}) =>
    ({ specs: [], channels, ...more }) as unknown as CondaEnvironment;
  const spec = { name: 'tides', file: '', line: 1 };
  const locked = (url: string) => environment([], { locked: [{ name: 'tides', version: '1', build: '0', url }] });
  expect(isShared(environment(['conda-forge', 'bioconda']))).toBe(true);
  expect(isShared(environment(['conda-forge', 'my-friend']))).toBe(false);
  expect(isShared(environment(['conda-forge'], { specs: [{ ...spec, channel: 'https://example.org/x' }] }))).toBe(
    false,
  );
  expect(isShared(locked('https://conda.anaconda.org/conda-forge/noarch/tides-1-0.conda'))).toBe(true);
  expect(isShared(locked('https://example.org/conda-forge/noarch/tides-1-0.conda'))).toBe(false);
});

test('a folder of the repository with a marker is installed where that holds', async () => {
  const local = async (python: string, further = '') => {
    const pip = `['./a ; sys_platform == "linux"', './b ; python_version < "3.8"', './c', './d ; sys_platform == "win32"'${further}]`;
    const { steps } = await planned({ 'environment.yml': `dependencies:\n- ${python}\n- pip: ${pip}\n` });
    return steps.filter(({ template }) => template === 'python/package').map(({ values }) => values.path);
  };
  expect(await local('python=3.7')).toEqual(['a', 'b', 'c']);
  expect(await local('python=3.9')).toEqual(['a', 'c']);
  // Only the solver knows which one that is.
  expect(await local('python')).toEqual(['a', 'b', 'c']);
  await expect(local('python', ", './e ; garbage'")).rejects.toThrow('is not a marker');
});

test('an old Python from the channel: what Python’s own files ask for is its pip section', async () => {
  const files = {
    'runtime.txt': 'python-2.7.15-2018-09-01\n',
    'requirements.txt':
      '--extra-index-url https://example.org/simple\nnumpy\nenum34; python_version < "3"\nx; python_version > "3"\n-e ./lib\n',
    'constraints.txt': '',
    'lib/setup.py': '',
    'a.ipynb': '{"cells": [{"cell_type": "code", "source": "import seaborn"}]}',
  };
  const plan = await guessPlan(files, {}, { reaches: true });
  expect(plan.era).toMatchObject({ debian: 'bookworm', python: '2.7.15' });
  expect(solved(plan)).toMatchObject({
    channels: ['conda-forge'],
    specs: [{ spec: 'python ==2.7.15', loosened: 'python 2.7.*' }, { spec: 'pip' }],
    cutoffs: expect.arrayContaining(['2018-09-01T23:59:59Z']),
    pip: {
      requirements: ['numpy', 'enum34 ; python_version < "3"', 'x ; python_version > "3"'],
      indexOptions: ['--extra-index-url', 'https://example.org/simple'],
    },
  });
  const content = plan.steps.filter(({ place }) => place === 'content');
  expect(content).toMatchObject([{ template: 'python/package', values: { path: 'lib', editable: true } }]);
  // Nothing of today could add it; it is told.
  expect(plan.steps.some(({ place }) => place === 'guessed')).toBe(false);
  expect(plan.notices.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['python-from-conda', 'missing-package']),
  );
  expect(plan.buildpacks.map(({ name }) => name)).toEqual(['python']);
});

test('what is locked stays locked there, and no server is put into such a Python', async () => {
  const hash = `--hash=sha256:${'0'.repeat(64)}`;
  const files = { 'runtime.txt': 'python-3.5', 'requirements.txt': `six==1.15.0 ${hash}\nnotebook==6.0.0 ${hash}\n` };
  const plan = await guessPlan(files, {}, { reaches: true });
  expect(solved(plan)).toMatchObject({ pip: { requirements: [`six==1.15.0 ${hash}`, `notebook==6.0.0 ${hash}`] } });
  expect(plan.server).toBe('isolated');
  expect(plan.notices.map(({ code }) => code)).toContain('server-apart');
  const newer = await guessPlan({ ...files, 'runtime.txt': 'python-3.7' }, {}, { reaches: true });
  expect(newer.server).toBe('environment');
});
