/** Temporary folders that never outlive us: not on errors, not on signals, not on a crash. */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

// The host is part of the name because containers may share a /tmp but not each other's process numbers.
const PREFIX = `slipway-fetch-${hostname().replace(/[^\w.]/g, '_')}-`;

const folders = new Set<string>();
const running = new Set<AbortController>();
let prepared: Promise<void> | undefined;

/** Makes an empty folder (mode 0700) that is removed at the latest when the process ends. */
export async function makeTempFolder(): Promise<string> {
  prepared ??= prepare();
  await prepared;
  const path = mkdtempSync(join(realpathSync(tmpdir()), `${PREFIX}${process.pid}-`));
  folders.add(path);
  return path;
}

/** Removes one that holds a handful of files: at once, since to wait for each takes longer. */
export function removeFewFiles(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(path);
}

/** Removes a folder that `makeTempFolder` made, whatever is in it. */
export async function removeTempFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(path);
}

/** A controller that also aborts when the process is about to end, so that no child of ours writes on. */
export function trackController(): { controller: AbortController; release(): void } {
  const controller = new AbortController();
  running.add(controller);
  return { controller, release: () => running.delete(controller) };
}

function cleanUp(): void {
  for (const controller of running) controller.abort();
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  folders.clear();
}

/** Cleans up and, where nobody else listens, lets the signal end the process as it would have. */
function onSignal(signal: NodeJS.Signals): void {
  cleanUp();
  if (process.listenerCount(signal) > 1) return;
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}

async function prepare(): Promise<void> {
  process.on('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  mkdirSync(tmpdir(), { recursive: true });
  const names = readdirSync(tmpdir());
  await Promise.all(
    names
      .filter(isStale)
      .map((name) => rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)),
  );
}

/** Left behind by a process of this host that is no more (kill -9, power cut). */
function isStale(name: string): boolean {
  if (!name.startsWith(PREFIX)) return false;
  const pid = Number.parseInt(name.slice(PREFIX.length), 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
