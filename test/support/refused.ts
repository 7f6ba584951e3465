/** Asserts that input is refused: a stable code, its exit code, nothing run, nothing left behind, no secret said. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import type { FileSpec } from './repo.ts';
import type { World } from './world.ts';

/** May stand in any input; must stand in no output. */
export const SECRET = 'hunter2-very-secret';

/** Day of commits whose day does not matter. */
export const DAY = '2024-03-10';

/** A file that appears when something of the input was run by a shell. */
export function canary(world: World): string {
  return join(world.data, 'canary');
}

/** Runs `slipway build --json <args>`, which has to fail with this code. */
export async function refused(
  world: World,
  args: string[],
  code: ErrorCode,
  settings?: Record<string, string>,
): Promise<{ message: string; hint?: string }> {
  const failed = await world.fail(['build', '--json', ...args], settings);
  const said = failed.run.stdout + failed.run.stderr;
  expect(failed.code, said).toBe(code);
  expect(failed.run.exitCode).toBe(ERRORS[code].exit);
  expect(said).not.toContain(SECRET);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  expect(said).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
  expect(existsSync(canary(world))).toBe(false);
  return failed;
}

/** The same for a repository that holds these files. */
export async function refusedFiles(
  world: World,
  name: string,
  files: Record<string, FileSpec>,
  code: ErrorCode,
): Promise<{ message: string; hint?: string }> {
  const { url } = await world.repo(name, [{ date: DAY, files }]);
  return refused(world, [url], code);
}
