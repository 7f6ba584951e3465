/** Stands before a registry and lets some requests go wrong. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: its own answer, a body cut off after so many bytes, or nothing but what is passed on. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Cuts the answer of the registry off after so many bytes. */
  cutAnswer?: number;
  /** Cuts the connection when so many bytes of the request have been passed on. */
  cutRequest?: number;
  /** Changes a byte of the answer's body. */
  corrupt?: boolean;
  /** Passed on, but the answer is lost. */
  loseAnswer?: boolean;
  /** Never passed on and never answered. */
  hold?: boolean;
}

export interface Seen {
  method: string;
  path: string;
  authorization: string | undefined;
}

export interface FaultProxy {
  host: string;
  /** Asked for each request; `seen` has all before it. */
  fault: (request: Seen, seen: readonly Seen[]) => Fault | undefined;
  seen: Seen[];
  close(): void;
}

/** @param target `host:port` of a registry in plain http */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const [hostname, port] = target.split(':');
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    const one: Seen = { method, path: url, authorization: headers.authorization };
    const fault = proxy.fault(one, proxy.seen);
    proxy.seen.push(one);
    if (fault?.hold) return void incoming.resume();
    if (fault?.status !== undefined) {
      incoming.resume().on('end', () => outgoing.writeHead(fault.status ?? 500, fault.headers).end(fault.body ?? ''));
      return;
    }
    const onward = request({ hostname, port, method, path: url, headers });
    onward.on('error', () => outgoing.destroy());
    onward.on('response', (answer) => reply(answer, outgoing, fault));
    pass(incoming, onward, outgoing, fault?.cutRequest);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => undefined,
    seen: [],
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return proxy;
}

function pass(
  incoming: IncomingMessage,
  onward: ReturnType<typeof request>,
  outgoing: ServerResponse,
  cut: number | undefined,
): void {
  let passed = 0;
  incoming.on('data', (chunk: Buffer) => {
    if (cut !== undefined && passed + chunk.length > cut) {
      onward.write(chunk.subarray(0, cut - passed), () => onward.destroy());
      outgoing.destroy();
      return;
    }
    passed += chunk.length;
    onward.write(chunk);
  });
  incoming.on('end', () => onward.end());
}

function reply(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
  if (fault?.loseAnswer) return void answer.resume().on('end', () => outgoing.destroy());
  outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
  let passed = 0;
  answer.on('data', (chunk: Buffer) => {
    if (fault?.corrupt && chunk.length > 0) chunk[0] = (chunk[0] ?? 0) ^ 1;
    const left = fault?.cutAnswer === undefined ? chunk.length : Math.max(0, fault.cutAnswer - passed);
    passed += chunk.length;
    outgoing.write(chunk.subarray(0, left), () => left < chunk.length && outgoing.destroy());
  });
  answer.on('end', () => outgoing.end());
}
