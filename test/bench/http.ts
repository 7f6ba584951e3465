/**
 * Requests over plain sockets. The machine may have two cores, and the service wants one: a client that parses what it
 * does not look at would be measured too.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What every one of our requests is about. */
export interface Target {
  /** `http://127.0.0.1:<port>/…` */
  url: string;
  headers?: Record<string, string>;
}

const HEAD_END = '\r\n\r\n';

/** @param version 1.0 gets a body as it is, not in chunks */
export function requestOf({ url, headers = {} }: Target, version: '1.0' | '1.1' = '1.1'): string {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`GET ${pathname}${search} HTTP/${version}`, ...lines].join('\r\n') + HEAD_END;
}

/** A connection to a server of this machine; a broken one is noticed by what it does not say. */
export async function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  if (hostname !== '127.0.0.1') throw new Error(`${hostname} is not this machine`);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Follows an answer until it has said `wanted`, on a connection that is there; all it said by then. */
export function heard(socket: Socket, target: Target, wanted: string, limit = 120_000): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (why: string) => reject(new Error(`${target.url}: ${why}; it said:\n${text.slice(-2000)}`));
    const timer = setTimeout(() => fail(`no ${wanted} within ${limit} ms`), limit);
    socket.on('data', (chunk) => {
      text += chunk;
      if (!text.includes(wanted)) return;
      clearTimeout(timer);
      resolve(text);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      fail('the connection was closed');
    });
    socket.write(requestOf(target));
  });
}

export interface Load {
  /** Requests in a second. */
  rate: number;
  /** Milliseconds. */
  p99: number;
}

/** As many requests one after the other on each of some connections as go into the time. All answers are of one length. */
export async function load(target: Target, connections: number, duration: number): Promise<Load> {
  const request = requestOf(target);
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(target.url)));
  try {
    const length = await answerLength(sockets[0] as Socket, target);
    const times: number[] = [];
    const end = performance.now() + duration;
    await Promise.all(sockets.map((socket) => askAgain(socket, request, length, end, times)));
    return { rate: (times.length / duration) * 1000, p99: percentile(times, 0.99) };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Bytes of a good answer, head and all. */
async function answerLength(socket: Socket, target: Target): Promise<number> {
  socket.write(requestOf(target));
  let text = '';
  while (!text.includes(HEAD_END)) text += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1');
  const head = text.indexOf(HEAD_END) + HEAD_END.length;
  const body = /^content-length: (\d+)\r$/im.exec(text)?.[1];
  if (!text.startsWith('HTTP/1.1 200 ') || body === undefined) throw new Error(`${target.url}: ${text.slice(0, head)}`);
  const length = head + Number(body);
  while (text.length < length) text += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1');
  return length;
}

function askAgain(socket: Socket, request: string, length: number, end: number, times: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let [left, sent] = [length, performance.now()];
    socket.once('close', () => reject(new Error('a connection was closed')));
    socket.on('data', (chunk) => {
      left -= chunk.length;
      if (left > 0) return;
      // Whatever is not of this length is not the answer that was asked for.
      if (left < 0) return reject(new Error(`an answer had ${-left} bytes too many`));
      const now = performance.now();
      times.push(now - sent);
      if (now >= end) return resolve();
      [left, sent] = [length, now];
      socket.write(request);
    });
    socket.write(request);
  });
}

/** Of a list that may be long; NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
