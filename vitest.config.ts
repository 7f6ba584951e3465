import { defineConfig } from 'vitest/config';

/** What needs no engine, and so can run beside what does; nothing in it may build. */
const APART = [
  'test/e2e/{pages,launch-page}.test.ts',
  'test/integration/queue/*.test.ts',
  'test/integration/{fetch*,index,repo2docker}.test.ts',
  'test/integration/hostile/repositories.test.ts',
];

/** Repositories that are built whole: they share with the rest what users do, the engine. */
const BUILT = ['test/integration/{scenarios,era}/*.test.ts', 'test/integration/fixtures.test.ts'];

/**
 * What changes or uses up what all builds and sessions of a machine share, its limits, its firewall's rate and proxies;
 * and what says in milliseconds how soon something is.
 */
const ALONE = [
  'test/integration/{build,hostile/builds,sessions/limits,sessions/conda,sessions/network}.test.ts',
  'test/integration/queue/{jobs,journal,locality}.test.ts',
];

const slow = { testTimeout: 10 * 60_000, hookTimeout: 10 * 60_000, expect: { poll: { timeout: 20_000 } } };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: [...APART, ...BUILT, ...ALONE],
          // One engine and one set of caches: files that build at the same time would measure each other.
          fileParallelism: false,
          ...slow,
        },
      },
      { test: { name: 'built', include: BUILT, fileParallelism: false, ...slow } },
      { test: { name: 'alone', include: ALONE, fileParallelism: false, ...slow } },
      { test: { name: 'apart', include: APART, exclude: ALONE, fileParallelism: false, ...slow } },
    ],
  },
});
