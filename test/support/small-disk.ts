/** Disks that are soon full. They need root, as setup has it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/**
 * Mounts one in the place of a folder.
 * @param size as `mount` takes it
 * @returns takes it away again, with all that is on it
 */
export function mountSmallDisk(folder: string, size: string): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=711`, 'slipway-test', folder]);
  return () => {
    execFileSync('umount', [folder]);
  };
}

/** Has temporary files be on one, at `folder`, which is made if need be. @returns unmounts it and puts TMPDIR back */
export function smallTemporaryDisk(folder: string, size: string): () => void {
  const before = process.env.TMPDIR;
  mkdirSync(folder, { recursive: true });
  const unmount = mountSmallDisk(folder, size);
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    unmount();
  };
}
