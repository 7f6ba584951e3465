/** Uploads of blobs of unknown length: hashed on the way, in chunks that are sent again when a connection breaks. */
import { createHash } from 'node:crypto';
import { SlipwayError } from '../errors.ts';
import { chunked } from './chunks.ts';
import type { Answer, Errand, Exchange } from './exchange.ts';
import { Passing, patiently } from './patience.ts';

/** What was uploaded. */
export interface Uploaded {
  digest: string;
  size: number;
}

/** All of a blob that is in memory at once. */
const CHUNK = 8 * 1024 * 1024;

/** @throws registry_denied, registry_name_refused, registry_failed, registry_unreachable */
export async function upload(
  exchange: Exchange,
  errand: Errand,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<Uploaded> {
  const run = new Upload(exchange, errand, signal);
  const hash = createHash('sha256');
  let size = 0;
  let waiting: Buffer | undefined;
  for await (const chunk of chunked(source, CHUNK)) {
    if (waiting) await run.append(waiting);
    hash.update(chunk);
    size += chunk.length;
    waiting = chunk;
  }
  const digest = `sha256:${hash.digest('hex')}`;
  await run.finish(waiting ?? Buffer.alloc(0), digest);
  return { digest, size };
}

class Upload {
  private readonly exchange: Exchange;
  private readonly errand: Errand;
  private readonly signal: AbortSignal;
  /** Where the next chunk goes; undefined before the first. */
  private next: URL | undefined;
  /** Bytes that the registry has for certain. */
  private sent = 0;

  constructor(exchange: Exchange, errand: Errand, signal: AbortSignal) {
    this.exchange = exchange;
    this.errand = errand;
    this.signal = signal;
  }

  private async begin(): Promise<URL> {
    const ask = { method: 'POST' as const, body: '', signal: this.signal };
    const answer = await this.exchange.ask(`${this.errand.repository}/blobs/uploads/`, this.errand, ask);
    if (answer.status !== 202) throw await this.exchange.refused(answer, this.errand);
    answer.body.resume();
    return this.followed(answer);
  }

  async append(chunk: Buffer): Promise<void> {
    const end = this.sent + chunk.length;
    await this.insist(async () => {
      if (this.sent === end) return;
      const rest = chunk.subarray(chunk.length - (end - this.sent));
      const headers = { 'content-type': 'application/octet-stream', 'content-range': `${this.sent}-${end - 1}` };
      const url = this.next ?? (await this.begin());
      const answer = await this.exchange.once(url, this.errand, { ...this.with(rest, headers), method: 'PATCH' });
      await this.expect(answer, [202, 204]);
      this.next = this.followed(answer);
      this.sent = end;
    });
  }

  /** The last chunk, and what the whole has to be. */
  async finish(chunk: Buffer, digest: string): Promise<void> {
    const end = this.sent + chunk.length;
    await this.insist(async () => {
      const url = new URL(this.next ?? (await this.begin()));
      url.searchParams.set('digest', digest);
      const rest = chunk.subarray(chunk.length - (end - this.sent));
      const range = this.sent === 0 || rest.length === 0 ? {} : { 'content-range': `${this.sent}-${end - 1}` };
      const headers = { 'content-type': 'application/octet-stream', ...range };
      const answer = await this.exchange.once(url, this.errand, { ...this.with(rest, headers), method: 'PUT' });
      await this.expect(answer, [201, 204]);
    }, digest);
  }

  private with(body: Buffer, headers: Record<string, string>) {
    return { body, headers, signal: this.signal };
  }

  /** Tries again from where the registry says that it is; a lost answer may have been a success. */
  private insist(attempt: () => Promise<void>, digest?: string): Promise<void> {
    let isFirst = true;
    return patiently(this.exchange.host, this.signal, async () => {
      if (!isFirst && digest !== undefined && (await this.isThere(digest))) return;
      if (!isFirst) await this.resume();
      isFirst = false;
      await attempt();
    });
  }

  private async isThere(digest: string): Promise<boolean> {
    const ask = { method: 'HEAD' as const, signal: this.signal };
    const answer = await this.exchange.ask(`${this.errand.repository}/blobs/${digest}`, this.errand, ask);
    answer.body.resume();
    return answer.status === 200;
  }

  private async resume(): Promise<void> {
    if (this.next === undefined) return;
    const known = this.sent;
    const answer = await this.exchange.ask(this.next, this.errand, { method: 'GET', signal: this.signal });
    answer.body.resume();
    // An upload that has nothing says 0-0, as one that has a byte does.
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers.range ?? ''))?.[1] ?? Number.NaN);
    const has = last === 0 ? 0 : last + 1;
    if (answer.status >= 300 || Number.isNaN(has) || has < known) {
      if (known > 0) throw this.lost();
      // Nothing was sent but what is at hand still.
      this.next = undefined;
      return;
    }
    this.sent = has;
    this.next = this.followed(answer);
  }

  private async expect(answer: Answer, good: readonly number[]): Promise<void> {
    if (good.includes(answer.status)) {
      answer.body.resume();
      return;
    }
    // 404 and 416: the registry has another idea of how far it is.
    if (answer.status !== 404 && answer.status !== 416) throw await this.exchange.refused(answer, this.errand);
    answer.body.resume();
    throw new Passing(`answers ${answer.status} to an upload`);
  }

  private followed({ headers, url }: Answer): URL {
    if (headers.location === undefined) throw this.lost();
    return new URL(headers.location, url);
  }

  private lost(): SlipwayError {
    return new SlipwayError('registry_failed', `The registry ${this.exchange.host} has lost an upload half-way.`, {
      hint: 'Try again; several copies of a registry need storage and a secret (REGISTRY_HTTP_SECRET) in common.',
    });
  }
}
