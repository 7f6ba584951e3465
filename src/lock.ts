/** A lock between processes of one machine that the kernel releases when its holder dies. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks, each longer than the one before: some locks are held for a moment, some for an hour. */
const PAUSE = { first: 5, longest: 200 };

/**
 * Runs `work` while nobody else holds the lock of this name; waits as long as it takes, or until `signal`.
 * An abstract socket of Linux is bound by one process at a time, has no file that could go stale, and ends with it.
 * @param waiting called once when somebody else has it
 */
export async function withLock<T>(
  name: string,
  signal: AbortSignal,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  let server = await tryLock(name);
  if (!server) waiting();
  for (let pause = PAUSE.first; !server; pause = Math.min(2 * pause, PAUSE.longest)) {
    await sleep(pause, undefined, { signal });
    server = await tryLock(name);
  }
  const held = server;
  try {
    return await work();
  } finally {
    await new Promise((resolve) => held.close(resolve));
  }
}

function tryLock(name: string): Promise<Server | undefined> {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(`\0slipway-${digest}`, () => resolve(server));
  });
}
