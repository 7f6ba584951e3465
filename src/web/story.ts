/** The end of a launch's story, for who does not follow it: a page without script, a program that asks now and then. */
import type { Service } from '../service/service.ts';
import type { LaunchRecord, Read } from '../service/types.ts';
import type { Over } from './pages/views.ts';

/** A story that has ended is read to its end at once. */
const LONGEST = 10_000;

/** What there is to open. Neither before it is ready, nor of a launch that has no session. */
export interface Entry {
  /** The session's address with path and token. */
  link?: string;
  /** Why there is no session any more. */
  over?: Over;
}

export async function entryOf(service: Service, record: LaunchRecord): Promise<Entry> {
  const { id, state, buildOnly } = record;
  if (state !== 'ready' || buildOnly) return {};
  // An engine or a hub that is away has ended nothing.
  const over = await service.sessions.whyOver(record).catch(() => undefined);
  if (over !== undefined) return { over };
  let last: Read | undefined;
  for await (const batch of service.watch(id, 0, AbortSignal.timeout(LONGEST))) last = batch.at(-1) ?? last;
  const { link } = JSON.parse(last?.json ?? '{}') as { link?: string };
  return link === undefined ? {} : { link };
}
