import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import { beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, compress, sendBody } from '../../../src/web/bytes.ts';

const text = 'A page that says the same again and again. '.repeat(100);
const page = bodyOf(text, 'text/html; charset=utf-8', 'no-cache');
let app: FastifyInstance;

beforeAll(async () => {
  await compress(page, 5);
  app = fastify();
  app.get('/', (request, reply) => sendBody(request, reply, page));
});

const get = (headers: Record<string, string>) => app.inject({ url: '/', headers });

describe('a body that is made once', () => {
  it('is sent as it is, in brotli or in gzip, as the client likes', async () => {
    const plain = await get({});
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body).toBe(text);
    const brotli = await get({ 'accept-encoding': 'gzip, deflate, br' });
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    expect(brotliDecompressSync(brotli.rawPayload).toString()).toBe(text);
    const gzip = await get({ 'accept-encoding': 'br;q=0, gzip' });
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.rawPayload).toString()).toBe(text);
  });

  it('is not sent again to who has it', async () => {
    const { headers } = await get({});
    const again = await get({ 'if-none-match': `W/"other", ${headers.etag}` });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    expect((await get({ 'if-none-match': '"other"' })).statusCode).toBe(200);
  });
});
