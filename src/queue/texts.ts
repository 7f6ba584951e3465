/** Long texts by name, compressed, each kept for a while after it was last put or read. */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { RedisLink } from './redis.ts';

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

export interface TextOptions {
  /** Milliseconds. */
  keep: number;
  /** Bytes, compressed, that a text may have. */
  longest: number;
}

export class Texts {
  readonly #redis: RedisLink;
  readonly #name: string;
  readonly #options: TextOptions;

  constructor(redis: RedisLink, name: string, options: TextOptions) {
    this.#redis = redis;
    this.#name = name;
    this.#options = options;
  }

  /** @returns false when the text is too long to be kept */
  async put(id: string, text: string): Promise<boolean> {
    const packed = await pack(text);
    if (packed.length > this.#options.longest) return false;
    await this.#redis.client.set(this.#key(id), packed, 'PX', this.#options.keep);
    return true;
  }

  async get(id: string): Promise<string | undefined> {
    const packed = await this.#redis.client.getexBuffer(this.#key(id), 'PX', this.#options.keep);
    return packed === null ? undefined : (await unpack(packed)).toString('utf8');
  }

  #key(id: string): string {
    return `${this.#redis.prefix}:${this.#name}:${id}`;
  }
}
