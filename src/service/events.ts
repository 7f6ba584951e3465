/** What the service's streams say: names of journals, and how lines of a log become few entries. */
import type { JournalWriter } from '../queue/journal.ts';
import type { SlipwayEvent } from '../types.ts';
import type { Context } from './context.ts';

export const journalOf = {
  launch: (id: string) => `launch-${id}`,
  build: (id: string) => `build-${id}`,
  tier: (id: string) => `tier-${id}`,
  attempt: (id: string) => `attempt-${id}`,
};

/** Characters that one entry of a log may have. */
const LONGEST_ENTRY = 16 * 1024;

/** Two lines of a build's output as one entry, each ending as lines do. */
export function mergeLines(earlier: object, later: object): object | undefined {
  const [one, other] = [earlier as SlipwayEvent, later as SlipwayEvent];
  if (one.phase !== 'building' || other.phase !== 'building' || one.step || other.step) return undefined;
  const message = one.message + other.message;
  return message.length > LONGEST_ENTRY ? undefined : { phase: 'building', message };
}

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
      return;
    } catch (error) {
      if (!writer.lost.aborted || tries === 0) throw error;
    }
  }
}
