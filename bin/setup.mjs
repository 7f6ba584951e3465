/**
 * Makes a checkout ready, then runs what was asked for. Needs nothing but Node, because it runs before anything is
 * installed; whatever is in place already is skipped within milliseconds. All that it says goes to stderr.
 *
 *   node bin/setup.mjs [--engine] [--redis] [--test [vitest's options]] [--then <command of slipway>]
 */
import { join } from 'node:path';
import { compile } from './setup/compile.mjs';
import { requireNode } from './setup/node.mjs';
import { installPackages } from './setup/packages.mjs';
import { ROOT } from './setup/run.mjs';
import { SetupError, say } from './setup/say.mjs';

function parse(argv) {
  const then = argv.indexOf('--then');
  const own = then < 0 ? argv : argv.slice(0, then);
  const test = own.indexOf('--test');
  return {
    isEngine: own.includes('--engine'),
    isRedis: own.includes('--redis') && !process.env.REDIS_URL,
    test: test < 0 ? undefined : own.slice(test + 1),
    command: then < 0 ? undefined : argv.slice(then + 1),
  };
}

async function run({ isEngine, isRedis, test, command }) {
  requireNode();
  await installPackages();
  await compile();
  if (isEngine) await (await import('./setup/engine.mjs')).requireEngine();
  if (isRedis) await (await import('./setup/redis.mjs')).requireRedis();
  if (test) return (await import('./setup/test.mjs')).runTests(test);
  if (!command) {
    say('Slipway is set up: npm run launch -- <repo>, or bin/slipway --help.');
    return 0;
  }
  // npm runs scripts in the checkout; a folder that was typed is meant from where it was typed.
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  const { load } = await import('./load.cjs');
  return load(join(ROOT, 'dist', 'main.cjs')).main(command);
}

try {
  process.exit(await run(parse(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(`${error.message}`);
  process.exit(error.exit);
}
