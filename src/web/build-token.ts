/** Build tokens: signed and short-lived, they tell launches from our own pages from those of scripts. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Service } from '../service/service.ts';

const LIFE = 2 * 3_600_000;
/** Tokens of the same spec are the same for so long, and with them the bytes of its page. */
export const SAME_FOR = 10 * 60_000;

/** In place of a spec: good for previews of any repository, and for no launch. */
export const PREVIEWS = 'previews';

export class BuildTokens {
  readonly #secret: Buffer;

  private constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** All web processes of a Redis sign with one secret, which whoever comes first makes. */
  static async open({ client, prefix }: Service['redis']): Promise<BuildTokens> {
    const key = `${prefix}:build-token-secret`;
    await client.set(key, randomBytes(32).toString('base64'), 'NX');
    return new BuildTokens(Buffer.from((await client.get(key)) ?? '', 'base64'));
  }

  /** @param spec what may be launched with it: the `repo` of the request */
  issue(spec: string, now = Date.now()): string {
    const expires = (Math.floor(now / SAME_FOR) * SAME_FOR + LIFE).toString(36);
    return `${expires}.${this.#sign(spec, expires)}`;
  }

  isValid(token: string | undefined, spec: string, now = Date.now()): boolean {
    const [expires = '', signature = ''] = token?.split('.') ?? [];
    if (!(Number.parseInt(expires, 36) > now)) return false;
    const [given, own] = [Buffer.from(signature), Buffer.from(this.#sign(spec, expires))];
    return given.length === own.length && timingSafeEqual(given, own);
  }

  #sign(spec: string, expires: string): string {
    return createHmac('sha256', this.#secret).update(`${expires}\n${spec}`).digest('base64url');
  }
}
