import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { asOfDay } from '../../../src/plan/dates.ts';
import type { History, Match } from '../../../src/types.ts';
import { type MemoryOptions, memoryCheckout } from '../../support/checkout.ts';

const match = (more: Partial<Match> = {}): Match<never> =>
  ({ name: 'python', evidence: [], notices: [], files: ['requirements.txt'], data: null, ...more }) as Match<never>;

async function day(options: MemoryOptions, found = match(), settings: NodeJS.ProcessEnv = {}) {
  const { asOf, notices } = await asOfDay(memoryCheckout({}, options), [found], loadConfig(settings));
  return [asOf, ...notices.map(({ code }) => code)].join(' ');
}

const at = (text: string) => async () => new Date(text);

test('the later of the environment files and the month of the code', async () => {
  expect(
    await day({ history: { lastTouched: at('2022-05-10T10:00:00Z'), lastWhere: at('2022-05-20T10:00:00Z') } }),
  ).toBe('2022-05-10');
  expect(
    await day({ history: { lastTouched: at('2022-05-10T10:00:00Z'), lastWhere: at('2022-07-20T10:00:00Z') } }),
  ).toBe('2022-07-01');
});

test('a complete lock has its own date only', async () => {
  const asked: (readonly string[])[] = [];
  const history: Partial<History> = {
    lastTouched: async (paths) => {
      asked.push(paths);
      return new Date('2022-05-10T10:00:00Z');
    },
    lastWhere: at('2023-07-20T10:00:00Z'),
  };
  const locked = match({ files: ['uv.lock', 'pyproject.toml'], lock: ['uv.lock'] });
  expect(await day({ history }, locked)).toBe('2022-05-10');
  expect(asked).toEqual([['uv.lock']]);
  // Where history cannot be had, the commit's month is all that there is.
  expect(await day({ commitDate: '2024-03-15T12:00:00Z' }, locked)).toBe('2024-03-01');
});

test('days are those of UTC', async () => {
  expect(await day({ history: { lastTouched: at('2022-05-10T23:30:00-05:00') } })).toBe('2022-05-11');
});

test('without a history it is the month of the commit', async () => {
  expect(await day({ commitDate: '2024-03-15T12:00:00Z' })).toBe('2024-03-01');
});

test('what a file or the operator states', async () => {
  const stated = match({ asOf: { date: '2019-04-01', file: 'runtime.txt' } });
  expect(await day({}, stated)).toBe('2019-04-01');
  expect(await day({}, stated, { SLIPWAY_AS_OF: '2021-01-01' })).toBe('2019-04-01');
  expect(await day({}, match(), { SLIPWAY_AS_OF: '2021-01-01' })).toBe('2021-01-01');
  expect(await day({}, match(), { SLIPWAY_AS_OF: 'latest' })).toBe(new Date().toISOString().slice(0, 10));
});

test('impossible days are clamped, and said', async () => {
  expect(await day({ commitDate: '1970-01-01T00:00:00Z' })).toBe('2015-01-01 date-clamped');
  const today = new Date().toISOString().slice(0, 10);
  expect(await day({ commitDate: '2099-01-01T00:00:00Z' })).toBe(`${today} date-clamped`);
});

test('only work on code counts, and an empty commit', async () => {
  let counts: ((paths: readonly string[]) => boolean) | undefined;
  const lastWhere: History['lastWhere'] = async (test) => {
    counts = test;
    return undefined;
  };
  await day({ history: { lastWhere } });
  expect(counts?.(['README.md', 'LICENSE', '.github/workflows/ci.py', 'data/x.csv', 'badge.svg'])).toBe(false);
  expect(counts?.(['README.md', 'docs/a.ipynb'])).toBe(true);
  expect(counts?.([])).toBe(true);
});
