import { expect, test } from 'vitest';
import { SlipwayError } from '../../../src/errors.ts';
import { planPython } from '../../support/python-plan.ts';

const SHA = 'a'.repeat(40);

test('branches, tags and HEAD become commits, each looked up once', async () => {
  const asked: string[] = [];
  const commitOf = async (url: string, ref: string | undefined) => {
    asked.push(`${url} ${ref}`);
    return SHA;
  };
  const text = [
    'a @ git+https://example.org/o/a.git@v1.0#subdirectory=py ; python_version > "3"',
    'git+https://example.org/o/b#egg=b',
    'git+https://example.org/o/c.git@feature/x',
    'd @ git+https://example.org/o/b',
    `e @ git+https://example.org/o/e@${'B'.repeat(40)}`,
    '-c limits.txt',
  ].join('\n');
  const files = { 'requirements.txt': text, 'limits.txt': 'f @ git+https://example.org/o/f@main' };
  const { requirements, contribution, notices } = await planPython(files, { commitOf });
  expect(requirements).toEqual([
    `a @ git+https://example.org/o/a.git@${SHA}#subdirectory=py ; python_version > "3"`,
    `b @ git+https://example.org/o/b@${SHA}`,
    `git+https://example.org/o/c.git@${SHA}`,
    `d @ git+https://example.org/o/b@${SHA}`,
    `e @ git+https://example.org/o/e@${'B'.repeat(40)}`,
  ]);
  expect(contribution.steps[0]?.values.constraints).toEqual([`f @ git+https://example.org/o/f@${SHA}`]);
  expect(asked.sort()).toEqual([
    'https://example.org/o/a.git v1.0',
    'https://example.org/o/b undefined',
    'https://example.org/o/c.git feature/x',
    'https://example.org/o/f main',
  ]);
  expect(notices.map(({ message }) => message)[0]).toContain('at the commit that v1.0 leads to today');
});

test('another commit is another step', async () => {
  const files = { 'requirements.txt': 'a @ git+https://example.org/o/a' };
  const one = await planPython(files, { commitOf: async () => '1'.repeat(40) });
  const two = await planPython(files, { commitOf: async () => '2'.repeat(40) });
  expect(one.contribution.steps[0]).not.toEqual(two.contribution.steps[0]);
});

test.each(['host_unreachable', 'host_rate_limited', 'repo_not_found', 'ref_not_found', 'host_not_allowed'] as const)(
  '%s names file and line, and stays what it is',
  async (code) => {
    const commitOf = () => Promise.reject(new SlipwayError(code, 'So it is.', { hint: 'Do that.' }));
    const error = await planPython({ 'requirements.txt': 'six\na @ git+https://example.org/o/a' }, { commitOf }).catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code, message: 'requirements.txt, line 2: So it is.', hint: 'Do that.' });
  },
);

test('at most fifty, eight at once', async () => {
  let [now, most] = [0, 0];
  const commitOf = async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((done) => setTimeout(done, 1));
    now -= 1;
    return SHA;
  };
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => `p${index} @ git+https://example.org/o/p${index}`).join('\n');
  await planPython({ 'requirements.txt': lines(50) }, { commitOf });
  expect(most).toBe(8);
  await expect(planPython({ 'requirements.txt': lines(51) }, { commitOf })).rejects.toThrow(
    'requirements.txt, line 51: it is the 51st',
  );
});
