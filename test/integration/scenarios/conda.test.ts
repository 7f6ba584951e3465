/** conda environments from a real channel: solved as of a day, activated everywhere, changed by `conda` in a session. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CondaChannel, startCondaChannel } from '../../support/conda-channel.ts';
import { PACKAGES } from '../../support/conda-packages.ts';
import { notebook } from '../../support/notebook.ts';
import { NONCE, play, type Scenario } from '../../support/scenario.ts';
import { openWorld, type World } from '../../support/world.ts';

const environment = (...dependencies: string[]) =>
  `name: sea-${NONCE}\nchannels:\n  - conda-forge\ndependencies:\n${dependencies.map((one) => `  - ${one}\n`).join('')}`;

const scenarios: Scenario[] = [
  {
    title: 'versions of the day, a compiled library, its activation',
    commits: [
      {
        date: '2024-04-10',
        files: {
          'environment.yml': `${environment('python=3.11', 'tides', 'libsea')}variables:\n  RUN_OF: "${NONCE}"\n`,
          'index.ipynb': notebook(
            'import sys, tides\nprint(tides.VERSION, sys.prefix)',
            'import ctypes, os\nprint(ctypes.CDLL(sys.prefix + "/lib/libsea.so").depth(), os.environ["SEA_DATA"])',
            'print(open(os.environ["SEA_DATA"] + "/where").read(), os.environ["RUN_OF"])',
          ),
        },
      },
    ],
    outputs: ['1.1 /srv/env', '12 /srv/env/share/sea', `/srv/env/share/sea ${NONCE}`],
    plan(plan) {
      expect(plan.era).toMatchObject({ debian: 'bookworm', python: '3.11' });
    },
    launched({ built }) {
      expect(built.resolvedAsOf).toBe('2024-04-10');
    },
  },
];

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
});
