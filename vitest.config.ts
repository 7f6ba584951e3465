import { defineConfig } from 'vitest/config';

/**
 * What needs no engine or only starts what is built, and so can run beside what builds. Many copies have engines of their own;
 * plain `docker build` goes by the engine's old builder, and past our firewall.
 */
const APART = [
  'test/e2e/{pages,launch-page,strangers}.test.ts',
  'test/integration/{queue,many}/*.test.ts',
  'test/integration/hub/*.test.ts',
  'test/integration/{doctor,fetch*,index,build-again,prune,repo2docker}.test.ts',
  'test/integration/hostile/{repositories,addresses}.test.ts',
  'test/integration/scenarios/take-home.test.ts',
  'test/integration/publish/{content,login,registry,retention,tiers}.test.ts',
  'test/integration/service/{launch,shared}.test.ts',
  'test/integration/sessions/{life,proxy}.test.ts',
  'test/integration/web/{routes,slow-clients}.test.ts',
];

/** Repositories that are built whole: they share with the rest what users do, the engine. */
const BUILT = ['test/integration/{scenarios,era}/*.test.ts', 'test/integration/fixtures.test.ts'];

/**
 * What changes or uses up what all builds and sessions of a machine share, its limits, its firewall's rate and proxies, a
 * disk that moves a gigabyte; and what says in milliseconds how soon something is.
 */
const ALONE = [
  'test/integration/{build,build-drafts,build-firewall,hostile/builds,faults/engine,sessions/limits,sessions/conda,sessions/network}.test.ts',
  'test/integration/queue/{jobs,journal,locality}.test.ts',
];

const engine = { globalSetup: 'test/support/bases.ts', fileParallelism: false };
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
          ...engine,
          ...slow,
        },
      },
      { test: { name: 'built', include: BUILT, exclude: APART, ...engine, ...slow } },
      { test: { name: 'alone', include: ALONE, ...engine, ...slow } },
      { test: { name: 'apart', include: APART, exclude: ALONE, fileParallelism: false, ...slow } },
    ],
  },
});
