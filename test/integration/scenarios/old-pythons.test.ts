/** Pythons that neither Debian nor uv has any more, from a conda channel: their files' packages as of the day, by their own pip. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CondaChannel, oldPython, startCondaChannel } from '../../support/conda-channel.ts';
import { itInFull } from '../../support/full.ts';
import { notebook } from '../../support/notebook.ts';
import { interpreterOf } from '../../support/python-archives.ts';
import { NONCE, play } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const python = await interpreterOf('2.7');
/** Unlike any environment built before. */
const HASHED = 'wcwidth==0.1.7 --hash=sha256:f4ebe71925af7b40a864553f761ed559b43544f8f71746c2d756c7fe788ade7c\n';
const own = `six; python_version != "9.${NONCE}"\n`;

describe.runIf(python)('Python 2.7', () => {
  let channel: CondaChannel;
  let world: World;
  beforeAll(async () => {
    const { prefix = '', version = '' } = python ?? {};
    channel = await startCondaChannel(
      await oldPython(prefix, version, '2017-01-05', ['pip==9.0.1', 'setuptools==36.0.1', 'wheel==0.29.0']),
    );
    world = await openWorld({ SLIPWAY_MIRROR_CONDA: channel.url });
  });
  afterAll(async () => {
    await world?.close();
    await channel?.close();
  });

  it('runs a notebook of its day: wheels, a source distribution, a hash, a package of the repository', async () => {
    await play(world, {
      title: 'two',
      commits: [
        {
          date: '2017-06-10',
          files: {
            'runtime.txt': 'python-2.7\n',
            'requirements.txt': `numpy\nmpmath\nnotebook\n${HASHED}${own}-e ./lib\n`,
            'lib/setup.py':
              'from setuptools import setup\nsetup(name="barnacle", version="3", py_modules=["barnacle"], install_requires=["tabulate"], setup_requires=["vcversioner"])\n',
            'lib/barnacle.py': 'import tabulate\nSHELLS = tabulate.__version__\n',
            'index.ipynb': notebook(
              'import sys\nprint "%d.%d" % sys.version_info[:2], sys.prefix',
              'import numpy, mpmath\nprint numpy.__version__, mpmath.__version__, 7 / 2',
              'import barnacle\nprint barnacle.SHELLS',
            ),
          },
        },
      ],
      // numpy 1.13.0 is of 7 June 2017, mpmath 1.0.0 of September, tabulate 0.8 of September.
      outputs: ['2.7 /srv/env', '1.13.0 0.19 3', '0.7.7'],
      plan(plan) {
        expect(plan.era).toMatchObject({ debian: 'bookworm', python: '2.7' });
        expect(plan.server).toBe('isolated');
        expect(plan.notices.map(({ code }) => code)).toEqual(
          expect.arrayContaining(['python-from-conda', 'server-apart']),
        );
      },
      launched({ built }) {
        expect(built.resolvedAsOf).toBe('2017-06-10');
      },
    });
  });

  it('is the nearest where the channel does not answer, and what it is as soon as it does', async () => {
    const { url } = await world.repo('waiting', [
      {
        date: '2017-06-10',
        files: {
          'pyproject.toml': '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=2.7, <3"\n',
          'a.ipynb': notebook('1'),
        },
      },
    ]);
    channel.failWith(503);
    const without = await world.plan([url]).finally(() => channel.failWith(undefined));
    expect(without.era).toMatchObject({ debian: 'bullseye', python: '3.8' });
    const codes = without.notices.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['channel-unreached', 'python-bounds']));
    const plan = await world.plan([url]);
    expect(plan.era.python).toBe('2.7');
    expect(plan.notices.map(({ code }) => code)).toContain('python-from-conda');
  });
});

describe.runIf(await interpreterOf('3.6'))('Python 3.6', () => {
  itInFull('has its packages of the day by uv, the exact release where the channel has it', async () => {
    const { prefix = '', version = '' } = (await interpreterOf('3.6')) ?? {};
    const channel = await startCondaChannel(
      await oldPython(prefix, version, '2018-01-05', ['pip==9.0.3', 'setuptools==39.0.1', 'wheel==0.31.0']),
    );
    const world = await openWorld({ SLIPWAY_MIRROR_CONDA: channel.url });
    try {
      await play(world, {
        title: 'three-six',
        commits: [
          {
            date: '2018-06-10',
            files: {
              'runtime.txt': `python-${version}\n`,
              'requirements.txt': `numpy\nmpmath\n${own}`,
              'index.ipynb': notebook(
                'import sys\nprint("%d.%d.%d" % sys.version_info[:3])',
                'import numpy, mpmath\nprint(numpy.__version__, mpmath.__version__)',
              ),
            },
          },
        ],
        // numpy 1.14.4 is of 6 June 2018, 1.14.5 of the 12th.
        outputs: [version, '1.14.4 1.0.0'],
      });
    } finally {
      await world.close();
      await channel.close();
    }
  });
});
