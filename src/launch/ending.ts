/** Why a session's container ended. */
import type Docker from 'dockerode';
import { SlipwayError } from '../errors.ts';

const TAIL = 20;
/** Characters of a line that are quoted: one that never ends would fill every record and page that tells of it. */
const LINE = 1000;

/** How a session ended; `stopped` when somebody removed it, in which case nothing else is known. */
export interface SessionEnd {
  stopped: boolean;
  exitCode: number;
  outOfMemory: boolean;
  /** What the session printed last, at most 20 lines of at most 1,000 characters, as it printed them. */
  lastLines: string[];
}

/** The engine's log frames (8 bytes of header: stream, length) joined to text. */
function withoutFrames(log: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    parts.push(log.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The last lines that a container printed, without a token that its server may have printed. */
export async function lastLines(container: Docker.Container, token: string): Promise<string[]> {
  const log = await container.logs({ stdout: true, stderr: true, tail: TAIL, follow: false });
  const text = withoutFrames(log).replaceAll(token === '' ? /$^/g : token, '…');
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-TAIL)
    .map((line) => (line.length > LINE ? `${line.slice(0, LINE)}…` : line));
}

function isGone(error: unknown): boolean {
  const status = (error as { statusCode?: number }).statusCode;
  return status === 404 || status === 409;
}

/** Reads how a container ended, once it did. */
export async function readEnd(container: Docker.Container, token: string): Promise<SessionEnd> {
  try {
    const { State } = await container.inspect();
    // A container that is being removed was stopped by somebody; its exit code says nothing then.
    const stopped = State.Status === 'removing' || State.Dead;
    const lines = stopped ? [] : await lastLines(container, token);
    return { stopped, exitCode: State.ExitCode, outOfMemory: State.OOMKilled, lastLines: lines };
  } catch (error) {
    if (!isGone(error)) throw error;
    return { stopped: true, exitCode: 0, outOfMemory: false, lastLines: [] };
  }
}

/** The error that an ending is, for a session that nobody stopped. */
export function endError(end: SessionEnd): SlipwayError {
  if (end.stopped) {
    return new SlipwayError('session_failed', 'The session was stopped by somebody else.', {
      hint: 'Launch it again.',
    });
  }
  const quoted = end.lastLines.length === 0 ? ' It printed nothing.' : `\n  ${end.lastLines.join('\n  ')}`;
  if (end.outOfMemory) {
    return new SlipwayError('session_out_of_memory', `The session ran out of memory and was stopped.${quoted}`, {
      hint: 'Give sessions more by SLIPWAY_SESSION_MEMORY, or let the notebook load less at once.',
    });
  }
  return new SlipwayError('session_failed', `The session's server ended with exit code ${end.exitCode}.${quoted}`, {
    hint: 'The last lines say why; a start script of the repository runs before the server does.',
  });
}
