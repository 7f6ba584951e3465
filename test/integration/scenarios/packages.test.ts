/** Repositories that are a Python package themselves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notebook } from '../../support/notebook.ts';
import { play, type Scenario } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const USE = notebook(
  'import barnacle, six\nprint(barnacle.shells(), six.__version__)',
  'from importlib.metadata import version\nprint(version("barnacle"))',
);

const scenarios: Scenario[] = [
  {
    title: 'setup.py',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'setup.py':
            'from setuptools import setup\nsetup(name="barnacle", version="0.3", packages=["barnacle"], install_requires=["six==1.15.0"])\n',
          'barnacle/__init__.py': 'def shells():\n    return 12\n',
          'index.ipynb': USE,
        },
      },
    ],
    outputs: ['12 1.15.0', '0.3'],
  },
  {
    title: 'pyproject',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'pyproject.toml':
            '[project]\nname = "barnacle"\nversion = "0.4"\nrequires-python = ">=3.8"\ndependencies = ["six==1.15.0"]\n[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n',
          'barnacle.py': 'def shells():\n    return 13\n',
          'index.ipynb': USE,
        },
      },
    ],
    plan(plan) {
      expect(plan.era.python).toBe('3.11');
    },
    outputs: ['13 1.15.0', '0.4'],
  },
  {
    title: 'pyproject with only a project table',
    commits: [
      {
        date: '2024-03-10',
        files: {
          'pyproject.toml': '[project]\nname = "course"\nversion = "0.4"\ndependencies = ["six==1.15.0"]\n',
          'index.ipynb': notebook('import six\nprint(six.__version__)'),
        },
      },
    ],
    plan(plan) {
      expect(plan.notices.filter(({ file }) => file === 'pyproject.toml')).toHaveLength(1);
    },
    outputs: ['1.15.0'],
  },
];

describe('packages', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  it.each(scenarios)('$title', (scenario) => play(world, scenario));
});
