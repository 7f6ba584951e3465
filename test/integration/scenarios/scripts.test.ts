/** Repositories with Debian packages, scripts and submodules, and with nothing at all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCode, runTerminal } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { play } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const REQUIREMENTS = 'six==1.15.0\ncowsay==5.0\n';

/** PATH and everything that Binder's sessions and the image promise. */
const SEEN =
  "env | grep -E '^(PATH|HOME|USER|NB_|KERNEL_|REPO_DIR|BINDER_|JUPYTERHUB_(USER|BASE|SERVICE_P)|PYTHONUNBUFFERED|LC_ALL|LANG|FROM_START)' | sort";
const names = (text: string) =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/=(.*)/s, 2)),
  );

describe('scripts', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world?.close());

  it('apt.txt: a program that a notebook uses', () =>
    play(world, {
      title: 'apt',
      commits: [
        {
          date: '2024-03-10',
          files: {
            'apt.txt': '# for the notebook\njq\ntree  # two\n',
            'requirements.txt': REQUIREMENTS,
            'index.ipynb': notebook(
              `import subprocess\nprint(subprocess.check_output(["jq", "-r", ".a"], input='{"a": "shell"}', text=True))`,
              '!tree --version | cut -d" " -f1',
            ),
          },
        },
      ],
      plan: (plan) =>
        expect(plan.buildpacks.map(({ name }) => name)).toEqual(expect.arrayContaining(['apt', 'python'])),
      outputs: ['shell', 'tree'],
    }));

  it('postBuild and start: one PATH and one set of variables everywhere', async () => {
    await play(world, {
      title: 'post-build',
      commits: [
        {
          date: '2024-03-10',
          files: {
            'requirements.txt': REQUIREMENTS,
            postBuild: `#!/bin/bash\nset -e\n${SEEN} > seen-by-postbuild\npython -c 'import six; print(six.__version__)' > six\nwhich gcc make git curl > tools\n`,
            start: `#!/bin/bash\nexport FROM_START="a b"\n${SEEN} > seen-by-start\nexec "$@"\n`,
            'index.ipynb': notebook('print(open("six").read())', 'import os\nprint(os.environ["FROM_START"])'),
          },
        },
      ],
      outputs: ['1.15.0', 'a b'],
      async launched({ session }) {
        const shell = `import subprocess\nprint(subprocess.check_output(["bash", "-c", ${JSON.stringify(SEEN)}], text=True))`;
        const login = `import subprocess\nprint(subprocess.check_output(["bash", "-lc", ${JSON.stringify(SEEN)}], text=True))`;
        const kernel = names(await runCode(session, shell));
        const read = async (file: string) => names(await runCode(session, `print(open("${file}").read())`));
        const started = await read('seen-by-start');
        const built = await read('seen-by-postbuild');
        const terminal = names((await runTerminal(session, SEEN)).output);

        expect(kernel.PATH).toMatch(/^\/home\/jovyan\/\.local\/bin:/);
        expect(kernel.PATH?.indexOf('/srv/env/bin')).toBeGreaterThan(0);
        expect(kernel.PATH?.indexOf('/srv/env/bin')).toBeLessThan(kernel.PATH?.indexOf('/srv/jupyter/bin') ?? 0);
        expect(kernel).toMatchObject({
          HOME: '/home/jovyan',
          NB_USER: 'jovyan',
          NB_UID: '1000',
          NB_PYTHON_PREFIX: '/srv/jupyter',
          KERNEL_PYTHON_PREFIX: '/srv/env',
          REPO_DIR: '/home/jovyan',
          PYTHONUNBUFFERED: '1',
          BINDER_REPO_URL: expect.stringContaining('post-build'),
          BINDER_SERVICE_HOST: expect.stringMatching(/^http/),
          BINDER_LAUNCH_HOST: expect.stringMatching(/^http/),
          JUPYTERHUB_BASE_URL: '/',
          JUPYTERHUB_SERVICE_PREFIX: '/',
        });
        expect(terminal).toEqual(kernel);
        expect(names(await runCode(session, login))).toEqual(kernel);
        expect({ ...started, FROM_START: 'a b' }).toEqual(kernel);
        const ofSession = Object.keys(kernel).filter((name) => /^(BINDER|JUPYTERHUB|FROM_START)/.test(name));
        expect(built).toEqual(Object.fromEntries(Object.entries(kernel).filter(([name]) => !ofSession.includes(name))));
        expect((await runTerminal(session, 'wc -l < tools')).output).toBe('4');
        // What people do in a running notebook.
        expect(await runCode(session, '!pip install -q --no-index --help | head -2')).toContain('Usage');
      },
    });
  });

  it('a page of a notebook in a sub-folder', async () => {
    const { url } = await world.repo('pages', [
      { date: '2024-01-01', files: { 'README.md': '# Tides', 'lab/a b.ipynb': notebook('1') } },
    ]);
    const page = (path: string) => `${url.replace(/\.git$/, '')}/-/blob/main/${path}`;
    const opens = async ({ session: id }: { session: string }) => {
      const listed = JSON.parse((await world.run(['sessions', '--json'])).stdout) as { id: string; link: string }[];
      return new URL(listed.find((one) => one.id === id)?.link ?? '').pathname;
    };
    const { session } = await world.launch([page('lab/a%20b.ipynb'), '--subdir=./lab/']);
    expect(await opens(session)).toBe('/lab/tree/a%20b.ipynb');
    const headers = { authorization: `token ${session.token}` };
    expect((await fetch(`${session.url}api/contents/a%20b.ipynb?content=0`, { headers })).status).toBe(200);
    await world.run(['stop', session.session]);
    const outside = await world.launch([page('README.md'), '--subdir=lab']);
    expect(await opens(outside.session)).toBe('/');
    expect(outside.run.stdout).toContain('README.md is not in the sub-folder lab');
    await world.run(['stop', outside.session.session]);
  });

  it('a submodule', async () => {
    const part = await world.repo('part', [{ date: '2024-01-01', files: { 'tide.py': 'HEIGHT = 7\n' } }]);
    await play(world, {
      title: 'with-submodule',
      commits: [
        {
          date: '2024-03-10',
          files: {
            '.gitmodules': `[submodule "part"]\n\tpath = lib/part\n\turl = ../part.git\n`,
            'lib/part': { submodule: part.shas[0] ?? '' },
            'requirements.txt': REQUIREMENTS,
            'index.ipynb': notebook(
              'import sys\nsys.path.append("lib/part")\nimport tide\nprint(tide.HEIGHT)',
              '!git status --porcelain --untracked-files=no',
              '!git submodule status | cut -c2-41',
            ),
          },
        },
      ],
      outputs: ['7', '', part.shas[0] ?? 'none'],
    });
  });

  it('no environment files: the default environment, and a notebook in a folder', async () => {
    await play(world, {
      title: 'nothing',
      commits: [
        {
          date: '2025-10-10',
          files: { 'docs/a b.ipynb': notebook('import sys\nprint("%d.%d" % sys.version_info[:2])') },
        },
      ],
      notebook: 'docs/a b.ipynb',
      args: [],
      plan(plan) {
        expect(plan.era.debian).toBe('trixie');
        expect(plan.tiers.environment.image).toBeDefined();
      },
      outputs: ['3.13'],
    });
  });
});
