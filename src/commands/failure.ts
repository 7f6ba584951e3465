/** How an error ends a command: one of the three places where errors are translated. */
import { SlipwayError, toSlipwayError } from '../errors.ts';
import type { Io } from './command.ts';
import { painter, plainLines } from './text.ts';

/** Whatever was thrown; after an abort its reason, because all that follows from it says less. */
export function translate(thrown: unknown, signal: AbortSignal): SlipwayError {
  if (signal.aborted && signal.reason instanceof SlipwayError) return signal.reason;
  return toSlipwayError(thrown);
}

function stackOf(error: SlipwayError): string[] {
  const { cause } = error;
  return error.code === 'internal' && cause instanceof Error ? plainLines(cause.stack ?? '').slice(1) : [];
}

/**
 * Says what went wrong: for programs as a `failed` event on stdout, for people always on stderr.
 * @returns the exit code
 */
export function report(error: SlipwayError, isJson: boolean, io: Io): number {
  const { code, message, hint } = error;
  if (isJson) {
    const event = { phase: 'failed', message: `${message}\n`, code, ...(hint !== undefined && { hint }) };
    io.stdout.write(`${JSON.stringify(event)}\n`);
  }
  const isTerminal = Boolean((io.stderr as NodeJS.WriteStream).isTTY) && !io.terminal.isDumb;
  const paint = painter(isTerminal && !io.terminal.noColor);
  const isSignal = code === 'interrupted' || code === 'terminated';
  const [first = '', ...rest] = plainLines(message);
  const title = isSignal ? first : `${paint.red('Error')} ${paint.dim(`(${code})`)} ${first}`;
  const lines = [title, ...rest, ...stackOf(error).map(paint.dim)];
  if (hint && !isSignal) lines.push(`${paint.bold('What to do:')} ${plainLines(hint).join('\n')}`);
  io.stderr.write(`${lines.join('\n')}\n`);
  return error.kind.exit;
}
