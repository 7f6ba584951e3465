/** The Dockerfile that `plan` prints, built by plain `docker build` with the repository as context. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitUntilReady } from '../../../src/launch/ready.ts';
import { type CondaChannel, startCondaChannel } from '../../support/conda-channel.ts';
import { PACKAGES } from '../../support/conda-packages.ts';
import { runsNow } from '../../support/full.ts';
import { runNotebook, runTerminal } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { tempFolder, workTree } from '../../support/repo.ts';
import { slimImage } from '../../support/slim-image.ts';
import { openWorld, type World } from '../../support/world.ts';

const run = promisify(execFile);
const TAG = `slipway-test/take-home:${process.pid}`;

const repositories = [
  {
    title: 'packages, a guess, a program and scripts',
    files: {
      'requirements.txt': 'six==1.15.0\ncowsay==5.0\n',
      'apt.txt': 'jq\n',
      postBuild: {
        content: '#!/bin/bash\npython -c "import six; print(six.__version__)" > built\n',
        mode: '755' as const,
      },
      start: { content: '#!/bin/bash\nexport GREETING="hello there"\nexec "$@"\n', mode: '755' as const },
      'index.ipynb': notebook(
        'import os, six, tabulate\nprint(six.__version__, open("built").read().strip(), os.environ["GREETING"])',
        'print(tabulate.__version__)',
      ),
    },
    outputs: ['1.15.0 1.15.0 hello there\n', '0.9.0\n'],
    terminal: 'jq',
  },
  {
    title: 'a package of its own in a folder with an odd name',
    files: {
      'pyproject.toml': '[project]\nname = "barnacle"\nversion = "0.4"\ndependencies = ["six==1.15.0"]\n',
      'barnacle.py': 'def shells():\n    return 13\n',
      "it's $HOME/a b.txt": 'quoted\n',
      'index.ipynb': notebook(`import barnacle\nprint(barnacle.shells(), open("it's $HOME/a b.txt").read())`),
    },
    outputs: ['13 quoted\n\n'],
    terminal: 'git',
  },
  {
    title: 'a conda environment',
    files: {
      'environment.yml':
        'channels: [conda-forge]\ndependencies: [python=3.11, tides, libsea, pip, {pip: [six==1.16.0]}]\n',
      postBuild: { content: '#!/bin/bash\nconda list tides > listed\n', mode: '755' as const },
      'index.ipynb': notebook(
        'import os, six, sys, tides\nprint(tides.VERSION, six.__version__, sys.prefix, os.environ["SEA_DATA"])',
        'print(open("listed").read().split()[-4:-2])',
      ),
    },
    outputs: ['1.1 1.16.0 /srv/env /srv/env/share/sea\n', "['tides', '1.1']\n"],
    terminal: 'git',
  },
];

describe('take-home Dockerfile', () => {
  const docker = new Docker();
  let channel: CondaChannel;
  let world: World;
  let slim: Awaited<ReturnType<typeof slimImage>> | undefined;

  beforeAll(async () => {
    world = await openWorld();
    channel = await startCondaChannel(PACKAGES);
    slim = await slimImage(docker, 'bookworm', { CONDA_CHANNEL_ALIAS: channel.url });
  });
  afterAll(async () => {
    await docker
      .getImage(TAG)
      .remove({ force: true })
      .catch(() => undefined);
    await slim?.remove();
    await world?.close();
    await channel?.close();
  });

  it.each(repositories.filter(({ title }) => runsNow(title)))('$title', async ({ title, files, outputs, terminal }) => {
    const { url } = await world.repo(title.replace(/\W+/g, '-'), [{ date: '2024-03-10', files }]);
    const { dockerfile } = await world.plan([url]);
    expect(dockerfile).toMatch(/^FROM debian:bookworm-slim\b/m);
    expect(dockerfile).not.toMatch(/--mount|^# ?syntax|\.slipway|172\.17|127\.0\.0\.1:(?!.*at)/m);
    const folder = await tempFolder('take-home');
    try {
      const context = await workTree(
        join(world.server.root, `${title.replace(/\W+/g, '-')}.git`),
        join(folder.path, 'context'),
      );
      const file = join(folder.path, 'Dockerfile');
      await writeFile(file, dockerfile.replace(/^FROM debian:bookworm-slim\b/gm, `FROM ${slim?.name}`));
      // An engine's old builder looks through all images for what it could use again, and fails where one is removed meanwhile.
      const build = ['build', '--no-cache', '--force-rm', '-t', TAG, '-f', file, context];
      await run('docker', build, { maxBuffer: 1 << 26 }).catch((error) => {
        throw new Error(`${error.message}\n${String(error.stdout).slice(-4000)}`);
      });
      const session = await start(docker);
      try {
        expect(await runNotebook(session, 'index.ipynb')).toEqual(outputs);
        expect((await runTerminal(session, `command -v ${terminal} && id -u`)).output).toMatch(/\/bin\/\w+\n1000$/);
      } finally {
        await session.container.remove({ force: true, v: true });
      }
    } finally {
      await folder.remove();
    }
  });
});

/** As a user runs it: port published, token chosen. */
async function start(docker: Docker) {
  const token = 'take-home-token';
  const container = await docker.createContainer({
    Image: TAG,
    Env: [`JUPYTER_TOKEN=${token}`],
    HostConfig: { PortBindings: { '8888/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    ExposedPorts: { '8888/tcp': {} },
  });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const port = Number(NetworkSettings.Ports['8888/tcp']?.[0]?.HostPort);
  const server = { target: { host: '127.0.0.1', port }, path: '/', token };
  const state = await waitUntilReady(server, 60_000, new AbortController().signal);
  if (state === 'ready') return { url: `http://127.0.0.1:${port}/`, token, container };
  const log = await container.logs({ stdout: true, stderr: true });
  await container.remove({ force: true, v: true });
  throw new Error(`The take-home image did not serve:\n${log}`);
}
