import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { chooseEra, glibcOf, type RankPythons } from '../../../src/plan/era.ts';
import type { PythonWish } from '../../../src/types.ts';

const own: RankPythons = async (_pins, _candidates, preferred) => ({ python: preferred, notices: [] });
const any = loadConfig({});
const debian = loadConfig({ SLIPWAY_PYTHONS: 'debian' });
const version = (value: string): PythonWish => ({ pins: [], version: { value, file: 'runtime.txt' } });
const requires = (value: string): PythonWish => ({ pins: [], requires: { value, file: 'pyproject.toml' } });

async function choose(day: string, wish: PythonWish = { pins: [] }, config = any, rank = own) {
  const reachesChannel = async () => false;
  const { era, python, notices } = await chooseEra(day, wish, config, { rank, reachesChannel });
  return [era.debian, python.version, python.source, ...notices.map(({ code }) => code)].join(' ');
}

describe('the era of a day', () => {
  test.each([
    ['2017-03-01', 'bullseye 3.8 managed python-moved'],
    ['2019-03-01', 'bullseye 3.8 managed python-moved'],
    ['2020-06-01', 'bullseye 3.8 managed'],
    ['2021-05-01', 'bullseye 3.9 debian'],
    ['2023-06-09', 'bullseye 3.9 debian'],
    ['2023-06-10', 'bookworm 3.11 debian'],
    ['2025-08-08', 'bookworm 3.11 debian'],
    ['2025-08-09', 'trixie 3.13 debian'],
  ])('%s', async (day, expected) => {
    expect(await choose(day)).toBe(expected);
  });

  test('older Pythons, where the operator says that they can be had', async () => {
    const older = loadConfig({ SLIPWAY_PYTHONS: '3.6, 3.7,3.10' });
    expect(await choose('2017-05-01', undefined, older)).toBe('bullseye 3.6 managed');
    expect(await choose('2019-05-01', undefined, older)).toBe('bullseye 3.7 managed');
    expect(await choose('2020-05-01', undefined, older)).toBe('bullseye 3.7 managed python-moved');
    expect(await choose('2024-05-01', version('3.7'), older)).toBe('bookworm 3.7 managed');
    expect(await choose('2024-05-01', version('3.11.9'), older)).toBe('bookworm 3.11 debian python-moved');
    expect(await choose('2024-05-01', version('3.12'), older)).toBe('trixie 3.13 debian python-moved');
    expect(await choose('2019-05-01', version('2.7'), older)).toBe(
      'bullseye 3.6 managed channel-unreached python-moved',
    );
    expect(() => loadConfig({ SLIPWAY_PYTHONS: '3.7,2.7' })).toThrow(/SLIPWAY_PYTHONS.*"2\.7"/);
  });

  test('a managed Python takes the wheels of the suite that it stands on', () => {
    expect([glibcOf('3.10', '2022-05-10'), glibcOf('3.10', '2024-05-10'), glibcOf('3.12', '2025-09-01')]).toEqual([
      31, 36, 41,
    ]);
    expect([glibcOf('3.9', '2024-05-10'), glibcOf('3.13', '2019-05-10')]).toEqual([31, 41]);
  });

  test('only the suites own Pythons, when the operator says so', async () => {
    expect(await choose('2018-11-01', undefined, debian)).toBe('bullseye 3.9 debian python-moved');
    expect(await choose('2024-03-01', version('3.8'), debian)).toBe(
      'bullseye 3.9 debian channel-unreached python-moved',
    );
    expect(await choose('2024-03-01', version('3.11.9'), debian)).toBe('bookworm 3.11 debian python-moved');
  });
});

describe('what a repository says about its Python', () => {
  test('an explicit version wins and brings its suite', async () => {
    expect(await choose('2022-05-10', version('3.11'))).toBe('bookworm 3.11 debian');
    expect(await choose('2022-05-10', version('3.10'))).toBe('bullseye 3.10 managed');
    expect(await choose('2024-05-10', version('3.11.9'))).toBe('bookworm 3.11.9 managed');
    expect(await choose('2024-05-10', version('3.11.2'))).toBe('bookworm 3.11 debian');
  });

  test('Python 2 and 3.5 become the nearest where no channel answers, and it is said', async () => {
    const said = 'channel-unreached python-moved';
    expect(await choose('2019-05-10', version('2.7'))).toBe(`bullseye 3.8 managed ${said}`);
    expect(await choose('2019-05-10', version('3.5'))).toBe(`bullseye 3.8 managed ${said}`);
  });

  test.each<[string, PythonWish, string]>([
    ['2019-05-10', version('2.7'), '2.7'],
    ['2019-05-10', version('3.5.2'), '3.5.2'],
    ['2024-05-10', version('3.7'), '3.7'],
    ['2019-05-10', requires('>=2.7,<3'), '2.7'],
    ['2019-05-10', requires('~=3.6.0'), '3.6'],
    ['2019-05-10', requires('==3.6.4'), '3.6.4'],
    ['2019-05-10', requires('<3.8,!=3.7.*'), '3.6'],
    ['2019-05-10', requires('==2.7'), '2.7'],
    ['2019-05-10', requires('==2.7.15'), '2.7.15'],
    ['2019-05-10', requires('>=2.7.9,<2.7.16'), '2.7.15'],
    ['2019-05-10', { ...version('3.7'), requires: { value: '>=3.7,<3.7.5', file: 'pyproject.toml' } }, '3.7.4'],
  ])('one older than all that can be had comes from a channel that answers: %s %o', async (day, wish, python) => {
    const looks = { rank: own, reachesChannel: async () => true };
    const choice = await chooseEra(day, wish, any, looks);
    expect(choice.era).toMatchObject({ debian: 'bookworm', python });
    expect(choice.python).toMatchObject({ source: 'conda', version: '' });
    expect(choice.notices).toMatchObject([{ code: 'python-from-conda' }]);
    const without = await chooseEra(day, wish, loadConfig({ SLIPWAY_CONDA: 'pypi' }), looks);
    expect(without.python.source).not.toBe('conda');
  });

  test('no channel is asked for others', async () => {
    const fail = async () => expect.fail('the channel was asked');
    for (const wish of [version('3.8'), version('2.6'), version('3.3'), requires('>=2.7'), requires('>=3.5,<3.9')])
      await chooseEra('2024-05-10', wish, any, { rank: own, reachesChannel: fail });
  });

  test('a Python that does not exist yet is an error', async () => {
    await expect(choose('2024-05-10', version('3.99'))).rejects.toMatchObject({ code: 'unsupported_version' });
  });

  test('requires-python bounds, and the nearest within wins', async () => {
    expect(await choose('2022-05-10', requires('>=3.8'))).toBe('bullseye 3.9 debian');
    expect(await choose('2022-05-10', requires('>=3.10,<3.12'))).toBe('bullseye 3.10 managed');
    expect(await choose('2022-05-10', requires('>=3.10'), debian)).toBe('bookworm 3.11 debian');
    expect(await choose('2022-05-10', requires('<3'), debian)).toBe(
      'bullseye 3.9 debian channel-unreached python-bounds',
    );
  });

  test.each([
    ['>=3.11.4,<3.12', '2024-03-15', 'bookworm 3.11.15 managed'],
    ['~=3.11.4', '2022-05-10', 'bookworm 3.11.15 managed'],
    ['>=3.11.4', '2024-03-15', 'bookworm 3.11.15 managed'],
    ['>=3.9.13,<3.10', '2024-03-15', 'bullseye 3.9.25 managed'],
    ['==3.9.*', '2024-03-15', 'bullseye 3.9 debian'],
    ['==3.9.7', '2024-03-15', 'bullseye 3.9.7 managed'],
    ['==3.9.2', '2024-03-15', 'bullseye 3.9 debian'],
    ['==3.10', '2024-03-15', 'bookworm 3.10 managed'],
    ['>=3.10,<3.11,', '2024-03-15', 'bookworm 3.10 managed'],
    ['>=3.10,<3.10.5', '2024-03-15', 'bookworm 3.10.4 managed'],
    ['>=3.12.14,!=3.12.14,<3.13', '2024-03-15', 'bookworm 3.12.15 managed'],
    ['==3.12.15', '2024-03-15', 'bookworm 3.12.15 managed'],
    ['<=3.11', '2024-03-15', 'bookworm 3.10 managed'],
    ['>=3.12.1', '2025-09-01', 'trixie 3.13 debian'],
  ])('%s is held down to the patch release, as of %s', async (bounds, day, expected) => {
    expect(await choose(day, requires(bounds))).toBe(expected);
  });

  test.each([
    ['==3.9.7', '2024-03-15', 'bullseye 3.9 debian python-bounds'],
    ['>=3.11.4,<3.12', '2025-09-01', 'bookworm 3.11 debian python-bounds'],
    ['>=3.11.4', '2024-03-15', 'trixie 3.13 debian'],
    ['==3.10.*', '2022-05-10', 'bullseye 3.9 debian python-bounds'],
    ['==3.10.*', '2024-03-15', 'bookworm 3.11 debian python-bounds'],
    ['>=3.5,<3.6', '2024-03-15', 'bullseye 3.9 debian channel-unreached python-bounds'],
    ['>=2.7,<3', '2024-03-15', 'bullseye 3.9 debian channel-unreached python-bounds'],
    ['>=3.15', '2024-03-15', 'trixie 3.13 debian python-bounds'],
    ['>=4', '2024-03-15', 'bookworm 3.11 debian python-bounds'],
    ['>=3.11.4,!=3.11.5,<3.11.7', '2022-05-10', 'bookworm 3.11 debian python-bounds'],
    ['no bounds', '2024-03-15', 'bookworm 3.11 debian python-bounds'],
  ])('%s without managed Pythons takes what is nearest to the bounds, as of %s', async (bounds, day, expected) => {
    expect(await choose(day, requires(bounds), debian)).toBe(expected);
  });

  test('bounds choose the patch release of an explicit version that names none', async () => {
    const both = (value: string, bounds: string) => ({ ...version(value), ...requires(bounds) });
    expect(await choose('2024-03-15', both('3.11', '>=3.11.4'))).toBe('bookworm 3.11.15 managed');
    expect(await choose('2024-03-15', both('3.11', '>=3.8'))).toBe('bookworm 3.11 debian');
    expect(await choose('2024-03-15', both('3.10', '==3.10.4'))).toBe('bookworm 3.10.4 managed');
    expect(await choose('2024-03-15', both('3.11.2', '>=3.11.4'))).toBe('bookworm 3.11 debian');
    expect(await choose('2024-03-15', both('3.11', '>=3.12'))).toBe('bookworm 3.11 debian');
    expect(await choose('2024-03-15', both('3.11', '>=3.11.4'), debian)).toBe('bookworm 3.11 debian');
  });

  test('pins decide between minor versions, and bounds on the patch release of theirs', async () => {
    const rank: RankPythons = async (_pins, candidates) => ({ python: candidates[0] ?? '', notices: [] });
    const wish = { ...requires('>=3.9.5'), pins: [{ name: 'numpy', version: '1.21.0', file: 'requirements.txt' }] };
    expect(await choose('2024-03-15', wish, any, rank)).toBe('bullseye 3.9.25 managed');
  });

  test('pins decide among those that fit', async () => {
    const seen: string[][] = [];
    const rank: RankPythons = async (pins, candidates, preferred) => {
      seen.push([pins[0]?.name ?? '', candidates.join(), preferred]);
      return { python: '3.8', notices: [] };
    };
    const wish = { pins: [{ name: 'numpy', version: '1.15.0', file: 'requirements.txt' }] };
    expect(await choose('2022-05-10', wish, any, rank)).toBe('bullseye 3.8 managed');
    expect(seen).toEqual([['numpy', '3.8,3.9,3.10,3.11,3.12,3.13,3.14', '3.9']]);
  });
});
