/** Bodies that are made once and sent often: with an ETag, and compressed ahead. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

const squeeze = { br: promisify(brotliCompress), gzip: promisify(gzip) };

export interface Body {
  type: string;
  bytes: Buffer;
  etag: string;
  cacheControl: string;
  /** Compressed, as far as that is worth it and done already. */
  encoded: { br?: Buffer; gzip?: Buffer };
}

export function bodyOf(content: string | Buffer, type: string, cacheControl: string): Body {
  const bytes = Buffer.from(content);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { type, bytes, etag, cacheControl, encoded: {} };
}

/** @param quality of brotli: 11 for what is made at start, less for what somebody waits for */
export async function compress({ bytes, encoded }: Body, quality: number): Promise<void> {
  if (bytes.length < 256) return;
  const [br, gz] = await Promise.all([
    squeeze.br(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
    squeeze.gzip(bytes),
  ]);
  if (br.length < bytes.length) encoded.br ??= br;
  if (gz.length < bytes.length) encoded.gzip = gz;
}

/** Answers with a body, or with 304 for who has it. */
export function sendBody(request: FastifyRequest, reply: FastifyReply, body: Body): FastifyReply {
  const { headers } = request;
  reply.headers({ etag: body.etag, 'cache-control': body.cacheControl, vary: 'accept-encoding' });
  if (headers['if-none-match']?.includes(body.etag)) return reply.code(304).send();
  const accepted = headers['accept-encoding'] ?? '';
  const name = (['br', 'gzip'] as const).find((one) => body.encoded[one] && accepts(accepted, one));
  if (name) reply.header('content-encoding', name);
  return reply.header('content-type', body.type).send(name ? body.encoded[name] : body.bytes);
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((part) => {
    const [name, weight] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === encoding && !/^q=0(\.0*)?$/.test(weight ?? '');
  });
}
