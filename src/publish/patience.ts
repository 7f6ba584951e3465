/** Trying again: a registry that is busy or restarts must not fail a build. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '../errors.ts';
import { retryAfter } from '../retry-after.ts';
import type { Ask, Transport } from './transport.ts';

/** Waits before each further try, in milliseconds, each made up to half as long again. */
const WAITS = [200, 500, 1000, 2000, 4000];
/** A registry may ask for longer waits than ours, but not for any. */
const LONGEST_WAIT = 30_000;

/** What may be tried again. */
export class Passing extends Error {
  /** In milliseconds, when the registry named one. */
  readonly wait: number | undefined;

  constructor(message: string, options: { cause?: unknown; wait?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.wait = options.wait;
  }
}

/**
 * Tries until it works, as long as what is thrown is Passing or a connection that failed.
 * @throws registry_unreachable, registry_failed when it never did
 */
export async function patiently<T>(host: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      const usual = WAITS[tries];
      if (usual === undefined) throw lasting(host, error);
      const asked = error instanceof Passing ? error.wait : undefined;
      const wait = Math.min(LONGEST_WAIT, asked ?? usual * (1 + Math.random() / 2));
      await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof Passing) return true;
  if (error instanceof SlipwayError) return error.code === 'host_unreachable';
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

function lasting(host: string, error: unknown): SlipwayError {
  if (error instanceof Passing)
    return new SlipwayError('registry_failed', `The registry ${host} ${error.message}.`, {
      cause: error,
      hint: 'Look at its log; the same build goes on from here once it answers.',
    });
  const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  const why = cause?.code ?? code ?? message;
  return new SlipwayError('registry_unreachable', `The registry ${host} could not be reached (${why}).`, {
    cause: error,
    hint: 'Check SLIPWAY_REGISTRY, the network, and whether the registry runs.',
  });
}

/** The first answer that is neither 429 nor 5xx. @throws registry_unreachable, registry_failed, registry_untrusted */
export function sendPatiently(transport: Transport, url: URL, ask: Ask): Promise<IncomingMessage> {
  return patiently(url.host, ask.signal, async () => {
    const answer = await transport.send(url, ask);
    await refuseBusy(answer);
    return answer;
  });
}

/** Throws Passing for the answers 429 and 5xx. */
export async function refuseBusy(answer: IncomingMessage): Promise<void> {
  const status = answer.statusCode ?? 0;
  if (status !== 429 && status < 500) return;
  answer.on('error', () => undefined).resume();
  throw new Passing(status === 429 ? 'allows no more requests for now' : `answers ${status}`, {
    wait: waitAsked(answer.headers['retry-after']),
  });
}

function waitAsked(header: string | undefined): number | undefined {
  const wait = retryAfter(header);
  return wait === undefined || Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** A whole body; one that is cut off or larger than `limit` is an error that may pass. */
export async function readBody(answer: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > limit) {
      answer.destroy();
      throw new Passing(`answers with more than ${limit} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

const TRIES = 3;

/** Does whole work anew that a registry broke off for good: one that lost what was half uploaded. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES || !(error instanceof SlipwayError) || error.code !== 'registry_failed') throw error;
    }
  }
}
