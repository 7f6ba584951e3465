/** What the engine tells by itself: that a container of ours has ended. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { INSTANCE_LABEL } from '../instance.ts';

/** Before an engine that is away is asked again. */
const PAUSE = 1000;

/** Follows the engine's events, also those of one that was away in between; see DockerLauncher.watchEnds. */
export async function watchEvents(
  docker: Docker,
  instance: string,
  ended: (name?: string) => void,
): Promise<() => void> {
  const filters = { type: ['container'], event: ['die', 'destroy'], label: [`${INSTANCE_LABEL}=${instance}`] };
  const stopped = new AbortController();
  const open = async () => {
    const options = { filters: JSON.stringify(filters), abortSignal: stopped.signal } as unknown;
    const events = (await docker.getEvents(options as Docker.GetEventsOptions)) as Readable;
    events.on('data', (chunk: Buffer) => {
      for (const [, name] of chunk.toString().matchAll(/"name":"slipway-([a-z0-9-]+)"/g)) ended(name);
    });
    events.on('error', () => {});
    return events;
  };
  let events = await open();
  const follow = async () => {
    while (!stopped.signal.aborted) {
      if (!events.closed) await once(events, 'close').catch(() => undefined);
      // Not at once: whoever closed it may be about to stop this, and an engine takes its time.
      await sleep(PAUSE, undefined, { signal: stopped.signal, ref: false });
      const again = await open().catch(() => undefined);
      if (!again) continue;
      events = again;
      ended();
    }
  };
  follow().catch(() => undefined);
  return () => {
    stopped.abort();
    events.destroy();
  };
}
