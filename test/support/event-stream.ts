/** Reads server-sent events as a browser's EventSource does, and can do what a browser cannot: stop reading, count, come back. */
import { type ClientRequest, get, type IncomingMessage } from 'node:http';

/** One event as it came. */
export interface Heard {
  id: string;
  /** `message` unless it was named. */
  event: string;
  data: Record<string, unknown> & { phase?: string; message?: string; code?: string };
}

export interface EventStream {
  response: IncomingMessage;
  /** Events in order; ends with the stream. */
  events: AsyncGenerator<Heard>;
  close(): void;
}

interface Options {
  lastEventId?: string;
  headers?: Record<string, string>;
}

/** Opens a stream; raises when there is no answer. */
export async function openEvents(url: string, { lastEventId, headers = {} }: Options = {}): Promise<EventStream> {
  const request: ClientRequest = get(url, {
    agent: false,
    headers: {
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...headers,
    },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  request.on('error', () => undefined);
  return { response, events: parse(response), close: () => request.destroy() };
}

async function* parse(response: IncomingMessage): AsyncGenerator<Heard> {
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const heard = eventOf(block);
        if (heard) yield heard;
      }
    }
  } catch (error) {
    // A server that was killed ends a stream like this; what was heard until then counts.
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  }
}

function eventOf(block: string): Heard | undefined {
  const fields = { id: '', event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const [, name, value] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (name === 'data') fields.data += value;
    else if (name === 'id' || name === 'event') fields[name] = value ?? '';
  }
  return fields.data === '' ? undefined : { ...fields, data: JSON.parse(fields.data) };
}

export function isEnd({ event, data }: Heard): boolean {
  return event === 'message' && (data.phase === 'ready' || data.phase === 'failed');
}

interface ListenOptions extends Options {
  /** Milliseconds after which it raises. */
  limit?: number;
  /** Stops after this event. */
  until?(heard: Heard): boolean;
}

/** Everything a stream says until `ready` or `failed` or what is asked for, or until it is broken off. */
export async function listen(url: string, options: ListenOptions = {}): Promise<Heard[]> {
  const { limit = 120_000, until = isEnd } = options;
  const stream = await openEvents(url, options);
  const all: Heard[] = [];
  const timer = setTimeout(() => stream.response.destroy(new Error(`no end within ${limit} ms`)), limit);
  try {
    for await (const heard of stream.events) {
      all.push(heard);
      if (until(heard)) break;
    }
    return all;
  } catch (error) {
    throw new Error(`${(error as Error).message}; heard:\n${all.map((one) => JSON.stringify(one)).join('\n')}`);
  } finally {
    clearTimeout(timer);
    stream.close();
  }
}

/**
 * Follows a launch or build to its end as a browser would, however often the connection is lost: comes back with the
 * last id that it had.
 * @param origin asked for each connection, as the service may be somewhere else by then
 */
export async function follow(
  origin: () => string,
  path: string,
  { limit = 120_000, until = isEnd }: Pick<ListenOptions, 'limit' | 'until'> = {},
): Promise<Heard[]> {
  const all: Heard[] = [];
  const end = Date.now() + limit;
  while (Date.now() < end) {
    const last = all.at(-1)?.id;
    const more = await listen(origin() + path, {
      limit: end - Date.now(),
      until,
      ...(last !== undefined && { lastEventId: last }),
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') return [];
      throw error;
    });
    all.push(...more);
    if (all.some(until)) return all;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no end within ${limit} ms; heard:\n${all.map((one) => JSON.stringify(one)).join('\n')}`);
}

/** Numbers of the events, which have to be 0, 1, 2, … of one story. Raises when one is missing or came twice. */
export function checkNumbers(heard: readonly Heard[], from = 0): string {
  const stories = new Set(heard.map(({ id }) => id.slice(0, id.lastIndexOf('-'))));
  const numbers = heard.map(({ id }) => Number(id.slice(id.lastIndexOf('-') + 1)));
  const wanted = numbers.map((_, index) => from + index);
  if (stories.size !== 1 || JSON.stringify(numbers) !== JSON.stringify(wanted))
    throw new Error(`Events of ${[...stories].join(', ')} have the numbers ${numbers.join(' ')}`);
  return [...stories][0] ?? '';
}

/** BinderHub's phases in order, each once in a row. */
export function phasesOf(heard: readonly Heard[]): string[] {
  const phases = heard.flatMap(({ event, data }) => (event === 'message' && data.phase ? [data.phase] : []));
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}
