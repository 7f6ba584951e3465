/** Repositories with a requirements.txt, of several years. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsNow } from '../../support/full.ts';
import { runNotebook } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { expectOutputs, once, play, type Scenario } from '../../support/scenario.ts';
import { openWorld, type PrintedPlan, type World } from '../../support/world.ts';

const VERSIONS = 'import numpy, pandas\nprint(numpy.__version__, pandas.__version__)';
const MEAN = 'float(pandas.Series([1, 2, 6]).mean())';
const codes = (plan: PrintedPlan) => plan.notices.map(({ code, file }) => `${code} ${file ?? ''}`.trim());

const scenarios: Scenario[] = [
  {
    title: 'unpinned of 2018 on the nearest Python',
    settings: { SLIPWAY_PYTHONS: 'debian' },
    commits: [
      {
        date: '2018-06-10',
        files: { 'requirements.txt': 'numpy\npandas\n', 'index.ipynb': notebook(VERSIONS, MEAN) },
      },
    ],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bullseye', python: '3.9' });
      expect(plan.asOf).toBe('2018-06-10');
      expect(plan.notices.map(({ message }) => message).join('\n')).toMatch(/2021-02/);
    },
    // As of 2021-02, before which Python 3.9 had few wheels: numpy 1.19.5 or 1.20, pandas 1.2, and nothing older.
    outputs: [/^1\.(19\.5|20\.\d) 1\.2\.\d$/, '3.0'],
    launched({ built }) {
      expect(built.resolvedAsOf >= '2021-02-01' && built.resolvedAsOf < '2021-06-01').toBe(true);
    },
  },
  {
    title: 'unpinned of 2022',
    commits: [
      {
        date: '2022-05-10',
        files: { 'requirements.txt': 'numpy\npandas\n', 'index.ipynb': notebook(VERSIONS, MEAN) },
      },
    ],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bullseye', python: '3.9', r: '4.0' });
      expect(plan.asOf).toBe('2022-05-10');
    },
    outputs: ['1.22.3 1.4.2', '3.0'],
    launched: ({ built }) => expect(built.resolvedAsOf).toBe('2022-05-10'),
  },
  {
    title: 'pre-releases of 2021, which a kernel has none of',
    commits: [
      {
        date: '2021-04-25',
        files: {
          'requirements.txt': '--pre\nflask\n',
          'index.ipynb': notebook(
            'from importlib.metadata import version\nprint(version("flask"), version("werkzeug"))',
            'print(version("ipykernel"), version("ipywidgets"))',
          ),
        },
      },
    ],
    // ipykernel 6.0.0a4 and ipywidgets 8.0.0a4 were there.
    outputs: ['2.0.0rc1 2.0.0rc4', /^5\.5\.\d+ 7\.6\.\d+$/],
  },
  {
    title: 'unpinned of 2024',
    commits: [
      {
        date: '2024-03-10',
        files: { 'requirements.txt': 'numpy\npandas\n', 'index.ipynb': notebook(VERSIONS, MEAN) },
      },
      { date: '2024-03-28', files: { 'README.md': 'Moves nothing.\n' } },
    ],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bookworm', python: '3.11', r: '4.2' });
      expect(plan.asOf).toBe('2024-03-10');
    },
    outputs: ['1.26.4 2.2.1', '3.0'],
    launched: ({ built }) => expect(built.resolvedAsOf).toBe('2024-03-10'),
  },
  {
    title: 'pinned requirements',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'requirements.txt': 'six==1.15.0\ncowsay==5.0\n',
          'index.ipynb': notebook(
            'import six, cowsay\nfrom importlib.metadata import version\nprint(version("six"), version("cowsay"))',
            'import sys\nprint(sys.prefix, "%d.%d" % sys.version_info[:2])',
          ),
        },
      },
    ],
    plan(plan) {
      expect(plan.buildpacks.map(({ name }) => name)).toContain('python');
      expect(plan.buildpacks.flatMap(({ evidence }) => evidence.map(({ file }) => file))).toContain('requirements.txt');
      expect(plan.server).toBe('isolated');
    },
    outputs: ['1.15.0 5.0', '/srv/env 3.11'],
  },
  {
    title: 'included and constraining files',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'requirements.txt': '-r deps/more.txt\n-c deps/limits.txt\ncowsay\n',
          'deps/more.txt': '-r deepest.txt\n',
          'deps/deepest.txt': 'six<1.16\n',
          'deps/limits.txt': 'cowsay==4.0\nnumpy==1.0\n',
          'index.ipynb': notebook(
            'from importlib.metadata import version\nprint(version("six"), version("cowsay"))',
            'import importlib.util\nprint(importlib.util.find_spec("numpy"))',
          ),
        },
      },
    ],
    outputs: ['1.15.0 4.0', 'None'],
  },
  {
    title: 'a binder folder',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'binder/requirements.txt': 'six==1.15.0\ncowsay==5.0\n',
          'requirements.txt': 'six==1.10.0\n',
          'apt.txt': 'no-such-package-at-all\n',
          'setup.py': 'raise SystemExit("never run")\n',
          'index.ipynb': notebook('from importlib.metadata import version\nprint(version("six"))'),
        },
      },
    ],
    plan(plan) {
      const ignored = codes(plan).filter((line) => line.startsWith('ignored'));
      for (const file of ['requirements.txt', 'apt.txt', 'setup.py']) {
        expect(
          ignored.some((line) => line.endsWith(` ${file}`)),
          `${file} in ${codes(plan)}`,
        ).toBe(true);
      }
      expect(plan.dockerfile).not.toContain('no-such-package-at-all');
    },
    outputs: ['1.15.0'],
  },
];

describe('requirements', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  it.each(scenarios.filter(({ title }) => runsNow(title)))('$title', (scenario) => play(world, scenario));

  it('two forks share an environment, and the second builds nothing but content', async () => {
    const requirements = `${once('six==1.15.0')}\ncowsay==5.0\n`;
    const fork = (greeting: string) => [
      {
        date: '2024-03-10',
        files: {
          'requirements.txt': requirements,
          'index.ipynb': notebook(`import six\nprint(${JSON.stringify(greeting)}, six.__version__)`),
        },
      },
    ];
    const [one, two] = [await world.repo('fork-one', fork('one')), await world.repo('fork-two', fork('two'))];
    const first = await world.launch([one.url]);
    expect(first.built.tiers).toMatchObject({ environment: 'built', content: 'built' });
    expectOutputs(await runNotebook(first.session, 'index.ipynb'), ['one 1.15.0']);

    const second = await world.launch([two.url]);
    expect(second.built.tiers).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
    expectOutputs(await runNotebook(second.session, 'index.ipynb'), ['two 1.15.0']);
    const started = performance.now();
    const third = await world.repo('fork-two', [{ date: '2024-03-11', files: { 'index.ipynb': notebook('3') } }]);
    const built = await world.build([third.url]);
    expect(built.tiers).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await world.build([third.url])).tiers).toEqual({
      base: 'cached',
      environment: 'cached',
      content: 'cached',
    });
  });
});
