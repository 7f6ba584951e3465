/** Opens a session in the user's browser. */
import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Opens the link by way of a file that only this user may read: the token would else stand in the list of processes
 * for everyone on the machine.
 * @returns removes the file again
 */
export async function openBrowser(link: string, id: string, dataFolder: string): Promise<() => Promise<void>> {
  const folder = join(dataFolder, 'open');
  const page = join(folder, `${id}.html`);
  const target = link.replaceAll('&', '&amp;').replaceAll('"', '%22').replaceAll('<', '%3C');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(page, `<!doctype html><meta http-equiv="refresh" content="0; url=${target}">\n`, { mode: 0o600 });
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(program, [pathToFileURL(page).href], { detached: true, stdio: 'ignore' });
  // A machine without xdg-open has the link on its terminal all the same.
  child.on('error', () => undefined);
  child.unref();
  return () => rm(page, { force: true });
}
