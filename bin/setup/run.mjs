/** Programs that set-up runs. */
import { spawn } from 'node:child_process';
import { accessSync, constants as files } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Runs a program to its end, passing signals on.
 * @param stdout 'stderr' for programs of set-up itself, 'inherit' for the one that the user asked for, or an open file
 * @returns its exit code, 128 and the signal's number when a signal ended it, 127 when there is no such program
 */
export function run(program, args, { stdout = 'stderr', env = process.env, cwd = ROOT } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', stdout === 'stderr' ? 2 : stdout, 'inherit'] });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // A Ctrl-C reaches the child by itself, as it has our terminal; the others have to be handed on.
  const listeners = signals.map((name) => [name, () => name === 'SIGINT' || child.kill(name)]);
  for (const [name, listener] of listeners) process.on(name, listener);
  return new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (code, signal) => {
      for (const [name, listener] of listeners) process.off(name, listener);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

/** Whether a program is on the PATH, or where root's programs usually are. */
export function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), files.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
