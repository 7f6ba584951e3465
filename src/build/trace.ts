/** Reads the engine's answer to a BuildKit build: lines of JSON, most of them a protobuf of what changed. */
import { createRequire } from 'node:module';
import type { Type } from 'protobufjs';

export interface Vertex {
  digest: string;
  /** `[stage 2/5] RUN …`, with values of ARG and ENV put in. */
  name: string;
  started: boolean;
  completed: boolean;
  cached: boolean;
  error: string;
}

export interface VertexLog {
  vertex: string;
  bytes: Uint8Array;
}

/** One line of the answer, understood. */
export type BuildMessage =
  | { kind: 'trace'; vertexes: Vertex[]; logs: VertexLog[] }
  | { kind: 'image'; id: string }
  | { kind: 'error'; message: string };

/** The part of `moby.buildkit.v1.StatusResponse` that we read; protobuf skips the fields that are not listed. */
const DESCRIPTOR = {
  nested: {
    Timestamp: { fields: { seconds: { type: 'int64', id: 1 } } },
    Vertex: {
      fields: {
        digest: { type: 'string', id: 1 },
        name: { type: 'string', id: 3 },
        cached: { type: 'bool', id: 4 },
        started: { type: 'Timestamp', id: 5 },
        completed: { type: 'Timestamp', id: 6 },
        error: { type: 'string', id: 7 },
      },
    },
    VertexLog: { fields: { vertex: { type: 'string', id: 1 }, msg: { type: 'bytes', id: 4 } } },
    StatusResponse: {
      fields: {
        vertexes: { rule: 'repeated', type: 'Vertex', id: 1 },
        logs: { rule: 'repeated', type: 'VertexLog', id: 3 },
      },
    },
  },
};

interface RawStatus {
  vertexes: (Omit<Vertex, 'started' | 'completed'> & { started: unknown; completed: unknown })[];
  logs: { vertex: string; msg: Uint8Array }[];
}

let statusType: Type | undefined;

/** Loaded at the first build only: 40 ms that no other command should pay. */
function status(): Type {
  if (!statusType) {
    const require = createRequire(import.meta.url);
    const protobuf = require('protobufjs/light') as typeof import('protobufjs');
    statusType = protobuf.Root.fromJSON(DESCRIPTOR).lookupType('StatusResponse');
  }
  return statusType;
}

/** @param aux base64 of a StatusResponse */
function decodeTrace(aux: string): BuildMessage {
  const raw = status().decode(Buffer.from(aux, 'base64')) as unknown as RawStatus;
  return {
    kind: 'trace',
    vertexes: raw.vertexes.map(({ digest, name, cached, error, started, completed }) => {
      return { digest, name, cached, error, started: Boolean(started), completed: Boolean(completed) };
    }),
    logs: raw.logs.map((log) => ({ vertex: log.vertex, bytes: log.msg })),
  };
}

/** One line of the answer; undefined for lines that say nothing (`stream` of the classic builder). */
export function readMessage(line: string): BuildMessage | undefined {
  const value = JSON.parse(line) as { id?: string; aux?: unknown; error?: string };
  if (value.id === 'moby.buildkit.trace') return decodeTrace(String(value.aux));
  if (value.id === 'moby.image.id') return { kind: 'image', id: (value.aux as { ID: string }).ID };
  if (value.error !== undefined) return { kind: 'error', message: value.error };
  return undefined;
}

/** Each message of the engine's answer as it comes. Ends with the stream; a broken connection is an error. */
export async function* messages(stream: AsyncIterable<Buffer | string>): AsyncGenerator<BuildMessage> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = line.trim() === '' ? undefined : readMessage(line);
      if (message) yield message;
    }
  }
  const last = rest.trim() === '' ? undefined : readMessage(rest);
  if (last) yield last;
}
