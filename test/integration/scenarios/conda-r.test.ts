/** R and its kernel from a conda channel, with and without a Python of the environment's own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CondaChannel, startCondaChannel } from '../../support/conda-channel.ts';
import { packedR } from '../../support/conda-r.ts';
import { itInFull } from '../../support/full.ts';
import { callServer, runCode, runTerminal, type SessionAddress } from '../../support/kernel.ts';
import { notebook, notebookOfR } from '../../support/notebook.ts';
import { NONCE, play } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

/** Its variables make it unlike any environment built before. */
const environment = (...dependencies: string[]) =>
  `channels: [conda-forge]\ndependencies: [${dependencies.join(', ')}]\nvariables: {RUN_OF: r${NONCE}}\n`;

const SEEN = 'import subprocess, sys\nprint(sys.prefix, subprocess.getoutput("R RHOME"))';

/** Names of the kernels that front ends offer. */
async function kernels(session: SessionAddress): Promise<Record<string, string>> {
  const { kernelspecs } = await callServer<{ kernelspecs: Record<string, { spec: { display_name: string } }> }>(
    session,
    'api/kernelspecs',
  );
  return Object.fromEntries(Object.entries(kernelspecs).map(([name, { spec }]) => [name, spec.display_name]));
}

describe('R from conda', () => {
  let channel: CondaChannel;
  let world: World;
  beforeAll(async () => {
    channel = await startCondaChannel([], { more: [await packedR()] });
    world = await openWorld({ SLIPWAY_MIRROR_CONDA: channel.url });
  });
  afterAll(async () => {
    await world?.close();
    await channel?.close();
  });

  itInFull('without Python: its kernel runs a notebook, and terminals have it', async () => {
    await play(world, {
      title: 'r-alone',
      commits: [
        {
          date: '2024-04-10',
          files: {
            'environment.yml': environment('r-base', 'r-irkernel'),
            'index.ipynb': notebookOfR(
              'cat(R.version$major, R.version$minor, R.home(), .libPaths())',
              'round(coef(lm(mpg ~ wt, mtcars)), 2)[["wt"]]',
              'cat(Sys.which("R"), Sys.getenv("CONDA_PREFIX"), Sys.getenv("RUN_OF"), Sys.getenv("RSTUDIO_WHICH_R"))',
              'png("tide.png"); plot(sin, 0, 9); invisible(dev.off())\nreadBin("tide.png", "raw", 4)',
              // What install.packages and conda add has a place.
              'file.access(R.home("library"), 2)[[1]]',
            ),
            'other.ipynb': notebook('import numpy'),
          },
        },
      ],
      outputs: [
        '4 2.2 /srv/env/lib/R /srv/env/lib/R/library',
        '[1] -5.34',
        `/srv/env/bin/R /srv/env r${NONCE} /srv/env/bin/R`,
        '[1] 89 50 4e 47',
        '[1] 0',
      ],
      async launched({ session, built }) {
        expect(built.notices).toEqual([
          'numpy was a guess and is left out: the environment has no Python that it could be added to',
        ]);
        expect(await kernels(session)).toEqual({ ir: 'R', python3: 'Python 3 (ipykernel)' });
        const terminal = await runTerminal(session, 'R RHOME && Rscript -e "cat(6 * 7, fill = TRUE)"');
        expect(terminal).toEqual({ output: '/srv/env/lib/R\n42', exitCode: 0 });
        expect(await runCode(session, SEEN)).toBe('/srv/jupyter /srv/env/lib/R\n');
      },
    });
  });

  it('beside Python: both kernels, each once, also after that of R is installed again', async () => {
    await play(world, {
      title: 'r-and-python',
      commits: [
        {
          date: '2024-04-10',
          files: {
            'environment.yml': environment('python=3.11', 'r-irkernel'),
            'index.ipynb': notebookOfR('cat(R.home(), system("python -c \'print(6 * 7)\'", intern = TRUE))'),
          },
        },
      ],
      outputs: ['/srv/env/lib/R 42'],
      async launched({ session }) {
        const { exitCode } = await runTerminal(session, 'R --no-echo -e "IRkernel::installspec()"');
        expect(exitCode).toBe(0);
        expect(await kernels(session)).toEqual({ ir: 'R', python3: 'Python 3 (ipykernel)' });
        expect(await runCode(session, SEEN)).toBe('/srv/env /srv/env/lib/R\n');
      },
    });
  });
});
