/** conda environments from a real channel: solved as of a day, activated everywhere. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CondaChannel, downloaded, startCondaChannel } from '../../support/conda-channel.ts';
import { PACKAGES } from '../../support/conda-packages.ts';
import { itInFull } from '../../support/full.ts';
import { runCode, runTerminal } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { NONCE, play, type Scenario } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

/** Its variables make it unlike any environment built before. */
const environment = (...dependencies: string[]) =>
  `channels:\n  - conda-forge\nvariables:\n  RUN_OF: "it's $HOME ${NONCE}"\ndependencies:\n${dependencies.map((one) => `  - ${one}\n`).join('')}`;

const scenarios: Scenario[] = [
  {
    title: 'versions of the day, a compiled library, its activation',
    commits: [
      {
        date: '2024-04-10',
        files: {
          'environment.yml': environment('python=3.11', 'tides', 'libsea'),
          'index.ipynb': notebook(
            'import sys, tides\nprint(tides.VERSION, sys.prefix)',
            'import ctypes, os\nprint(ctypes.CDLL(sys.prefix + "/lib/libsea.so").depth(), os.environ["SEA_DATA"])',
            'print(open(os.environ["SEA_DATA"] + "/where").read(), os.environ["RUN_OF"])',
          ),
        },
      },
    ],
    outputs: ['1.1 /srv/env', '12 /srv/env/share/sea', `/srv/env/share/sea it's $HOME ${NONCE}`],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bookworm', python: '3.11' });
    },
    launched({ built }) {
      expect(built.resolvedAsOf).toBe('2024-04-10');
    },
  },
];

interface Asked {
  dependencies: string[];
  channels?: string[];
}

/** What every place of a session has to see alike. */
const SEEN =
  "env | grep -E '^(PATH|CONDA_PREFIX|CONDA_DEFAULT_ENV|CONDA_SHLVL|CONDA_DIR|SEA_DATA|RUN_OF|KERNEL_|NB_PYTHON)' | sort";
const sorted = (text: string) => text.trim().split(/\r?\n/).sort();

describe('conda', () => {
  let channel: CondaChannel;
  let world: World;
  beforeAll(async () => {
    channel = await startCondaChannel(PACKAGES);
    world = await openWorld({ SLIPWAY_MIRROR_CONDA: channel.url });
  });
  afterAll(async () => {
    await world?.close();
    await channel?.close();
  });

  it.each(scenarios)('$title', (scenario) => play(world, scenario));

  it('one environment for postBuild, start, server, kernel, terminal and shells beside them', async () => {
    const files = {
      'environment.yml': environment('python=3.11', 'libsea'),
      // Not bash: nothing may depend on what only bash reads.
      postBuild: { content: `#!/bin/sh\nset -eu\n${SEEN} > seen-by-postbuild\n`, mode: '755' as const },
      start: { content: `#!/bin/bash\n${SEEN} > seen-by-start\nexec "$@"\n`, mode: '755' as const },
      'index.ipynb': notebook(`!${SEEN}`, 'print(open("seen-by-postbuild").read(), open("seen-by-start").read())'),
    };
    await play(world, {
      title: 'seen',
      commits: [{ date: '2024-04-10', files }],
      outputs: [/./, /./],
      async launched({ session }) {
        const kernel = sorted(await runCode(session, `!${SEEN}`));
        expect(kernel).toEqual(
          expect.arrayContaining([
            'SEA_DATA=/srv/env/share/sea',
            `RUN_OF=it's $HOME ${NONCE}`,
            'CONDA_PREFIX=/srv/env',
          ]),
        );
        expect(kernel.find((line) => line.startsWith('PATH='))).toMatch(
          /^PATH=\/home\/jovyan\/\.local\/bin:\/srv\/env\/bin:\/srv\/conda\/bin:\/srv\/jupyter\/bin:/,
        );
        const others = [
          await runCode(session, 'print(open("seen-by-postbuild").read())'),
          await runCode(session, 'print(open("seen-by-start").read())'),
          (await runTerminal(session, SEEN)).output,
          await runCode(session, `%%bash\n${SEEN}`),
        ];
        expect(others.map(sorted)).toEqual(others.map(() => kernel));
        const server = await execIn(session, "tr '\\0' '\\n' < /proc/1/environ | grep SEA_DATA");
        expect(server.trim()).toBe('SEA_DATA=/srv/env/share/sea');
      },
    });
  });

  itInFull(
    'another repository with the same environment builds nothing; one package more fetches only that',
    async () => {
      const repo = (name: string, ...more: string[]) => ({
        name,
        files: {
          'environment.yml': environment('python=3.11', 'tides', ...more),
          'a.ipynb': notebook(`print("${name}")`),
        },
      });
      const build = async ({ name, files }: ReturnType<typeof repo>) => {
        const { url } = await world.repo(name, [{ date: '2024-04-10', files }]);
        channel.requests.length = 0;
        return (await world.build([url])).tiers;
      };
      await build(repo('first'));
      expect(await build(repo('second'))).toEqual({ base: 'cached', environment: 'cached', content: 'built' });
      expect(channel.requests).toEqual([]);
      expect(await build(repo('third', 'libsea=1.0'))).toMatchObject({ environment: 'built' });
      expect(downloaded(channel).filter((name) => !name.startsWith('libsea'))).toEqual([]);
    },
  );

  itInFull("a package's own scripts run where no cache is mounted, and not as root", async () => {
    const files = { 'environment.yml': environment('python=3.11', 'eel'), 'index.ipynb': notebook('1') };
    const { url } = await world.repo('eel', [{ date: '2024-04-10', files }]);
    const { session } = await world.launch([url]);
    const said = await runCode(session, 'print(open("/srv/env/share/eel").read())');
    expect(said.trim().split('\n')).toEqual(['uid 1000', 'eel 1.0 0', 'mounts 0']);
  });

  itInFull('the pip section: beside conda, as of the day; a folder of the repository with the content', async () => {
    const yml = `${environment('python=3.11', 'tides=1.0', 'pip')}  - pip:\n    - cowsay\n    - -e .\n`;
    const setup =
      'from setuptools import setup\nsetup(name="barnacle", version="3", py_modules=["barnacle"], install_requires=["tides"])\n';
    await play(world, {
      title: 'pip-section',
      commits: [
        {
          date: '2023-01-10',
          files: {
            'environment.yml': yml,
            'setup.py': setup,
            'barnacle.py': 'import tides\nSHELLS = tides.VERSION\n',
            'index.ipynb': notebook(
              'from importlib.metadata import version\nprint(version("cowsay"))',
              'import barnacle\nprint(barnacle.SHELLS, barnacle.__file__)',
            ),
          },
        },
      ],
      // cowsay 6 is of September 2023.
      outputs: [/^5\./, '1.0 /home/jovyan/barnacle.py'],
    });
  });

  itInFull("a later day where the repository's own has no solution, and it is said", async () => {
    const { url } = await world.repo('later', [
      {
        date: '2024-05-01',
        files: { 'environment.yml': environment('python=3.11', 'tides>=2'), 'a.ipynb': notebook('1') },
      },
    ]);
    const run = await world.run(['build', url]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout + run.stderr).toMatch(/as of 2024-05-01 there is no solution \(.*tides/);
    const built = await world.build([url]);
    expect(built.resolvedAsOf).toBe('2024-07-30');
  });

  it.each([
    [
      'that never was',
      { dependencies: ['tides=7'] },
      'package_not_found',
      /tides 7\.\*.*\n(?:.*\n)*.*of tides there is 1\.0, 1\.1, 2\.0/,
    ],
    ['nobody has', { dependencies: ['nonexistent-barnacle'] }, 'package_not_found', /nonexistent-barnacle/],
    ['that conflict', { dependencies: ['wind=1.0', 'calm'] }, 'version_conflict', /calm/],
    [
      'of a channel that is not there',
      { dependencies: ['tides'], channels: ['no-such-sea'] },
      'package_not_found',
      /no-such-sea/,
    ],
  ])('packages %s', async (title, { dependencies, channels = ['conda-forge'] }: Asked, code, message) => {
    const yml = `channels: [${channels}]\ndependencies: [python=3.11, ${dependencies}]\nvariables: {RUN: r${NONCE}}\n`;
    const { url } = await world.repo(title.replaceAll(' ', '-'), [
      { date: '2024-04-10', files: { 'environment.yml': yml } },
    ]);
    const failed = await world.fail(['build', '--json', url]);
    expect({ code: failed.code, message: failed.message }).toEqual({ code, message: expect.stringMatching(message) });
  });

  itInFull('a channel that is down is tried again, never another day', async () => {
    const { url } = await world.repo('down', [
      { date: '2024-04-10', files: { 'environment.yml': environment('tides=1.0', 'wind') } },
    ]);
    channel.failWith(503);
    const failed = await world.fail(['build', '--json', url]).finally(() => channel.failWith(undefined));
    expect(failed.code).toBe('build_upstream');
    expect((await world.build([url])).resolvedAsOf).toBe('2024-04-10');
  });

  itInFull('slipway lock writes an environment.yml that gives the same again', async () => {
    const yml = `${environment('python=3.11', 'tides', 'libsea')}  - pip: [six==1.16.0]\n`;
    const { url } = await world.repo('locked', [{ date: '2024-04-10', files: { 'environment.yml': yml } }]);
    const { stdout, exitCode } = await world.run(['lock', '--json', url]);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    const files = JSON.parse(stdout) as Record<string, string>;
    expect(files['environment.yml']).toContain('  - tides=1.1=0\n');
    expect(files['runtime.txt']).toMatch(/^python-3\.11\.\d+-2024-04-10\n$/);
    const again = await world.repo('again', [{ date: '2026-01-10', files }]);
    const second = await world.run(['lock', '--json', again.url]);
    expect(JSON.parse(second.stdout)).toEqual(files);
  });
});

async function execIn(session: { session: string }, script: string): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', ['exec', `slipway-${session.session}`, 'sh', '-c', script]);
  return stdout;
}
