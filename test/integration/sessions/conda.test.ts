/** The command `conda` in a session. Its way out, an operator's proxy, is one for all sessions of a machine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CondaChannel, startCondaChannel } from '../../support/conda-channel.ts';
import { PACKAGES } from '../../support/conda-packages.ts';
import { runCode, runTerminal } from '../../support/kernel.ts';
import { notebook } from '../../support/notebook.ts';
import { openWorld, type World } from '../../support/world.ts';

describe('conda in a session', () => {
  let channel: CondaChannel;
  let world: World;
  beforeAll(async () => {
    channel = await startCondaChannel(PACKAGES, {
      others: {
        lagoon: [
          { name: 'atoll', version: '1.0', day: '2023-01-01', files: { 'share/atoll': 'of the lagoon' } },
          { name: 'wind', version: '1.5', day: '2023-01-01', files: { 'share/wind': 'of the lagoon' } },
        ],
      },
    });
    world = await openWorld({ SLIPWAY_MIRROR_CONDA: channel.url });
  });
  afterAll(async () => {
    await world?.close();
    await channel?.close();
  });

  it('in a notebook and in a terminal: from the same channels, as of the same day', async () => {
    const files = {
      'environment.yml': 'channels: [conda-forge]\ndependencies:\n- python=3.11\n- tides=1\n',
      'index.ipynb': notebook('1'),
    };
    const { url } = await world.repo('session', [{ date: '2024-04-10', files }]);
    await world.build([url]);
    // Sessions reach proxies, and nothing else of this machine; this one answers for every host.
    const { session } = await world.launch([url], { HTTP_PROXY: channel.url, NO_PROXY: '127.0.0.1,localhost' });
    const conda = (command: string) => runCode(session, `!CONDA_CHANNEL_ALIAS=http://channel.test conda ${command}`);
    expect(await conda('install -y wind')).toMatch(/\+ wind +1\.0/);
    expect(await runCode(session, 'import wind\nprint(wind.VERSION)')).toBe('1.0\n');
    expect(await conda('list wind')).toMatch(/wind +1\.0 +0 +conda-forge/);
    expect(await conda('install -y "tides>=9"')).toMatch(/no solution/);
    expect(await conda('env export --from-history')).toContain('  - tides 1.*');
    // From a channel that it alone names; others stay where they come from.
    expect(await conda('install -y lagoon::atoll')).toMatch(/\+ atoll +1\.0/);
    expect(await conda('install -y "tides<2"')).not.toMatch(/no solution|wind/);
    expect(await conda('list')).toMatch(/wind +1\.0 +0 +conda-forge/);
    expect(await conda('list atoll')).toMatch(/atoll +1\.0 +0 +lagoon/);
    expect(await conda('remove -y wind')).toMatch(/- wind/);
    expect(await runCode(session, '!python -c "import wind" 2>&1 | tail -n 1')).toContain('ModuleNotFoundError');
    expect(await conda('--version')).toMatch(/^conda \d+\.\d+/);
    const create = 'export CONDA_CHANNEL_ALIAS=http://channel.test; mamba create -q -y -n other tides=1.0 libsea';
    const use =
      'conda activate other && echo "$CONDA_PREFIX $SEA_DATA" && python -c "import tides; print(tides.VERSION)"; conda deactivate';
    const { output } = await runTerminal(session, `${create} > /dev/null; ${use}; echo "[$CONDA_PREFIX]"`);
    expect(output.split('\n').slice(-3)).toEqual([
      '/srv/conda/envs/other /srv/conda/envs/other/share/sea',
      '1.0',
      '[]',
    ]);
  });
});
