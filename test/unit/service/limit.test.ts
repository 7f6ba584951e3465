/** So much at once: in order, and everybody in turn. */
import { expect, it } from 'vitest';
import { createLimit } from '../../../src/service/limit.ts';

/** Runs work of these owners, one at a time and in the order given, and tells in which order it was done. */
async function orderOf(owners: string[]): Promise<string> {
  const limit = createLimit(1);
  const done: string[] = [];
  const work = (whose: string) => async () => {
    await new Promise((resolve) => setImmediate(resolve));
    done.push(whose);
  };
  await Promise.all(owners.map((whose) => limit(work(whose), whose)));
  return done.join('');
}

it('keeps the order of those who do not say who they are', async () => {
  const limit = createLimit(2);
  const done: number[] = [];
  await Promise.all([1, 2, 3, 4, 5].map((number) => limit(async () => done.push(number))));
  expect(done).toEqual([1, 2, 3, 4, 5]);
});

it('lets nobody wait behind all that another asked for', async () => {
  expect(await orderOf([...'aaaaab'])).toBe('aabaaa');
  expect(await orderOf([...'aaabbbc'])).toBe('aabcabb');
});

it('goes on after work that failed, never more at once', async () => {
  const limit = createLimit(2);
  let [running, most] = [0, 0];
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    throw new Error('no');
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 7 }, (_, index) => limit(work, `${index % 3}`)));
  expect([outcomes.length, most, running]).toEqual([7, 2, 0]);
});
