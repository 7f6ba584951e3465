/** Where a session's server answers, and the one way to connect to it. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, Socket } from 'node:net';

/** An address and port of this machine, or a unix socket where sessions have no network at all. */
export type SessionTarget = { host: string; port: number } | { socket: string };

/** Linux' O_PATH: a handle on what stands at a path, without opening it. */
const O_PATH = 0o10000000;

/**
 * Connects; every fault comes as the socket's `error`. What stands at a socket's path is the session's doing, so a link
 * that leads elsewhere (the engine's own socket) is not followed.
 */
export function connectTarget(target: SessionTarget): Socket {
  if ('port' in target) return connect(target);
  try {
    return connectSocket(target.socket);
  } catch (error) {
    const failed = new Socket();
    process.nextTick(() => failed.destroy(error as Error));
    return failed;
  }
}

function connectSocket(path: string): Socket {
  const handle = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(handle).isSocket()) throw new Error(`${path} is no socket`);
    // Through the handle, so that it is the very file that was looked at; connecting to a path happens at once.
    return connect({ path: `/proc/self/fd/${handle}` });
  } finally {
    closeSync(handle);
  }
}
