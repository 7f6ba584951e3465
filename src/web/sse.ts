/** Event streams: what a journal says → `text/event-stream`, for clients that read fast, slowly or never. */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import { SlipwayError } from '../errors.ts';
import type { Read } from '../service/types.ts';

/** Milliseconds. */
const TIMES = {
  /** All streams are looked at together this often: none has a timer of its own. */
  sweep: 5000,
  /** A stream that was silent for so long gets a comment, before proxies and clients (25 s) give it up. */
  silent: 15_000,
  /** A client that has read nothing for so long is let go; it finds what it missed when it comes back. */
  stalled: 60_000,
};
/** Bytes given to a connection before it has to take them. */
const AT_ONCE = 16 * 1024;
/** Where many listen, each is told less often and more at once: milliseconds between two tellings, per open stream. */
const PACE = 0.1;
const LONGEST_PACE = 250;
/** When clients are to come back: from a stream that was cut off, and from one that is over. */
const RETRY_SOON = 'retry: 1000\n\n';
const RETRY_LATE = 'retry: 3600000\n';

const HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };

/** Whether an entry ends its story. A log line cannot look like one: it stands inside of a JSON string. */
function isEnd({ event, json }: Read): boolean {
  return event === undefined && /^\{"phase":"(?:ready|failed)"/.test(json);
}

function frame(story: string, read: Read): string {
  const name = read.event === undefined ? '' : `event: ${read.event}\n`;
  return `${isEnd(read) ? RETRY_LATE : ''}${name}id: ${story}-${read.n}\ndata: ${read.json}\n\n`;
}

/** A whole stream of one event, for what never became a story. */
export function singleEvent(reply: FastifyReply, data: object): FastifyReply {
  return reply.headers(HEADERS).send(`${RETRY_LATE}data: ${JSON.stringify(data)}\n\n`);
}

/** Place of the last event that a client has of a story, from its `Last-Event-ID`; undefined when it has none. */
export function lastSeen(header: unknown): { story: string; n: number } | undefined {
  const match = /^([0-9A-Za-z]{26,32})-(\d{1,9})$/.exec(String(header ?? ''));
  return match?.[1] === undefined ? undefined : { story: match[1], n: Number(match[2]) };
}

/**
 * What a client misses that has seen entry `n`. Who has seen the end gets it once more: not every client that comes back
 * knows that it has it, and nothing at all would make it come back again and again.
 */
async function* missed(read: (from: number) => AsyncGenerator<Read[]>, n: number): AsyncGenerator<Read[]> {
  for await (const batch of read(n)) {
    const news = batch.filter((entry) => entry.n > n || isEnd(entry));
    if (news.length > 0) yield news;
  }
}

/** One open connection. */
class Stream {
  readonly #raw: ServerResponse;
  readonly #over = new AbortController();
  #wroteAt = performance.now();
  #isBlocked = false;
  #resume = () => {};

  constructor(raw: ServerResponse) {
    this.#raw = raw;
    raw.on('drain', () => this.#resume());
    raw.on('error', () => undefined);
    raw.on('close', () => {
      this.#over.abort();
      this.#resume();
    });
  }

  /** Aborts when the client is gone or let go. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  async #write(text: string): Promise<void> {
    if (this.signal.aborted) return;
    this.#wroteAt = performance.now();
    if (this.#raw.write(text)) return;
    this.#isBlocked = true;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#isBlocked = false;
  }

  /** @param pause called between two batches */
  async send(story: string, batches: AsyncIterable<Read[]>, pause: () => Promise<void> | undefined): Promise<void> {
    for await (const batch of batches) {
      let text = '';
      for (const read of batch) {
        text += frame(story, read);
        if (text.length < AT_ONCE) continue;
        await this.#write(text);
        text = '';
      }
      if (text !== '') await this.#write(text);
      if (this.signal.aborted) return;
      await pause();
    }
    this.#raw.end();
  }

  /** Says that it lives, or lets go of who does not read. */
  look(silent: number, stalled: number): void {
    const silence = performance.now() - this.#wroteAt;
    if (this.#isBlocked && silence > stalled) this.#raw.destroy();
    else if (!this.#isBlocked && silence > silent) void this.#write(':keepalive\n\n');
  }

  /** Ends the connection, not the story: the client is to come back for the rest. */
  cut(): void {
    if (!this.#isBlocked) this.#raw.write(RETRY_SOON);
    this.#over.abort();
    this.#raw.end();
  }
}

/** Every stream that is open in this process. */
export class Streams {
  readonly #open = new Set<Stream>();
  readonly #ofAddress = new Map<string, number>();
  readonly #limit: number;
  readonly #timer: NodeJS.Timeout;
  #next: Promise<void> | undefined;

  /** @param limit streams that one address may have open at once */
  constructor(limit: number, { sweep, silent, stalled } = TIMES) {
    this.#limit = limit;
    this.#timer = setInterval(() => {
      for (const stream of this.#open) stream.look(silent, stalled);
    }, sweep).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  /** Before anything is begun for a client. @throws too_many_streams */
  checkRoom(address: string): void {
    if ((this.#ofAddress.get(address) ?? 0) < this.#limit) return;
    throw new SlipwayError('too_many_streams', 'Too many event streams are open from your address.', {
      hint: 'Close some of the pages that show a launch, then try again.',
    });
  }

  /**
   * Tells a story until it ends or the client is gone.
   * @param story id of the launch or build, which the ids of its events begin with
   * @param seen last entry that the client has, undefined for none
   * @throws too_many_streams, before anything is sent
   */
  async tell(
    reply: FastifyReply,
    address: string,
    { story, seen }: { story: string; seen: number | undefined },
    read: (from: number, signal: AbortSignal) => AsyncGenerator<Read[]>,
  ): Promise<void> {
    this.checkRoom(address);
    reply.hijack();
    reply.raw.writeHead(200, { ...reply.getHeaders(), ...HEADERS } as Record<string, string>);
    reply.raw.flushHeaders();
    const stream = new Stream(reply.raw);
    this.#enter(address, stream);
    try {
      const from = (place: number) => read(place, stream.signal);
      await stream.send(story, seen === undefined ? from(0) : missed(from, seen), () => this.#turn());
    } catch (error) {
      if (!stream.signal.aborted) reply.log.error({ err: error }, 'an event stream broke off');
      stream.cut();
    } finally {
      this.#leave(address, stream);
    }
  }

  /** One timer for all: they wake and write together. */
  #turn(): Promise<void> | undefined {
    const pace = Math.min(LONGEST_PACE, this.#open.size * PACE);
    if (pace < 10) return undefined;
    this.#next ??= sleep(pace).then(() => {
      this.#next = undefined;
    });
    return this.#next;
  }

  #enter(address: string, stream: Stream): void {
    this.#open.add(stream);
    this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
  }

  #leave(address: string, stream: Stream): void {
    this.#open.delete(stream);
    const left = (this.#ofAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#ofAddress.set(address, left);
    else this.#ofAddress.delete(address);
  }

  /** Sends everybody away with a hint to come back soon. */
  close(): void {
    clearInterval(this.#timer);
    for (const stream of this.#open) stream.cut();
  }
}
