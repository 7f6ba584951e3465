import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fetchingForFile } from '../support/fetching.ts';

const world = fetchingForFile();

describe('history', () => {
  test('tells when files and when anything was last touched', async () => {
    await world.repo('org/dated', [
      { date: '2019-01-01T10:00:00Z', files: { 'requirements.txt': 'a', 'binder/apt.txt': 'x', 'a.ipynb': '1' } },
      { date: '2020-01-01T10:00:00Z', files: { 'binder/apt.txt': 'y' } },
      { date: '2020-06-01T10:00:00Z', branch: 'side', from: 'main', files: { 'requirements.txt': 'b' } },
      { date: '2021-01-01T10:00:00Z', files: { 'README.md': 'x' } },
      { date: '2021-06-01T10:00:00Z', merge: ['side'], files: { 'requirements.txt': 'b' } },
      { date: '2022-01-01T10:00:00Z', message: 'rebuild, please' },
      { date: '2023-01-01T10:00:00Z', files: { 'README.md': 'y' } },
    ]);
    const { history, ...checkout } = await world.fetch('org/dated');
    expect(await history.lastTouched(['binder'])).toEqual(new Date('2020-01-01T10:00:00Z'));
    expect(await history.lastTouched(['requirements.txt'])).toEqual(new Date('2021-06-01T10:00:00Z'));
    expect(await history.lastTouched(['none'])).toBeUndefined();
    expect(await history.lastWhere((paths) => paths.length === 0)).toEqual(new Date('2022-01-01T10:00:00Z'));
    expect(await history.lastWhere((paths) => paths.includes('a.ipynb'))).toEqual(new Date('2019-01-01T10:00:00Z'));
    expect(await history.lastWhere(() => false)).toBeUndefined();
    // The look, the commit and the history, however much is asked.
    expect(world.server.requests.filter((request) => request.startsWith('POST'))).toHaveLength(3);
    await checkout.dispose();
    expect(await world.left()).toEqual([]);
  });

  test('is the same beyond the newest commits, which are looked at first', async () => {
    await world.repo('org/long', [
      { date: '2018-01-01', files: { 'requirements.txt': 'a', 'binder/apt.txt': 'x' } },
      { date: '2018-02-01', files: { 'binder/apt.txt': 'y' } },
      ...Array.from({ length: 70 }, (_, index) => ({ date: '2019-01-01', files: { 'README.md': `${index}` } })),
    ]);
    const checkout = await world.fetch('org/long');
    expect(await checkout.history.lastTouched(['requirements.txt'])).toEqual(new Date('2018-01-01'));
    expect(await checkout.history.lastTouched(['binder'])).toEqual(new Date('2018-02-01'));
    expect(await checkout.history.lastWhere((paths) => paths.includes('binder/apt.txt'))).toEqual(
      new Date('2018-02-01'),
    );
    await checkout.dispose();
  });

  test('that is under way when nobody wants it is stopped', async () => {
    const long = Array.from({ length: 20 }, () => ({
      date: '2019-01-01',
      message: randomBytes(1_000_000).toString('hex'),
    }));
    await world.repo('org/wordy', [...long, { date: '2020-01-01', files: { a: '1' } }]);
    const checkout = await world.fetch('org/wordy');
    const started = Date.now();
    await checkout.dispose();
    expect(Date.now() - started).toBeLessThan(5000);
    expect(await world.left()).toEqual([]);
    await expect(checkout.history.lastTouched(['a'])).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('survives dates that cannot be', async () => {
    await world.repo('org/odd-dates', [
      { date: '1970-01-01T00:00:00Z', files: { a: '1' } },
      { date: '2099-12-31T00:00:00Z', files: { b: '1' } },
    ]);
    const checkout = await world.fetch('org/odd-dates');
    expect(checkout.commitDate).toEqual(new Date('2099-12-31'));
    expect(await checkout.history.lastTouched(['a'])).toEqual(new Date(0));
    await checkout.dispose();
  });
});
