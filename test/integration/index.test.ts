/** The real index is asked which Python has wheels for real pins. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { bestPython } from '../../src/plan/wheels.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'wheels-'));
});
afterAll(() => rm(data, { recursive: true }));

const pin = (name: string, version: string) => ({ name, version, file: 'requirements.txt' });

it.each([
  [
    'pins of 2018 in a repository of 2022',
    [pin('numpy', '1.15.4'), pin('scipy', '1.1.0'), pin('requests', '2.20.0')],
    '3.9',
    '2022-05-10',
    '3.7',
  ],
  [
    'scikit-learn 1.1 in a repository of 2023',
    [pin('scikit-learn', '1.1.1'), pin('numpy', '1.22.4')],
    '3.11',
    '2023-08-01',
    '3.10',
  ],
  ["pins of the repository's own day", [pin('numpy', '1.22.3'), pin('pandas', '1.4.2')], '3.9', '2022-05-10', '3.9'],
])('%s', async (_, pins, preferred, asOf, expected) => {
  const config = loadConfig({ ...process.env, SLIPWAY_DATA: data, SLIPWAY_PLATFORM: 'linux/amd64' });
  const { python } = await bestPython(pins, ['3.7', '3.8', '3.9', '3.10', '3.11'], preferred, asOf, { config });
  expect(python).toBe(expected);
});
