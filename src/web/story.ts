/** The end of a launch's story, for who does not follow it: a page without script, a program that asks now and then. */
import type { Service } from '../service/service.ts';
import type { LaunchRecord, Read } from '../service/types.ts';

/** A story that has ended is read to its end at once. */
const LONGEST = 10_000;

/** What a browser opens: the session's address with path and token; undefined when there is none. */
export async function linkOf(service: Service, { id, state }: LaunchRecord): Promise<string | undefined> {
  if (state !== 'ready') return undefined;
  let last: Read | undefined;
  for await (const batch of service.watch(id, 0, AbortSignal.timeout(LONGEST))) last = batch.at(-1) ?? last;
  return (JSON.parse(last?.json ?? '{}') as { link?: string }).link;
}
