/** Waiting until a session's server answers. */
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTarget, type SessionTarget } from '../session-target.ts';

/** Close together at first, since a warm server is there within a second; then further apart. */
function pause(elapsed: number): number {
  return elapsed < 3000 ? 20 : 200;
}

/** A session's server, and what it wants to see. */
export interface Server {
  target: SessionTarget;
  /** Ends in `/`. */
  path: string;
  token: string;
}

/** Asks a session's server; its answer as text, undefined when none comes. At most 64 KiB are read. */
export function ask(
  { target, path, token }: Server,
  what: string,
  signal: AbortSignal,
  method = 'GET',
): Promise<{ status: number; text: string } | undefined> {
  const options = {
    createConnection: () => connectTarget(target),
    method,
    path: `${path}${what}`,
    timeout: 1500,
    signal,
    headers: { host: 'localhost', authorization: `token ${token}` },
  };
  return new Promise((resolve) => {
    const request = httpRequest(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 65_536) request.destroy();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
    request.end();
  });
}

/**
 * Asks `<path>api/status` until it answers 200.
 * @param limit milliseconds
 * @returns 'ready', or after the limit the last status that came (undefined: no answer at all)
 */
export async function waitUntilReady(
  server: Server,
  limit: number,
  signal: AbortSignal,
): Promise<'ready' | number | undefined> {
  const started = performance.now();
  let last: number | undefined;
  for (;;) {
    const status = (await ask(server, 'api/status', signal))?.status;
    signal.throwIfAborted();
    if (status === 200) return 'ready';
    last = status ?? last;
    const elapsed = performance.now() - started;
    if (elapsed > limit) return last;
    await sleep(pause(elapsed), undefined, { signal });
  }
}
