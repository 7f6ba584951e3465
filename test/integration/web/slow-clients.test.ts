/** Clients that hold on to a connection and say next to nothing. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openServed, type Served } from '../../support/served.ts';

let served: Served;

beforeAll(async () => {
  served = await openServed();
  await served.serve();
});
afterAll(() => served?.close());

it('a client that says little of a request is let go, and of a body', async () => {
  const { hostname, port } = new URL(served.url);
  const answers = await Promise.all(
    [
      'GET / HTTP/1.1\r\nHost: x\r\nX-Slow',
      'POST /api/v1/launches HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    ].map(
      (begin) =>
        new Promise<string>((resolve) => {
          let text = '';
          const socket = connect(Number(port), hostname, () => socket.write(begin));
          socket.on('data', (chunk) => {
            text += chunk;
          });
          socket.on('close', () => resolve(text));
        }),
    ),
  );
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
}, 90_000);
