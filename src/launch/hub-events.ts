/** The hub's event stream of a server that starts. */
import type { Readable } from 'node:stream';

/** One event, as far as it matters. */
export interface HubEvent {
  message: string;
  ready: boolean;
  failed: boolean;
}

/** More than any event has. */
const LONGEST = 65_536;

/** Events of a stream; a line that is none is passed over, a stream that breaks off has ended. */
export async function* eventsOf(stream: Readable): AsyncGenerator<HubEvent> {
  let rest = '';
  stream.setEncoding('utf8');
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST) return;
      for (const line of lines) {
        const event = eventOf(line);
        if (event) yield event;
      }
    }
  } catch (error) {
    // Whoever reads asks again, or has had enough.
    if (!(error instanceof Error)) throw error;
  }
}

function eventOf(line: string): HubEvent | undefined {
  if (!line.startsWith('data:')) return undefined;
  try {
    const { message, ready, failed } = JSON.parse(line.slice(5)) as Record<string, unknown>;
    return { message: plain(String(message ?? '')), ready: ready === true, failed: failed === true };
  } catch {
    return undefined;
  }
}

/** One line without anything that steers a terminal or a page's direction. */
function plain(message: string): string {
  return message
    .replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ')
    .trim()
    .slice(0, 1000);
}
