import { expect, it } from 'vitest';
import { lockFiles } from '../../../src/commands/lock.ts';
import type { Plan } from '../../../src/types.ts';

const plan = { python: { version: '3.11', source: 'debian', notBefore: '' }, platform: 'linux/amd64' } as Plan;

it('pins packages by hash, Python and the day', () => {
  const files = lockFiles({ plan, day: '2024-03-10', lock: 'b==2 --hash=sha256:bb\na==1 --hash=sha256:aa\n' });
  expect(files['runtime.txt']).toBe('python-3.11-2024-03-10\n');
  expect(files['requirements.txt']?.split('\n').slice(1)).toEqual([
    'a==1 --hash=sha256:aa',
    'b==2 --hash=sha256:bb',
    '',
  ]);
});

it('gives no hash where one is missing, for pip takes them for all or none; and no day where none had a solution', () => {
  const files = lockFiles({ plan, day: 'latest', lock: 'b==2\na==1 --hash=sha256:aa --hash=sha256:ab\n' });
  expect(files['runtime.txt']).toBe('python-3.11\n');
  expect(files['requirements.txt']?.split('\n').slice(1)).toEqual(['a==1', 'b==2', '']);
});

it('pins a conda environment by builds, with what pip added, and the day beside it', () => {
  const hash = '0'.repeat(64);
  const lock = [
    `https://conda.anaconda.org/conda-forge/linux-64/python-3.11.7-h1_0_cpython.conda#${hash}`,
    `https://example.org/mine/noarch/tide-tables-1.0-pyh_0.tar.bz2#${hash.slice(0, 32)}`,
    'six==1.16.0',
  ].join('\n');
  const files = lockFiles({ plan, day: '2024-03-10', lock });
  expect(files['runtime.txt']).toBe('python-3.11.7-2024-03-10\n');
  expect(files['environment.yml']?.split('\n').slice(1)).toEqual([
    'channels:',
    '  - conda-forge',
    '  - https://example.org/mine',
    'dependencies:',
    '  - python=3.11.7=h1_0_cpython',
    '  - tide-tables=1.0=pyh_0',
    '  - pip:',
    '      - "six==1.16.0"',
    '',
  ]);
});

it('says the day of an environment of R as one of Python, for it is conda that has to read it', () => {
  const lock = `https://conda.anaconda.org/conda-forge/linux-64/r-base-4.2.2-h1_0.conda#${'0'.repeat(64)}`;
  expect(lockFiles({ plan, day: '2024-03-10', lock })['runtime.txt']).toBe('python-3-2024-03-10\n');
});
