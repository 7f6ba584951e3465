/** What the service's streams say: names of journals, and how several processes write to one. */
import type { JournalWriter } from '../queue/journal.ts';
import type { SlipwayEvent } from '../types.ts';
import type { Context } from './context.ts';

export const journalOf = {
  launch: (id: string) => `launch-${id}`,
  build: (id: string) => `build-${id}`,
  tier: (id: string) => `tier-${id}`,
  attempt: (id: string) => `attempt-${id}`,
};

/** How long streams, launches and what belongs to them can be gone back to after their end, in milliseconds. */
export const KEEP_STREAMS = 24 * 3_600_000;

/** An event as a stream carries it: every message is whole lines. */
export function streamed(event: SlipwayEvent): object {
  return event.message.endsWith('\n') ? event : { ...event, message: `${event.message}\n` };
}

/**
 * Adds to a journal that several processes write to now and then; one that another process takes over meanwhile is
 * taken back, because each stays only for a moment.
 */
export async function addTo(
  { journals }: Pick<Context, 'journals'>,
  id: string,
  add: (writer: JournalWriter) => void,
  close = false,
): Promise<void> {
  for (let tries = 5; ; tries--) {
    const writer = await journals.open(id);
    add(writer);
    try {
      await (close ? writer.close() : writer.flush());
      return writer.release();
    } catch (error) {
      if (!writer.lost.aborted || tries === 0) throw error;
    }
  }
}
