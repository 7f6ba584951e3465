/** Marks that tell, after a process has been killed, that what bears them was its own. */
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';

/** `<number>-<start in the kernel's ticks>` of this process, which no later one of the same number has. */
export async function processMark(): Promise<string> {
  return `${process.pid}-${await startOf(process.pid)}`;
}

/** Whether the process of a mark runs, here: see `processPlace`. */
export async function isRunning(mark: string): Promise<boolean> {
  const [pid, start] = mark.split('-');
  return (await startOf(Number(pid))) === start;
}

/**
 * Where marks mean something, as 12 hexadecimal digits: this start of this machine, and the processes that see each other.
 * Undefined without Linux's /proc.
 */
export async function processPlace(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const place = `${boot}${await readlink('/proc/self/ns/pid')}`;
    return createHash('sha256').update(place).digest('hex').slice(0, 12);
  } catch {
    return undefined;
  }
}

async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
