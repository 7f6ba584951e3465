/** Waiting until a session's server answers. */
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Close together at first, since a warm server is there within a second; then further apart. */
function pause(elapsed: number): number {
  return elapsed < 3000 ? 20 : 200;
}

function statusOf(url: string, token: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { agent: false, timeout: 1500, signal, headers: { authorization: `token ${token}` } } as const;
    const request = get(url, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
  });
}

/**
 * Asks `<base>api/status` until it answers 200.
 * @param limit milliseconds
 * @returns 'ready', or after the limit the last status that came (undefined: no answer at all)
 */
export async function waitUntilReady(
  base: string,
  token: string,
  limit: number,
  signal: AbortSignal,
): Promise<'ready' | number | undefined> {
  const started = performance.now();
  let last: number | undefined;
  for (;;) {
    const status = await statusOf(`${base}api/status`, token, signal);
    signal.throwIfAborted();
    if (status === 200) return 'ready';
    last = status ?? last;
    const elapsed = performance.now() - started;
    if (elapsed > limit) return last;
    await sleep(pause(elapsed), undefined, { signal });
  }
}
