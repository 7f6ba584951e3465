/**
 * Set-up of the lanes that use the engine: the base of each suite is there before the first test. On a new machine they take minutes,
 * which no test is to spend in place of its own time.
 */
import { plain } from './builds.ts';
import { openWorld } from './world.ts';

/** A day of each era. */
const DAYS = ['2022-05-10', '2024-05-10', '2025-10-10'];

export default async function setUp(): Promise<void> {
  const world = await openWorld();
  try {
    for (const day of DAYS) {
      const commits = plain('base').map((commit) => ({ ...commit, date: day }));
      const { url } = await world.repo(`base-${day}`, commits);
      await world.build([url]);
    }
  } finally {
    await world.close();
  }
}
