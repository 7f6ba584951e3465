import { expect, test } from 'vitest';
import { conda } from '../../../buildpacks/conda/index.ts';
import { loadConfig } from '../../../src/config.ts';
import { versionRows } from '../../../src/versions.ts';
import { memoryCheckout } from '../../support/checkout.ts';

test('what an environment asks for has the names of PyPI, so that none of it is guessed again', async () => {
  const checkout = memoryCheckout({
    'environment.yml': 'dependencies:\n- pytorch\n- seaborn=0.12\n- pip:\n  - cowsay\n',
  });
  const match = await conda.detect(checkout, { path: '', isBinder: false }, loadConfig({}));
  expect(match?.python?.names).toEqual(['torch', 'seaborn', 'cowsay']);
});

test('conda packages of two locks stand beside each other by name and version', () => {
  const line = (version: string) => `https://conda.anaconda.org/conda-forge/noarch/tides-${version}-0.conda#00ff\n`;
  expect(versionRows(`${line('1.0')}six==1.15.0\n`, line('2.0'))).toEqual([
    { name: 'six', asOf: '1.15.0', latest: null },
    { name: 'tides', asOf: '1.0', latest: '2.0' },
  ]);
});
