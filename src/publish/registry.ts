/** The OCI distribution protocol, as far as we speak it: manifests, blobs, tags. 404 alone means "not there". */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { SlipwayError } from '../errors.ts';
import type { Answer, Exchange } from './exchange.ts';
import { repositoryOf } from './location.ts';
import { ACCEPTED, corrupt, type Descriptor, isDigest, sha256, TYPES } from './manifest.ts';
import { again, Passing, patiently, readBody } from './patience.ts';
import { type Uploaded, upload } from './upload.ts';

const MANIFEST_LIMIT = 4 * 1024 * 1024;
const TAGS_LIMIT = 16 * 1024 * 1024;

export interface StoredManifest {
  bytes: Buffer;
  digest: string;
}

/** What may be done in one registry, until `signal` ends it. Repositories are named without the prefix. */
export class Registry {
  private readonly exchange: Exchange;
  private readonly signal: AbortSignal;

  constructor(exchange: Exchange, signal: AbortSignal) {
    this.exchange = exchange;
    this.signal = signal;
  }

  /** As people and engines write it. */
  imageName(repository: string, tag: string): string {
    return `${this.exchange.host}/${this.full(repository)}:${tag}`;
  }

  /** Whether it answers and lets us in. */
  async ping(): Promise<void> {
    const answer = await this.exchange.ask('', { repository: '', actions: '' }, this.get());
    answer.body.resume();
    if (answer.status !== 200)
      throw new SlipwayError('registry_failed', `${this.exchange.host} is no registry: it answers ${answer.status}.`, {
        hint: 'Check SLIPWAY_REGISTRY.',
      });
  }

  /** The same, and whether it takes a push to `repository`, which leaves nothing there. */
  async check(repository: string): Promise<void> {
    await this.ping();
    const errand = { repository: this.full(repository), actions: 'pull,push' };
    const begun = await this.exchange.ask(`${errand.repository}/blobs/uploads/`, errand, this.post());
    begun.body.resume();
    if (begun.status !== 202) throw await this.exchange.refused(begun, errand);
    await this.cancel(begun, errand);
  }

  /** A manifest by tag or digest; undefined when there is none. @throws registry_corrupt and what any request throws */
  async manifest(repository: string, reference: string): Promise<StoredManifest | undefined> {
    const path = `${this.full(repository)}/manifests/${reference}`;
    return patiently(this.exchange.host, this.signal, async () => {
      const answer = await this.exchange.once(path, this.pull(repository), this.get({ accept: ACCEPTED }));
      const bytes = await readBody(answer.body, MANIFEST_LIMIT);
      if (answer.status === 404) return undefined;
      const digest = sha256(bytes);
      const told = isDigest(reference) ? reference : answer.headers['docker-content-digest'];
      if (isDigest(told) && told !== digest) throw new Passing(`gives another manifest than it says (${told})`);
      return { bytes, digest };
    });
  }

  /** Digest of what a tag names, by one request without a body; undefined when there is none. */
  async hasManifest(repository: string, reference: string): Promise<string | undefined> {
    const path = `${this.full(repository)}/manifests/${reference}`;
    const ask = { ...this.get({ accept: ACCEPTED }), method: 'HEAD' as const };
    const answer = await this.exchange.ask(path, this.pull(repository), ask);
    answer.body.resume();
    if (answer.status === 404) return undefined;
    const digest = answer.headers['docker-content-digest'];
    // Some registries tell it only with the manifest itself.
    return isDigest(digest) ? digest : (await this.manifest(repository, reference))?.digest;
  }

  /** @returns its digest */
  async putManifest(repository: string, reference: string, bytes: Buffer, mediaType: string): Promise<string> {
    await this.put(repository, reference, bytes, mediaType);
    return sha256(bytes);
  }

  private async put(repository: string, reference: string, bytes: Buffer, mediaType: string): Promise<Answer> {
    const errand = { repository: this.full(repository), actions: 'pull,push' };
    const headers = { 'content-type': mediaType };
    const ask = { method: 'PUT' as const, headers, body: bytes, signal: this.signal };
    // A registry that gets the same one twice at once may look at what is written only in part, and refuse it.
    return again(async () => {
      const answer = await this.exchange.ask(`${errand.repository}/manifests/${reference}`, errand, ask);
      if (answer.status !== 201 && answer.status !== 200) throw await this.exchange.refused(answer, errand);
      answer.body.resume();
      return answer;
    });
  }

  /** A manifest with a subject, by its digest. @returns whether the registry itself keeps what refers to what */
  async putReferrer(repository: string, digest: string, bytes: Buffer): Promise<boolean> {
    return (await this.put(repository, digest, bytes, TYPES.manifest)).headers['oci-subject'] !== undefined;
  }

  /** What refers to a manifest; undefined when the registry does not keep that. */
  async referrers(repository: string, digest: string): Promise<Descriptor[] | undefined> {
    const path = `${this.full(repository)}/referrers/${digest}`;
    const answer = await this.exchange.ask(path, this.pull(repository), this.get({ accept: TYPES.index }));
    const body = await readBody(answer.body, MANIFEST_LIMIT);
    if (answer.status !== 200) return undefined;
    return (JSON.parse(body.toString('utf8')) as { manifests?: Descriptor[] }).manifests ?? [];
  }

  /** Deletes a manifest and with it its tags. @returns false when it was not there @throws registry_denied */
  async deleteManifest(repository: string, digest: string): Promise<boolean> {
    const errand = { repository: this.full(repository), actions: 'delete' };
    const ask = { method: 'DELETE' as const, signal: this.signal };
    const answer = await this.exchange.ask(`${errand.repository}/manifests/${digest}`, errand, ask);
    answer.body.resume();
    if (answer.status === 404) return false;
    if (answer.status < 300) return true;
    throw new SlipwayError('registry_denied', `The registry ${this.exchange.host} deletes nothing.`, {
      hint: 'Allow it there (REGISTRY_STORAGE_DELETE_ENABLED=true), or set SLIPWAY_REGISTRY_KEEP=0.',
    });
  }

  /** Every tag of a repository; none when there is no such repository. */
  async tags(repository: string): Promise<string[]> {
    const name = this.full(repository);
    const tags: string[] = [];
    let next: string | URL | undefined = `${name}/tags/list?n=1000`;
    while (next !== undefined) {
      const answer = await this.exchange.ask(next, this.pull(repository), this.get());
      const body = await readBody(answer.body, TAGS_LIMIT);
      if (answer.status === 404) break;
      // null when all of them were deleted.
      const said = JSON.parse(body.toString('utf8')) as { tags?: string[] | null };
      tags.push(...(said.tags ?? []));
      const link = /<([^>]+)>;\s*rel="?next/.exec(String(answer.headers.link ?? ''))?.[1];
      next = link === undefined ? undefined : new URL(link, answer.url);
    }
    return tags;
  }

  /** Whether a repository has a blob. */
  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const ask = { ...this.get(), method: 'HEAD' as const };
    const answer = await this.exchange.ask(`${this.full(repository)}/blobs/${digest}`, this.pull(repository), ask);
    answer.body.resume();
    return answer.status !== 404;
  }

  /** A small blob as a whole. @throws registry_corrupt */
  async blob(repository: string, descriptor: Descriptor, limit = MANIFEST_LIMIT): Promise<Buffer> {
    if (descriptor.size > limit) throw corrupt(repository, `a blob of it has ${descriptor.size} bytes`);
    const chunks: Buffer[] = [];
    for await (const chunk of this.readBlob(repository, descriptor)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /** A blob as a stream. One that is cut off is gone on with; one of other bytes than its digest says ends in an error. */
  readBlob(repository: string, descriptor: Descriptor): Readable {
    return Readable.from(this.pieces(repository, descriptor), { objectMode: false });
  }

  private async *pieces(repository: string, { digest, size }: Descriptor): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    let at = 0;
    for (let cuts = 0; at < size || (size === 0 && cuts === 0); cuts += 1) {
      if (cuts > 20)
        throw new SlipwayError('registry_failed', `The registry ${this.exchange.host} cuts off ${digest}.`);
      const answer = await this.from(repository, digest, at);
      // Without ranges it begins anew.
      let skip = answer.status === 206 ? 0 : at;
      try {
        for await (const piece of answer.body as AsyncIterable<Buffer>) {
          const chunk = piece.subarray(Math.min(skip, piece.length));
          skip -= piece.length - chunk.length;
          if (chunk.length === 0) continue;
          hash.update(chunk);
          at += chunk.length;
          yield chunk;
        }
      } catch (error) {
        if (this.signal.aborted) throw this.signal.reason;
        if (!isCut(error, answer.body)) throw error;
      } finally {
        answer.body.destroy();
      }
    }
    const got = `sha256:${hash.digest('hex')}`;
    if (at !== size || got !== digest) throw corrupt(repository, `it gives other bytes for ${digest}`);
  }

  private async from(repository: string, digest: string, at: number): Promise<Answer> {
    const headers = at === 0 ? {} : { range: `bytes=${at}-` };
    const path = `${this.full(repository)}/blobs/${digest}`;
    const answer = await this.exchange.ask(path, this.pull(repository), this.get(headers));
    if (answer.status === 200 || answer.status === 206) return answer;
    answer.body.resume();
    throw corrupt(repository, `it has lost ${digest}`);
  }

  /** Uploads a blob whose digest nobody knows yet, in chunks that can be sent again. */
  upload(repository: string, source: AsyncIterable<Buffer>): Promise<Uploaded> {
    const errand = { repository: this.full(repository), actions: 'pull,push' };
    return upload(this.exchange, errand, source, this.signal);
  }

  /** Makes a blob of one repository one of another too: mounted, or where the registry does not do that, copied. */
  async copyBlob(repository: string, descriptor: Descriptor, from: string): Promise<void> {
    const errand = { repository: this.full(repository), actions: 'pull,push', from: this.full(from) };
    const query = new URLSearchParams({ mount: descriptor.digest, from: errand.from });
    const answer = await this.exchange.ask(`${errand.repository}/blobs/uploads/?${query}`, errand, this.post());
    answer.body.resume();
    if (answer.status === 201) return;
    if (answer.status !== 202) throw await this.exchange.refused(answer, errand);
    await this.cancel(answer, errand);
    if (await this.hasBlob(repository, descriptor.digest)) return;
    await this.upload(repository, this.readBlob(from, descriptor));
  }

  /** An upload that was begun and is not wanted. Registries drop those by themselves too. */
  private async cancel({ headers, url }: Answer, errand: { repository: string; actions: string }): Promise<void> {
    if (headers.location === undefined) return;
    const ask = { method: 'DELETE' as const, signal: this.signal };
    const answer = await this.exchange.ask(new URL(headers.location, url), errand, ask).catch((error: unknown) => {
      if (this.signal.aborted) throw error;
    });
    answer?.body.resume();
  }

  private full(repository: string): string {
    return repositoryOf(this.exchange.location, repository);
  }

  private pull(repository: string) {
    return { repository: this.full(repository), actions: 'pull' };
  }

  private get(headers: Record<string, string> = {}) {
    return { method: 'GET' as const, headers, signal: this.signal };
  }

  private post() {
    return { method: 'POST' as const, body: '', signal: this.signal };
  }
}

/** A connection that ended in the middle, rather than a reader who stopped. */
function isCut(error: unknown, body: IncomingMessage): boolean {
  return !body.complete && typeof (error as NodeJS.ErrnoException).code === 'string';
}
