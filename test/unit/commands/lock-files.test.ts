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
